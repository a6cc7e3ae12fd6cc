"""Account, workspace and project tokens: what each may see, and how each is refused."""

import pytest

from instances.simulator.server import LocalRailway
from instances.simulator.tokens import Token
from tests.simulator.conftest import Client, bearer

API_TOKEN = "{ apiToken { workspaces { name } } }"
ME = "{ me { id } }"
PROJECT_TOKEN = "{ projectToken { projectId environmentId } }"
PROJECTS = "{ projects { edges { node { name } } } }"


def project_header(token: str) -> dict[str, str]:
    return {"Project-Access-Token": token}


@pytest.fixture
def workspace_client(railway: LocalRailway) -> Client:
    return Client(railway, bearer("workspace-token"))


@pytest.fixture
def project_client(railway: LocalRailway) -> Client:
    return Client(railway, project_header("project-token"))


def test_an_account_token_sees_every_workspace_and_itself(
    railway: LocalRailway, ask: Client
) -> None:
    railway.world.add_workspace("Other")

    found = ask(API_TOKEN).data["apiToken"]["workspaces"]

    assert [workspace["name"] for workspace in found] == ["Luthien", "Other"]
    assert ask(ME).data
    assert ask(PROJECT_TOKEN).message == "Not Authorized"


@pytest.mark.parametrize("query", [ME, "{ externalWorkspaces { id } }", "{ githubRepos { name } }"])
def test_a_workspace_token_has_nobody_behind_it(workspace_client: Client, query: str) -> None:
    assert workspace_client(query).message == "Not Authorized"


def test_a_workspace_token_sees_its_own_workspace_only(
    railway: LocalRailway, workspace_client: Client
) -> None:
    railway.add_project("mine")
    theirs = railway.add_project("theirs", workspace="Other")
    read = "query($id: String!) { project(id: $id) { name } }"

    listed = workspace_client(PROJECTS).data["projects"]["edges"]

    assert [edge["node"]["name"] for edge in listed] == ["mine"]
    assert workspace_client(read, id=theirs.id).message == "Not Authorized"
    found = workspace_client(API_TOKEN).data["apiToken"]["workspaces"]
    assert found == [{"name": "Luthien"}]


def test_a_project_token_knows_its_project_in_its_own_header(
    railway: LocalRailway, project_client: Client
) -> None:
    project = railway.add_project("mine")
    other = railway.add_project("other")
    read = "query($id: String!) { project(id: $id) { name } }"

    own = project_client(PROJECT_TOKEN).data["projectToken"]

    assert own == {"projectId": project.id, "environmentId": project.environment_id}
    assert project_client(read, id=project.id).data
    assert project_client(read, id=other.id).message == "Not Authorized"


@pytest.mark.parametrize("query", [ME, API_TOKEN, PROJECTS])
def test_a_project_token_may_not_look_around(
    railway: LocalRailway, project_client: Client, query: str
) -> None:
    railway.add_project("mine")

    assert project_client(query).message == "Not Authorized"


def test_a_project_token_may_not_connect_a_source(
    railway: LocalRailway, project_client: Client
) -> None:
    project = railway.add_project("mine", services=["gateway"])
    connect = 'mutation($id: String!) { serviceConnect(id: $id, input: {image: "x"}) { id } }'

    (service_id,) = project.services

    assert project_client(connect, id=service_id).message == "Not Authorized"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Not Authorized"),
        (bearer(""), "Not Authorized"),
        (bearer("wrong"), "Not Authorized"),
        (bearer("project-token"), "Not Authorized"),
        ({"Authorization": "account-token"}, "Not Authorized"),
        (project_header("account-token"), "Project Token not found"),
        (project_header("wrong"), "Project Token not found"),
    ],
)
def test_a_wrong_token_is_refused_with_http_200(
    railway: LocalRailway, headers: dict[str, str], message: str
) -> None:
    answer = Client(railway, headers)(API_TOKEN)

    assert answer.status == 200
    assert answer.message == message
    assert answer.json["data"] is None
    assert answer.json["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert answer.json["errors"][0]["traceId"]


def test_both_headers_together_work_with_either_kind(railway: LocalRailway) -> None:
    railway.add_project("mine")
    both = Client(railway, bearer("account-token") | project_header("account-token"))

    assert both(API_TOKEN).data


def test_tokens_can_be_given() -> None:
    tokens = {"abc": Token("workspace", workspace="Second")}
    with LocalRailway(tokens=tokens, workspaces=("First", "Second")) as railway:
        found = Client(railway, bearer("abc"))(API_TOKEN).data["apiToken"]["workspaces"]

    assert found == [{"name": "Second"}]
