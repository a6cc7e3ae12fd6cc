"""The control panel does over HTTP what the object does in the same process."""

import threading

from instances.simulator import repositories
from instances.simulator.server import LocalRailway
from tests.simulator.conftest import Answer, Client, Json, eventually, http


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


def test_a_push_becomes_the_head(railway: LocalRailway) -> None:
    pushed = control(railway, "POST", "push", {"repo": "a/b", "branch": "main"}).json

    head = repositories.head(railway.world, "a/b", "main")
    assert head is not None
    assert head.sha == pushed["sha"]


def test_what_is_not_there_is_404_or_400(railway: LocalRailway) -> None:
    assert control(railway, "GET", "nothing").status == 404
    assert control(railway, "POST", "edit", {"project": "nothing"}).status == 400
