"""The control panel does over HTTP what the object does in the same process."""

import threading

import pytest

from instances.simulator import repositories
from instances.simulator.server import LocalRailway
from tests.simulator.conftest import Answer, Client, Json, SteppedClock, eventually, http


def control(railway: LocalRailway, method: str, path: str, body: Json = None) -> Answer:
    return http(method, f"{railway.control_url}/{path}", body)


def test_requests_are_listed_without_secrets_and_forgotten(
    railway: LocalRailway, ask: Client
) -> None:
    project = railway.add_project("a", services=["gateway"])
    (service_id,) = project.services
    write = """mutation Write($input: VariableCollectionUpsertInput!) {
      variableCollectionUpsert(input: $input)
    }"""
    wanted = {
        "projectId": project.id,
        "environmentId": project.environment_id,
        "serviceId": service_id,
        "variables": {"KEY": "s3cret"},
    }
    ask(write, input=wanted)

    (shown,) = control(railway, "GET", "requests").json

    assert shown["operation"] == "variableCollectionUpsert"
    assert shown["variables"]["input"]["variables"] == {"KEY": "***"}
    assert railway.requests[0].variables["input"]["variables"] == {"KEY": "s3cret"}
    assert control(railway, "DELETE", "requests").status == 200
    assert railway.requests == []


def test_faults_are_added_listed_and_cleared(railway: LocalRailway, ask: Client) -> None:
    wanted = {"operation": "me", "action": "error", "message": "no", "times": None}

    assert control(railway, "POST", "faults", wanted).status == 200

    assert ask("{ me { id } }").message == "no"
    (fault,) = control(railway, "GET", "faults").json
    assert fault["operation"] == "me"
    control(railway, "DELETE", "faults")
    assert ask("{ me { id } }").data


def test_a_fault_that_makes_no_sense_is_400(railway: LocalRailway) -> None:
    wrong = [{"operation": "me", "action": "explode"}, {"colour": "red"}]

    answers = [control(railway, "POST", "faults", body) for body in wrong]

    assert [answer.status for answer in answers] == [400, 400]
    assert "explode" in answers[0].json["error"]


def test_held_requests_are_listed_and_released(railway: LocalRailway, ask: Client) -> None:
    control(railway, "POST", "faults", {"operation": "me", "action": "hold"})
    thread = threading.Thread(target=lambda: ask("{ me { id } }"), daemon=True)
    thread.start()

    (held,) = eventually(lambda: control(railway, "GET", "held").json)

    assert held["operation"] == "me"
    assert control(railway, "POST", "held/release", {"id": held["id"]}).json == 1
    thread.join(5)
    assert not thread.is_alive()
    assert control(railway, "POST", "held/drop", {}).json == 0


def test_projects_are_seeded_added_and_edited_behind_the_apps_back(
    railway: LocalRailway,
) -> None:
    assert len(control(railway, "POST", "seed", {"count": 3, "prefix": "x-"}).json) == 3
    made = control(railway, "POST", "project", {"name": "a", "services": ["gateway"]}).json

    edit = {"project": made["id"], "description": "changed", "name": "b"}
    assert control(railway, "POST", "edit", edit).status == 200

    project = railway.world.projects[made["id"]]
    assert (project.name, project.description) == ("b", "changed")
    shown = control(railway, "GET", "state").json["projects"]
    assert [one["name"] for one in shown] == ["x-1", "x-2", "x-3", "b"]
    assert shown[-1]["services"][0]["name"] == "gateway"


def test_an_instance_is_added_with_a_gateway_that_answers(railway: LocalRailway) -> None:
    wanted = {"name": "acme", "variables": {"ADMIN_API_KEY": "admin"}, "description": "Demo"}

    made = control(railway, "POST", "instance", wanted).json

    assert (made["name"], made["description"]) == ("luthien-acme", "Demo")
    [gateway] = [service for service in made["services"] if service["name"] == "gateway"]
    assert "ADMIN_API_KEY" in gateway["variables"]
    url = f"http://{gateway['domains'][0]}/api/admin/system-status"
    assert http("GET", url, headers={"Authorization": "Bearer admin"}).status == 200


def test_an_instance_may_be_added_without_an_address(railway: LocalRailway) -> None:
    made = control(railway, "POST", "instance", {"name": "acme", "address": False}).json

    assert [service["domains"] for service in made["services"]] == [[], [], []]


def test_many_instances_are_seeded(railway: LocalRailway) -> None:
    ids = control(railway, "POST", "seed/instances", {"count": 3, "prefix": "t-"}).json

    assert [railway.world.projects[one].name for one in ids] == [
        "luthien-t-1",
        "luthien-t-2",
        "luthien-t-3",
    ]


def test_a_project_is_deleted_and_restored_behind_the_apps_back(
    railway: LocalRailway, clock: SteppedClock
) -> None:
    project = railway.add_instance("acme", address=False)

    def edit(**wanted: Json) -> Json:
        answer = control(railway, "POST", "edit", {"project": project.id, **wanted})
        return answer.json["deletedAt"]

    assert edit(scheduleDelete=True) == clock.now() + 48 * 3600
    assert edit(restore=True) is None
    assert edit(delete=True) == clock.now()


def test_a_project_is_found_by_its_name_too(railway: LocalRailway) -> None:
    project = railway.add_instance("acme", address=False)

    control(railway, "POST", "edit", {"project": "luthien-acme", "description": "Demo"})

    assert project.description == "Demo"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("instance", {}),
        ("instance", {"name": "acme", "colour": "red"}),
        ("seed/instances", {"prefix": "t-"}),
        ("seed/instances", {"count": "many"}),
        ("edit", {"project": "nothing", "delete": True}),
    ],
)
def test_what_makes_no_sense_is_400_and_changes_nothing(
    railway: LocalRailway, path: str, body: Json
) -> None:
    answer = control(railway, "POST", path, body)

    assert answer.status == 400
    assert answer.json["error"]
    assert railway.world.projects == {}


def test_a_push_becomes_the_head(railway: LocalRailway) -> None:
    pushed = control(railway, "POST", "push", {"repo": "a/b", "branch": "main"}).json

    head = repositories.head(railway.world, "a/b", "main")
    assert head is not None
    assert head.sha == pushed["sha"]


def test_what_is_not_there_is_404_or_400(railway: LocalRailway) -> None:
    assert control(railway, "GET", "nothing").status == 404
    assert control(railway, "POST", "edit", {"project": "nothing"}).status == 400


def test_fields_that_the_schema_loses_are_refused_and_not_shown(
    railway: LocalRailway, ask: Client
) -> None:
    wanted = {"without": ["Project.description"]}

    assert control(railway, "POST", "schema", wanted).json == ["Project.description"]

    assert "description" in ask('{ project(id: "p") { description } }').message
    fields = ask('{ __type(name: "Project") { fields { name } } }').data["__type"]["fields"]
    assert "description" not in {field["name"] for field in fields}


@pytest.mark.parametrize("field", ["Project.nothing", "Nothing.id", "DeploymentStatus.SUCCESS"])
def test_what_is_no_field_cannot_be_lost(railway: LocalRailway, field: str) -> None:
    assert control(railway, "POST", "schema", {"without": [field]}).status == 400
