"""What is there without having been asked for: instances as the old tool left them."""

from __future__ import annotations

from pathlib import Path

import pytest

from instances.simulator import deployments, repositories
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service
from tests.simulator.conftest import Answer, Client, Json, SteppedClock, http, service_named

HOUR = 3600.0
GRACE = 48 * HOUR
READ = "query($id: String!) { project(id: $id) { name description deletedAt } }"
LIST = """query($workspace: String) {
  projects(workspaceId: $workspace, includeDeleted: true) {
    edges { node { name deletedAt } }
  }
}"""
CHANGE = "mutation($id: String!) {{ {}(id: $id) }}"
REDEPLOY = "mutation($id: String!) { deploymentRedeploy(id: $id) { id } }"
LATEST = """mutation($s: String!, $e: String!) {
  serviceInstanceDeploy(serviceId: $s, environmentId: $e, latestCommit: true)
}"""
SERVICES = """query($id: String!) {
  project(id: $id) {
    createdAt
    services { edges { node { name templateServiceId } } }
    environments { edges { node { serviceInstances { edges { node {
      serviceName source { repo image } latestDeployment { status }
    } } } } } }
  }
}"""


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_instance("acme")


@pytest.fixture
def gateway(project: Project) -> Service:
    return service_named(project, "gateway")


