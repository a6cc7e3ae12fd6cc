"""Projects: cooldown, what listings show and when, deletion in its two forms."""

import uuid

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.simulator.conftest import Client, SteppedClock

CREATE = """mutation($workspace: String, $name: String) {
  projectCreate(input: {workspaceId: $workspace, name: $name}) {
    id name environments { edges { node { id name } } }
  }
}"""
LIST = """query($workspace: String, $deleted: Boolean) {
  projects(workspaceId: $workspace, includeDeleted: $deleted) {
    edges { node { id name deletedAt } }
  }
}"""
READ = "query($id: String!) { project(id: $id) { id name description deletedAt } }"


def workspace_id(railway: LocalRailway) -> str:
    return railway.world.workspace().id


def names(ask: Client, *, deleted: bool = False) -> list[str]:
    found = ask(LIST, workspace=workspace_id(ask.railway), deleted=deleted).data["projects"]
    return [edge["node"]["name"] for edge in found["edges"]]


def test_a_new_project_is_readable_at_once_and_listed_after_propagation(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    made = ask(CREATE, workspace=workspace_id(railway), name="a").data["projectCreate"]

    assert ask(READ, id=made["id"]).data["project"]["name"] == "a"
    assert names(ask) == []
    clock.step(15)
    assert names(ask) == ["a"]
    assert made["environments"]["edges"][0]["node"]["name"] == "production"


def test_a_listing_can_lag_for_longer(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    railway.faults.add(Fault("listing", "late", seconds=45))
    assert ask(CREATE, workspace=workspace_id(railway), name="a").data

    clock.step(59)
    assert names(ask) == []
    clock.step(1)
    assert names(ask) == ["a"]


def test_a_second_project_within_30_seconds_is_refused(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    assert ask(CREATE, workspace=workspace_id(railway), name="a").data
    clock.step(29)

    refused = ask(CREATE, workspace=workspace_id(railway), name="b")

    assert refused.status == 200
    assert "creating projects too quickly" in refused.message
    clock.step(1)
    assert ask(CREATE, workspace=workspace_id(railway), name="b").data


def test_the_cooldown_is_each_workspaces_own(railway: LocalRailway, ask: Client) -> None:
    other = railway.world.add_workspace("Other")

    assert ask(CREATE, workspace=workspace_id(railway), name="a").data
    assert ask(CREATE, workspace=other.id, name="b").data


def test_a_project_needs_a_workspace(ask: Client) -> None:
    assert "workspaceId" in ask(CREATE, name="a").message


def test_two_projects_may_have_one_name(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    railway.add_project("a")

    ask(CREATE, workspace=workspace_id(railway), name="a")
    clock.step(15)

    assert names(ask) == ["a", "a"]


def test_an_account_token_lists_nothing_without_a_workspace(
    railway: LocalRailway, ask: Client
) -> None:
    railway.add_project("a")

    assert ask(LIST).data["projects"]["edges"] == []


def test_update_takes_the_id_beside_the_input(railway: LocalRailway, ask: Client) -> None:
    project = railway.add_project("a")
    update = """mutation($id: String!) {
      projectUpdate(id: $id, input: {description: "deletion-scheduled:x"}) { name description }
    }"""

    changed = ask(update, id=project.id).data["projectUpdate"]

    assert changed == {"name": "a", "description": "deletion-scheduled:x"}
    assert railway.world.projects[project.id].description == "deletion-scheduled:x"


def test_a_deleted_project_is_gone_by_id_and_known_to_include_deleted_for_48_hours(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    project = railway.add_project("a")

    assert ask("mutation($id: String!) { projectDelete(id: $id) }", id=project.id).data

    assert ask(READ, id=project.id).message == "Project not found"
    assert names(ask) == []
    assert names(ask, deleted=True) == ["a"]
    clock.step(48 * 3600)
    assert names(ask, deleted=True) == []


def test_a_scheduled_deletion_hides_the_project_and_can_be_cancelled(
    railway: LocalRailway, ask: Client
) -> None:
    project = railway.add_project("a")
    schedule = "mutation($id: String!) { projectScheduleDelete(id: $id) }"

    assert ask(schedule, id=project.id).data["projectScheduleDelete"] is True

    assert names(ask) == []
    assert names(ask, deleted=True) == ["a"]
    assert ask(READ, id=project.id).data["project"]["deletedAt"] is not None
    cancel = "mutation($id: String!) { projectScheduleDeleteCancel(id: $id) }"
    assert ask(cancel, id=project.id).data
    assert names(ask) == ["a"]


def test_workspace_and_members_of_a_project_on_its_way_out_are_refused(
    railway: LocalRailway, ask: Client
) -> None:
    project = railway.add_project("a")
    ask("mutation($id: String!) { projectScheduleDelete(id: $id) }", id=project.id)
    read = "query($id: String!) { project(id: $id) { name workspace { name } } }"

    answer = ask(read, id=project.id)

    assert answer.message == "Project not found"
    assert answer.json["data"] == {"project": {"name": "a", "workspace": None}}


def test_a_scheduled_deletion_happens_after_48_hours(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    project = railway.add_project("a")
    ask("mutation($id: String!) { projectScheduleDelete(id: $id) }", id=project.id)

    clock.step(48 * 3600)

    assert ask(READ, id=project.id).message == "Project not found"
    assert names(ask, deleted=True) == []


def test_projects_by_ids_skips_what_cannot_be_seen(railway: LocalRailway, ask: Client) -> None:
    project = railway.add_project("a")
    gone = railway.add_project("b")
    ask("mutation($id: String!) { projectDelete(id: $id) }", id=gone.id)
    query = "query($ids: [String!]!) { projectsByIds(ids: $ids) { name } }"

    found = ask(query, ids=[project.id, gone.id, "nowhere"]).data["projectsByIds"]

    assert found == [{"name": "a"}]


def test_an_unknown_project_is_not_authorized(ask: Client) -> None:
    assert ask(READ, id=str(uuid.uuid4())).message == "Not Authorized"
    assert ask(READ, id="no-id-at-all").message == "Project not found"
