"""The client that the services know: which way each thing goes, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from instances.railway.client import (
    Budget,
    Call,
    Mask,
    RailwayClient,
    Target,
    TokenKind,
    errors,
)
from instances.railway.config import BeforeCall, always
from tests.railway.conftest import (
    TOKEN,
    FakeCli,
    MakeFakeCli,
    Wire,
    connection,
    data,
    make_config,
    quickly,
    refusal,
)
from tests.railway.test_types import listed_node, picture_node, project_node, service_node

TARGET = Target("p1", "e1")
GOOD = """print('{"id": "from-the-cli", "domain": "https://acme.test"}')"""
BY_API = data(projectCreate={"id": "from-the-api"})


@pytest.fixture
def cli(fake_cli: MakeFakeCli) -> FakeCli:
    return fake_cli(GOOD)


def make_client(wire: Wire, *, before_call: BeforeCall = always, **config: Any) -> RailwayClient:
    http = httpx.MockTransport(wire)
    return RailwayClient(make_config(**config), before_call=before_call, http=http)


def create(client: RailwayClient, kind: TokenKind) -> str:
    return client.create_project("acme", workspace_id="w1", description="for acme", kind=kind)


# Which way a project is created.


def test_an_account_token_creates_by_the_cli(cli: FakeCli) -> None:
    wire = Wire(BY_API)

    assert create(make_client(wire, cli=cli.command), TokenKind.ACCOUNT) == "from-the-cli"
    assert wire.requests == []


def test_a_workspace_token_creates_by_the_api(cli: FakeCli, tmp_path: Path) -> None:
    wire = Wire(BY_API)

    assert create(make_client(wire, cli=cli.command), TokenKind.WORKSPACE) == "from-the-api"
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_login_creates_by_the_cli(
    cli: FakeCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    client = make_client(Wire(BY_API), cli=cli.command, cli_auth="login", token="")

    assert create(client, TokenKind.WORKSPACE) == "from-the-cli"


# Which way everything else goes.


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda client: client.add_database(TARGET, "redis"), "add"),
        (lambda client: client.add_service(TARGET, "gateway", {}), "add"),
        (lambda client: client.set_secret(TARGET, "s1", "KEY", "value"), "variable"),
        (lambda client: client.create_domain(TARGET, "s1"), "domain"),
        (lambda client: client.connect_source(TARGET, "s1", repo="o/r", branch="b"), "service"),
        (lambda client: client.deploy_latest_by_cli(TARGET, "s1"), "redeploy"),
    ],
)
def test_what_changes_a_projects_shape_goes_by_the_cli(
    cli: FakeCli, change: Callable[[RailwayClient], object], word: str
) -> None:
    wire = Wire(data())

    change(make_client(wire, cli=cli.command))

    assert [argv[0] for argv in cli.argvs] == [word]
    assert wire.requests == []


@pytest.mark.parametrize(
    ("ask", "answer", "operation"),
    [
        (
            lambda client: client.workspaces(),
            data(apiToken={"workspaces": []}),
            "query TokenWorkspaces",
        ),
        (
            lambda client: list(client.iter_projects("w1")),
            data(projects=connection(listed_node())),
            "query Projects",
        ),
        (
            lambda client: list(client.iter_pictures("w1")),
            data(projects=connection(picture_node())),
            "query WorkspacePictures",
        ),
        (lambda client: client.project("p1"), data(project=project_node()), "query Project"),
        (
            lambda client: client.projects_by_ids(["p1"]),
            data(projectsByIds=[]),
            "query ProjectsByIds",
        ),
        (
            lambda client: client.services(TARGET),
            data(environment={"serviceInstances": connection(service_node())}),
            "query Environment",
        ),
        (lambda client: client.variables(TARGET, "s1"), data(variables={}), "query Variables"),
        (lambda client: client.build_log("d1", lines=9), data(buildLogs=[]), "query BuildLogs"),
        (
            lambda client: client.deployment_log("d1", lines=9),
            data(deploymentLogs=[]),
            "query DeploymentLogs",
        ),
        (
            lambda client: client.describe_project("p1", "new"),
            data(projectUpdate=project_node()),
            "mutation ProjectUpdate",
        ),
        (
            lambda client: client.delete_project("p1"),
            data(projectDelete=True),
            "mutation ProjectDelete",
        ),
        (
            lambda client: client.schedule_deletion("p1"),
            data(projectScheduleDelete=True),
            "mutation ProjectScheduleDelete",
        ),
        (
            lambda client: client.cancel_deletion("p1"),
            data(projectScheduleDeleteCancel=True),
            "mutation ProjectScheduleDeleteCancel",
        ),
        (
            lambda client: client.hasten_deletion("p1"),
            data(projectScheduleDeleteForce=True),
            "mutation ProjectScheduleDeleteForce",
        ),
        (
            lambda client: client.update_settings(TARGET, "s1", {}),
            data(serviceInstanceUpdate=True),
            "mutation ServiceInstanceUpdate",
        ),
        (
            lambda client: client.deploy(TARGET, "s1", commit="c0ffee"),
            data(serviceInstanceDeployV2="d1"),
            "mutation ServiceInstanceDeploy",
        ),
        (
            lambda client: client.deploy_latest(TARGET, "s1"),
            data(serviceInstanceDeploy=True),
            "mutation ServiceInstanceDeployLatest",
        ),
        (
            lambda client: client.redeploy("d1"),
            data(deploymentRedeploy={"id": "d2"}),
            "mutation DeploymentRedeploy",
        ),
    ],
)
def test_reads_and_simple_changes_go_by_the_api(
    ask: Callable[[RailwayClient], object], answer: httpx.Response, operation: str
) -> None:
    wire = Wire(answer)

    ask(make_client(wire, cli=("/no/such/railway",)))

    assert wire.operations == [operation]


def test_a_target_names_the_environment_and_the_project(cli: FakeCli) -> None:
    wire = Wire(
        data(serviceInstanceDeployV2="d1"), data(serviceInstanceDeploy=True), data(variables={})
    )
    client = make_client(wire, cli=cli.command)

    client.deploy(TARGET, "s1")
    client.deploy_latest(TARGET, "s1")
    client.variables(TARGET, "s1")

    assert wire.variables == [
        {"serviceId": "s1", "environmentId": "e1"},
        {"serviceId": "s1", "environmentId": "e1"},
        {"projectId": "p1", "environmentId": "e1", "serviceId": "s1"},
    ]


def test_deleted_projects_are_listed_when_asked_for() -> None:
    wire = Wire(data(projects=connection()))

    list(make_client(wire).iter_projects("w1", include_deleted=True))

    assert wire.variables[0]["includeDeleted"] is True


def test_the_token_is_told_apart() -> None:
    wire = Wire(data(apiToken={"workspaces": []}), refusal("Not Authorized"))

    assert make_client(wire).token().kind is TokenKind.WORKSPACE


def test_the_clis_version_is_asked(fake_cli: MakeFakeCli) -> None:
    cli = fake_cli("print('railway 5.43.1')")

    assert make_client(Wire(), cli=cli.command).cli_version() == "5.43.1"


# What it announces, remembers and forgets.


def test_requests_and_processes_are_announced_to_the_same_listener(cli: FakeCli) -> None:
    calls: list[Call] = []
    wire = Wire(data(projectDelete=True))
    client = make_client(wire, before_call=calls.append, cli=cli.command)

    client.create_domain(TARGET, "s1")
    client.delete_project("p1")

    assert [(call.name, call.changes) for call in calls] == [
        ("cli domain", True),
        ("project_delete", True),
    ]


def test_budget_and_server_time_are_known_after_the_first_answer() -> None:
    answer = httpx.Response(
        200,
        json={"data": {"projectDelete": True}},
        headers={
            "Date": "Tue, 01 Jan 2030 12:05:00 GMT",
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "7",
        },
    )
    client = make_client(Wire(answer))
    before = (client.budget, client.has_server_time)

    client.delete_project("p1")

    assert before == (None, False)
    assert client.budget == Budget(100, 7, None)
    assert client.has_server_time is True
    assert client.server_now.replace(second=0, microsecond=0) == datetime(
        2030, 1, 1, 12, 5, tzinfo=UTC
    )


def test_the_token_is_masked_without_being_asked_to() -> None:
    client = make_client(Wire(refusal(f"the token {TOKEN} is odd")))

    with pytest.raises(errors.RailwayRefused, match=r"the token \*\*\* is odd"):
        client.delete_project("p1")


def test_a_given_mask_is_used_for_both_ways(fake_cli: MakeFakeCli) -> None:
    cli = fake_cli("sys.exit('the-admin-key is odd')")
    client = RailwayClient(
        make_config(cli=cli.command),
        mask=Mask(["the-admin-key"]),
        http=httpx.MockTransport(Wire(refusal("the-admin-key is odd"))),
    )

    with pytest.raises(errors.RailwayRefused, match=r"add answered: \*\*\* is odd"):
        client.add_database(TARGET, "redis")
    with pytest.raises(errors.RailwayRefused, match=r"Railway answered: \*\*\* is odd"):
        client.delete_project("p1")


def test_creation_is_given_the_seconds_of_the_configuration() -> None:
    assert make_client(Wire(), deadline=quickly).creation_seconds == 0.12


def test_its_connection_is_closed_with_it() -> None:
    with make_client(Wire(data(projectDelete=True))) as client:
        client.delete_project("p1")

    with pytest.raises(RuntimeError, match="closed"):
        client.delete_project("p1")


def test_it_does_not_show_the_token() -> None:
    assert TOKEN not in repr(make_client(Wire()))