def get(gateway: Service, path: str, key: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return http("GET", f"http://{gateway.domains[0].host}{path}", headers=headers)


def message(gateway: Service, key: str) -> Answer:
    url = f"http://{gateway.domains[0].host}/v1/messages"
    return http("POST", url, {}, {"Authorization": f"Bearer {key}"})


def deleted_at(ask: Client, project: Project) -> Json:
    """Return what the listing with what is deleted says of the project."""
    found = ask(LIST, workspace=project.workspace_id).data["projects"]["edges"]
    [shown] = [edge["node"]["deletedAt"] for edge in found if edge["node"]["name"] == project.name]
    return shown


# One instance.


def test_an_instance_is_a_project_with_three_services_that_have_run_for_an_hour(
    ask: Client, project: Project, clock: SteppedClock
) -> None:
    shown = ask(SERVICES, id=project.id).data["project"]

    templates = {
        edge["node"]["name"]: bool(edge["node"]["templateServiceId"])
        for edge in shown["services"]["edges"]
    }
    assert templates == {"Postgres": True, "Redis": True, "gateway": False}
    [environment] = shown["environments"]["edges"]
    running = [edge["node"] for edge in environment["node"]["serviceInstances"]["edges"]]
    assert {one["latestDeployment"]["status"] for one in running} == {"SUCCESS"}
    assert project.created_at == clock.now() - HOUR
    assert project.description == "Luthien Proxy instance: acme"


def test_it_answers_at_its_address_at_once(gateway: Service) -> None:
    assert get(gateway, "/health").json["status"] == "healthy"
    assert get(gateway, "/ready").status == 200


def test_its_gateway_accepts_its_own_keys_and_no_others(gateway: Service) -> None:
    admin, client = gateway.variables["ADMIN_API_KEY"], gateway.variables["CLIENT_API_KEY"]

    status = get(gateway, "/api/admin/system-status", admin).json

    assert [check["status"] for check in status["checks"].values()] == ["ok", "ok"]
    assert get(gateway, "/api/admin/system-status", client).status == 403
    assert message(gateway, client).status == 500
    assert message(gateway, admin).status == 401


def test_two_instances_share_neither_keys_nor_addresses(
    railway: LocalRailway, gateway: Service
) -> None:
    other = service_named(railway.add_instance("other"), "gateway")

    assert other.variables["ADMIN_API_KEY"] != gateway.variables["ADMIN_API_KEY"]
    assert other.domains[0].host != gateway.domains[0].host
    assert get(other, "/health").status == 200


def test_its_description_and_variables_may_be_given(railway: LocalRailway) -> None:
    project = railway.add_instance("acme", description="", variables={"CLIENT_API_KEY": "given"})

    assert project.description == ""
    assert message(service_named(project, "gateway"), "given").status == 500


def test_without_an_address_it_runs_all_the_same(railway: LocalRailway) -> None:
    project = railway.add_instance("acme", address=False)

    gateway = service_named(project, "gateway")
    assert gateway.domains == []
    assert deployments.live(gateway, railway.world.now()) is gateway.deployments[0]


def test_it_may_be_in_a_workspace_that_is_new(railway: LocalRailway) -> None:
    project = railway.add_instance("acme", workspace="Elsewhere", address=False)

    assert railway.world.workspaces[project.workspace_id].name == "Elsewhere"


def test_it_survives_a_restart_with_its_address(tmp_path: Path) -> None:
    state_file = tmp_path / "state.json"
    with LocalRailway(state_file=state_file) as railway:
        project = railway.add_instance("acme")

    with LocalRailway(state_file=state_file) as railway:
        gateway = service_named(railway.world.projects[project.id], "gateway")
        assert get(gateway, "/health").status == 200


# Many instances.


def test_many_instances_have_no_addresses(railway: LocalRailway) -> None:
    seeded = railway.seed_instances(3, prefix="t-")

    assert [project.name for project in seeded] == ["luthien-t-1", "luthien-t-2", "luthien-t-3"]
    assert set(railway.world.projects) == {project.id for project in seeded}
    assert not any(service_named(project, "gateway").domains for project in seeded)


def test_each_of_many_runs_with_keys_of_its_own(railway: LocalRailway) -> None:
    gateways = [service_named(project, "gateway") for project in railway.seed_instances(3)]

    assert len({gateway.variables["CLIENT_API_KEY"] for gateway in gateways}) == 3
    assert all(deployments.live(gateway, railway.world.now()) for gateway in gateways)


# Behind the app's back.


def test_what_is_edited_is_seen_at_once(
    railway: LocalRailway, ask: Client, project: Project
) -> None:
    railway.edit(project.id, description="tagged")
    railway.edit(project.id, name="luthien-other")

    shown = ask(READ, id=project.id).data["project"]
    assert (shown["name"], shown["description"]) == ("luthien-other", "tagged")


def test_what_has_vanished_leaves_no_trace(
    railway: LocalRailway, ask: Client, project: Project, gateway: Service
) -> None:
    railway.vanish(project.id)

    assert ask(READ, id=project.id).message == "Not Authorized"
    assert ask(LIST, workspace=project.workspace_id).data["projects"]["edges"] == []
    assert get(gateway, "/health").status == 404


# Deleted, in each of the two ways.


def test_a_scheduled_deletion_is_announced_48_hours_ahead_and_can_be_read_until_then(
    ask: Client, project: Project, gateway: Service, clock: SteppedClock
) -> None:
    ask(CHANGE.format("projectScheduleDelete"), id=project.id)

    announced = ask(READ, id=project.id).data["project"]["deletedAt"]
    assert project.deleted_at == clock.now() + GRACE
    assert deleted_at(ask, project) == announced
    assert get(gateway, "/health").status == 404
    clock.step(GRACE - 1)
    assert ask(READ, id=project.id).data["project"]["deletedAt"] == announced
    clock.step(1)
    assert ask(READ, id=project.id).message == "Project not found"


def test_a_scheduled_deletion_that_is_cancelled_leaves_everything_running(
    ask: Client, project: Project, gateway: Service, clock: SteppedClock
) -> None:
    ask(CHANGE.format("projectScheduleDelete"), id=project.id)
    clock.step(GRACE - 1)

    assert ask(CHANGE.format("projectScheduleDeleteCancel"), id=project.id).data

    assert deleted_at(ask, project) is None
    clock.step(GRACE)
    assert get(gateway, "/health").status == 200


@pytest.mark.parametrize("before", [[], ["projectScheduleDelete"]])
@pytest.mark.parametrize("change", ["projectDelete", "projectScheduleDeleteForce"])
def test_a_delete_at_once_cannot_be_read_by_id_and_is_listed_as_deleted_for_48_hours(
    ask: Client, project: Project, clock: SteppedClock, before: list[str], change: str
) -> None:
    answers = [ask(CHANGE.format(name), id=project.id) for name in [*before, change]]

    assert answers[-1].data == {change: True}
    assert ask(READ, id=project.id).message == "Project not found"
    assert project.deleted_at == clock.now()
    assert deleted_at(ask, project) is not None
    clock.step(GRACE)
    assert ask(LIST, workspace=project.workspace_id).data["projects"]["edges"] == []


def test_what_was_deleted_at_once_cannot_be_brought_back(ask: Client, project: Project) -> None:
    ask(CHANGE.format("projectDelete"), id=project.id)

    cancelled = ask(CHANGE.format("projectScheduleDeleteCancel"), id=project.id)

    assert cancelled.message == "Project not found"
    assert project.deleted_at is not None


# Deployed again.


def test_it_can_be_redeployed_and_not_again_until_that_is_built(
    ask: Client, gateway: Service, clock: SteppedClock
) -> None:
    first = ask(REDEPLOY, id=gateway.deployments[-1].id).data["deploymentRedeploy"]["id"]

    refused = ask(REDEPLOY, id=first)

    assert refused.message.startswith("Cannot redeploy yet, please wait")
    assert len(gateway.deployments) == 2
    clock.step(142)
    assert ask(REDEPLOY, id=first).data


def test_it_follows_the_newest_commit(
    railway: LocalRailway, ask: Client, project: Project, gateway: Service, clock: SteppedClock
) -> None:
    pushed = repositories.push(railway.world, repositories.GATEWAY_REPOSITORY)

    ask(LATEST, s=gateway.id, e=project.environment_id)

    assert gateway.deployments[-1].commit == pushed.sha
    assert get(gateway, "/health").status == 200, "the older one serves until the new one can"
    clock.step(142)
    live = deployments.live(gateway, clock.now())
    assert live is gateway.deployments[-1]


def test_what_is_edited_behind_the_apps_back_survives_a_restart(tmp_path: Path) -> None:
    state_file = tmp_path / "state.json"
    with LocalRailway(state_file=state_file) as first:
        project = first.add_instance("acme", address=False)
        first.edit(project.id, description="Demo")

    with LocalRailway(state_file=state_file) as second:
        assert second.world.projects[project.id].description == "Demo"
