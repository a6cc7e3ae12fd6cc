"""The databases: their workflow, their volume's cooldown, their names and variables."""

from typing import Any

import pytest

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Answer, Client, SteppedClock

DETAIL = "query($code: String!) { template(code: $code) { id name serializedConfig } }"
DEPLOY = """mutation($input: TemplateDeployV2Input!) {
  templateDeployV2(input: $input) { projectId workflowId }
}"""
STATUS = "query($id: String!) { workflowStatus(workflowId: $id) { status error } }"
SERVICES = """query($id: String!) {
  project(id: $id) {
    services { edges { node { id name templateServiceId } } }
    volumes { edges { node { name } } }
  }
}"""


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("luthien-acme")


def deploy(ask: Client, project: Project, code: str = "postgres") -> Answer:
    template = ask(DETAIL, code=code).data["template"]
    config = template["serializedConfig"]
    (service,) = config["services"].values()
    for variable in service["variables"].values():
        variable["value"] = variable["defaultValue"]
    wanted = {
        "projectId": project.id,
        "environmentId": project.environment_id,
        "templateId": template["id"],
        "serializedConfig": config,
    }
    return ask(DEPLOY, input=wanted)


def workflow(ask: Client, answer: Answer) -> Any:
    workflow_id = answer.data["templateDeployV2"]["workflowId"]
    return ask(STATUS, id=workflow_id).data["workflowStatus"]


def services(ask: Client, project: Project) -> list[str]:
    found = ask(SERVICES, id=project.id).data["project"]["services"]["edges"]
    return [edge["node"]["name"] for edge in found]


def test_the_workflow_completes_after_8_seconds_and_the_service_is_seen_15_later(
    ask: Client, project: Project, clock: SteppedClock
) -> None:
    deployed = deploy(ask, project)

    clock.step(7)
    assert workflow(ask, deployed) == {"status": "Running", "error": None}
    clock.step(1)
    assert workflow(ask, deployed)["status"] == "Complete"
    assert services(ask, project) == []
    clock.step(15)
    assert services(ask, project) == ["Postgres"]


def test_a_second_volume_in_the_workspace_is_made_15_seconds_after_the_first(
    railway: LocalRailway, ask: Client, project: Project, clock: SteppedClock
) -> None:
    other = railway.add_project("luthien-other")
    assert deploy(ask, project).data
    clock.step(14)

    assert "creating volumes too quickly" in deploy(ask, other, "redis").message
    clock.step(1)
    assert deploy(ask, other, "redis").data


def test_a_second_database_of_a_kind_gets_another_name(
    ask: Client, project: Project, clock: SteppedClock
) -> None:
    deploy(ask, project)
    clock.step(30)
    deploy(ask, project)
    clock.step(30)

    first, second = services(ask, project)

    assert first == "Postgres"
    assert second.startswith("Postgres-")


def test_a_database_has_its_template_its_volume_and_its_address(
    ask: Client, project: Project, clock: SteppedClock
) -> None:
    deploy(ask, project, "redis")
    clock.step(30)

    found = ask(SERVICES, id=project.id).data["project"]
    (service,) = (edge["node"] for edge in found["services"]["edges"])
    variables = """query($p: String!, $e: String!, $s: String!) {
      variables(projectId: $p, environmentId: $e, serviceId: $s)
    }"""
    ids = {"p": project.id, "e": project.environment_id, "s": service["id"]}
    url = ask(variables, **ids).data["variables"]["REDIS_URL"]

    assert service["templateServiceId"]
    assert found["volumes"]["edges"] == [{"node": {"name": "redis-volume"}}]
    assert url.startswith("redis://default:")
    assert url.endswith("@redis.railway.internal:6379")
    assert "${{" not in url


def test_a_failed_workflow_says_why_and_leaves_nothing(
    railway: LocalRailway, ask: Client, project: Project, clock: SteppedClock
) -> None:
    railway.faults.add(Fault("workflow:postgres", "fail", message="volume could not be made"))

    deployed = deploy(ask, project)
    clock.step(30)

    assert workflow(ask, deployed) == {"status": "Error", "error": "volume could not be made"}
    assert services(ask, project) == []


def test_a_hanging_workflow_runs_for_ever(
    railway: LocalRailway, ask: Client, project: Project, clock: SteppedClock
) -> None:
    railway.faults.add(Fault("workflow", "hang"))

    deployed = deploy(ask, project)
    clock.step(3600)

    assert workflow(ask, deployed)["status"] == "Running"
    assert services(ask, project) == []


def test_a_lost_workflow_is_not_found_although_its_service_appears(
    railway: LocalRailway, ask: Client, project: Project, clock: SteppedClock
) -> None:
    railway.faults.add(Fault("workflow", "lost"))

    deployed = deploy(ask, project)
    clock.step(30)

    assert workflow(ask, deployed)["status"] == "NotFound"
    assert services(ask, project) == ["Postgres"]


def test_a_template_is_shown_to_anybody(railway: LocalRailway) -> None:
    stranger = Client(railway, headers={})

    assert stranger(DETAIL, code="postgres").data["template"]["name"] == "PostgreSQL"
    assert stranger("{ apiToken { workspaces { id } } }").message == "Not Authorized"
