"""The typed calls: what is asked, how lists are followed to their end, and whose token it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from instances.railway import errors
from instances.railway.api.client import MOST_PAGES, PAGE, RailwayApi
from instances.railway.api.types import LogEntry, Picture, Token, TokenKind, Workspace
from tests.railway.conftest import (
    SECRET,
    TOKEN,
    Wire,
    connection,
    data,
    everything_in,
    make_transport,
    refusal,
)
from tests.railway.test_types import (
    environment_node,
    listed_node,
    picture_node,
    project_node,
    service_node,
)

NOT_AUTHORIZED = refusal("Not Authorized")
WORKSPACES = data(apiToken={"workspaces": [{"id": "w1", "name": "Luthien"}]})
LUTHIEN = Workspace("w1", "Luthien")

Ask = Callable[[RailwayApi], object]


def api(wire: Wire) -> RailwayApi:
    return RailwayApi(make_transport(wire))


def projects(*names: str, more: object = False, cursor: str | None = None) -> httpx.Response:
    found = [listed_node(id=f"{name}-id", name=name) for name in names]
    return data(projects=connection(*found, more=more, cursor=cursor))


def pictures(*names: str, more: object = False, cursor: str | None = None) -> httpx.Response:
    found = [picture_node(id=f"{name}-id", name=name) for name in names]
    return data(projects=connection(*found, more=more, cursor=cursor))


def services(*names: str, more: object = False, cursor: str | None = None) -> httpx.Response:
    found = [service_node(serviceId=f"{name}-id", serviceName=name) for name in names]
    instances = connection(*found, more=more, cursor=cursor)
    return data(environment={"serviceInstances": instances})


# Lists.


def test_projects_are_listed_to_the_end() -> None:
    wire = Wire(
        projects("a", "b", more=True, cursor="c1"),
        projects("c", more=True, cursor="c2"),
        projects("d", cursor="c3"),
    )

    found = list(api(wire).iter_projects("w1"))

    assert [project.name for project in found] == ["a", "b", "c", "d"]
    assert wire.variables == [
        {"workspaceId": "w1", "first": PAGE},
        {"workspaceId": "w1", "first": PAGE, "after": "c1"},
        {"workspaceId": "w1", "first": PAGE, "after": "c2"},
    ]


def test_deleted_projects_are_listed_only_when_asked_for() -> None:
    wire = Wire(projects("a"))

    list(api(wire).iter_projects("w1", include_deleted=True))

    assert wire.variables == [{"workspaceId": "w1", "first": PAGE, "includeDeleted": True}]


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    wire = Wire(projects(more=True, cursor="c1"), projects("a"))

    assert [project.name for project in api(wire).iter_projects("w1")] == ["a"]


def test_pictures_come_page_by_page_to_the_end() -> None:
    wire = Wire(pictures("a", "b", more=True, cursor="c1"), pictures("c"))

    pages = [[picture.name for picture in page] for page in api(wire).iter_pictures("w1")]

    assert pages == [["a", "b"], ["c"]]
    assert wire.variables == [
        {"workspaceId": "w1", "first": PAGE},
        {"workspaceId": "w1", "first": PAGE, "after": "c1"},
    ]


def test_pictures_show_what_is_being_deleted_too() -> None:
    wire = Wire(pictures())

    list(api(wire).iter_pictures("w1"))

    assert "includeDeleted: true" in json.loads(wire.requests[0].content)["query"]


def test_a_picture_whose_services_go_on_knows_none_of_them_and_its_page_is_whole() -> None:
    cut = environment_node("production", service_node(), more=True)
    nodes = [picture_node(id="p1", environments=connection(cut)), picture_node(id="p2")]
    wire = Wire(data(projects=connection(*nodes)))

    [page] = api(wire).iter_pictures("w1")

    assert [(one.id, isinstance(one, Picture) and one.services is None) for one in page] == [
        ("p1", True),
        ("p2", False),
    ]
    assert len(wire.requests) == 1


def test_pictures_that_break_off_are_an_error() -> None:
    wire = Wire(pictures("a", more=True, cursor="c1"), NOT_AUTHORIZED)
    pages = api(wire).iter_pictures("w1")
    next(pages)

    with pytest.raises(errors.RailwayUnauthorized):
        next(pages)


@pytest.mark.parametrize("cursor", [None, ""])
def test_pictures_that_go_on_without_a_cursor_are_an_error(cursor: str | None) -> None:
    wire = Wire(pictures("a", more=True, cursor=cursor))

    with pytest.raises(errors.RailwayBadResponse, match="did not come to an end"):
        list(api(wire).iter_pictures("w1"))


def test_services_are_listed_to_the_end() -> None:
    wire = Wire(services("Postgres", more=True, cursor="c1"), services("gateway"))

    found = api(wire).services("p1", "e1")

    assert [service.name for service in found] == ["Postgres", "gateway"]
    assert wire.variables == [
        {"id": "e1", "projectId": "p1", "first": PAGE},
        {"id": "e1", "projectId": "p1", "first": PAGE, "after": "c1"},
    ]


@pytest.mark.parametrize("cursor", [None, ""])
def test_a_list_that_goes_on_without_a_cursor_is_an_error(cursor: str | None) -> None:
    wire = Wire(projects("a", more=True, cursor=cursor))

    with pytest.raises(errors.RailwayBadResponse, match="did not come to an end"):
        list(api(wire).iter_projects("w1"))

    assert len(wire.requests) == 1


def test_a_list_whose_cursor_stands_still_is_an_error() -> None:
    wire = Wire(projects("a", more=True, cursor="c1"))

    with pytest.raises(errors.RailwayBadResponse, match="did not come to an end"):
        list(api(wire).iter_projects("w1"))

    assert len(wire.requests) == 2


def test_a_list_that_goes_round_in_circles_is_an_error() -> None:
    turns = [projects("a", more=True, cursor=f"c{turn % 2}") for turn in range(MOST_PAGES + 1)]
    wire = Wire(*turns)

    with pytest.raises(errors.RailwayBadResponse, match="did not come to an end"):
        list(api(wire).iter_projects("w1"))

    assert len(wire.requests) == MOST_PAGES


def test_a_list_that_breaks_off_is_an_error_and_not_a_shorter_list() -> None:
    wire = Wire(services("Postgres", more=True, cursor="c1"), NOT_AUTHORIZED)

    with pytest.raises(errors.RailwayUnauthorized):
        api(wire).services("p1", "e1")


def test_a_page_that_got_lost_is_asked_for_again() -> None:
    wire = Wire(projects("a", more=True, cursor="c1"), httpx.Response(502), projects("b"))

    assert [project.name for project in api(wire).iter_projects("w1")] == ["a", "b"]


# Tokens.


def test_an_account_token_is_told_by_me() -> None:
    wire = Wire(WORKSPACES, data(me={"id": "u1", "name": "Ann", "email": "ann@example.test"}))

    assert api(wire).token() == Token(TokenKind.ACCOUNT, (LUTHIEN,), "Ann")
    assert wire.operations == ["query TokenWorkspaces", "query Me"]


def test_an_account_without_a_name_is_called_by_its_address() -> None:
    wire = Wire(WORKSPACES, data(me={"id": "u1", "name": None, "email": "ann@example.test"}))

    assert api(wire).token().user == "ann@example.test"


def test_a_workspace_token_may_not_ask_for_me() -> None:
    wire = Wire(WORKSPACES, NOT_AUTHORIZED)

    assert api(wire).token() == Token(TokenKind.WORKSPACE, (LUTHIEN,))


def test_a_project_token_is_known_only_in_its_own_header() -> None:
    wire = Wire(NOT_AUTHORIZED, data(projectToken={"projectId": "p1", "environmentId": "e1"}))

    assert api(wire).token() == Token(TokenKind.PROJECT)
    assert wire.requests[1].headers["Project-Access-Token"] == TOKEN


@pytest.mark.parametrize("answer", ["Project Token not found", "Not Authorized"])
def test_a_token_that_railway_does_not_know_is_refused_with_advice(answer: str) -> None:
    wire = Wire(NOT_AUTHORIZED, refusal(answer))

    with pytest.raises(errors.RailwayUnauthorized, match="set RAILWAY_API_TOKEN") as caught:
        api(wire).token()

    assert TOKEN not in everything_in(caught.value)


@pytest.mark.parametrize("before", [(), (WORKSPACES,), (NOT_AUTHORIZED,)])
def test_a_token_is_not_judged_while_railway_is_away(before: tuple[httpx.Response, ...]) -> None:
    wire = Wire(*before, httpx.Response(502))

    with pytest.raises(errors.RailwayUnreachable):
        api(wire).token()


@pytest.mark.parametrize("before", [(), (WORKSPACES,)])
def test_a_token_is_not_judged_while_railway_lets_nobody_in(
    before: tuple[httpx.Response, ...],
) -> None:
    wire = Wire(*before, httpx.Response(429, json={}))

    with pytest.raises(errors.RailwayThrottled):
        api(wire).token()


def test_the_workspaces_of_a_token_are_listed() -> None:
    assert api(Wire(WORKSPACES)).workspaces() == (LUTHIEN,)


# Single things.


def test_a_project_is_asked_for_by_its_id() -> None:
    wire = Wire(data(project=project_node()))

    assert api(wire).project("p1").name == "luthien-acme"
    assert wire.variables == [{"id": "p1"}]


def test_many_projects_are_asked_for_in_one_request() -> None:
    wire = Wire(data(projectsByIds=[project_node(id="p2")]))

    found = api(wire).projects_by_ids(["p1", "p2"])

    assert [project.id for project in found] == ["p2"]
    assert wire.variables == [{"ids": ["p1", "p2"]}]


def test_variables_are_text() -> None:
    wire = Wire(data(variables={"PORT": 8080, "DEBUG": "false"}))

    assert api(wire).variables("p1", "e1", "s1") == {"PORT": "8080", "DEBUG": "false"}
    assert wire.variables == [{"projectId": "p1", "environmentId": "e1", "serviceId": "s1"}]


@pytest.mark.parametrize(
    ("read", "field"),
    [(RailwayApi.build_log, "buildLogs"), (RailwayApi.deployment_log, "deploymentLogs")],
)
def test_the_last_lines_of_a_log_are_read(read: Callable[..., object], field: str) -> None:
    line = {"timestamp": "2026-01-02T03:04:05Z", "message": "ready", "severity": "info"}
    wire = Wire(data(**{field: [line]}))

    assert read(api(wire), "d1", lines=50) == [LogEntry("2026-01-02T03:04:05Z", "ready", "info")]
    assert wire.variables == [{"deploymentId": "d1", "limit": 50}]


# Changes.


def test_a_project_is_created_in_its_workspace() -> None:
    wire = Wire(data(projectCreate={"id": "p1"}))

    made = api(wire).create_project("luthien-acme", workspace_id="w1", description="for acme")

    assert made == "p1"
    wanted = {"name": "luthien-acme", "workspaceId": "w1", "description": "for acme"}
    assert wire.variables == [{"input": wanted}]


def test_a_projects_id_stands_beside_the_input() -> None:
    wire = Wire(data(projectUpdate=project_node(description="new")))

    assert api(wire).describe_project("p1", "new").description == "new"
    assert wire.variables == [{"id": "p1", "input": {"description": "new"}}]


@pytest.mark.parametrize("said", [True, False])
def test_a_project_is_deleted_when_railway_says_so(said: bool) -> None:
    wire = Wire(data(projectDelete=said))

    assert api(wire).delete_project("p1") is said
    assert wire.variables == [{"id": "p1"}]


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(
    ("change", "operation", "field"),
    [
        (RailwayApi.schedule_deletion, "ProjectScheduleDelete", "projectScheduleDelete"),
        (RailwayApi.cancel_deletion, "ProjectScheduleDeleteCancel", "projectScheduleDeleteCancel"),
        (RailwayApi.hasten_deletion, "ProjectScheduleDeleteForce", "projectScheduleDeleteForce"),
    ],
)
def test_a_deletion_is_scheduled_cancelled_and_hastened_when_railway_says_so(
    change: Callable[[RailwayApi, str], bool], operation: str, field: str, said: bool
) -> None:
    wire = Wire(data(**{field: said}))

    assert change(api(wire), "p1") is said
    assert wire.operations == [f"mutation {operation}"]
    assert wire.variables == [{"id": "p1"}]


def test_settings_are_sent_as_they_are() -> None:
    wire = Wire(data(serviceInstanceUpdate=True))

    api(wire).update_settings("s1", "e1", {"healthcheckPath": "/health"})

    wanted = {"serviceId": "s1", "environmentId": "e1", "input": {"healthcheckPath": "/health"}}
    assert wire.variables == [wanted]


@pytest.mark.parametrize(("commit", "sent"), [(None, {}), ("c0ffee", {"commitSha": "c0ffee"})])
def test_a_deployment_is_started_and_its_id_returned(
    commit: str | None, sent: dict[str, str]
) -> None:
    wire = Wire(data(serviceInstanceDeployV2="d1"))

    assert api(wire).deploy("s1", "e1", commit=commit) == "d1"
    assert wire.variables == [{"serviceId": "s1", "environmentId": "e1", **sent}]


def test_the_newest_commit_is_deployed_without_learning_an_id() -> None:
    wire = Wire(data(serviceInstanceDeploy=True))

    api(wire).deploy_latest("s1", "e1")

    assert "latestCommit: true" in json.loads(wire.requests[0].content)["query"]
    assert wire.variables == [{"serviceId": "s1", "environmentId": "e1"}]


def test_a_deployment_is_started_again_and_the_new_id_returned() -> None:
    wire = Wire(data(deploymentRedeploy={"id": "d2"}))

    assert api(wire).redeploy("d1") == "d2"
    assert wire.operations == ["mutation DeploymentRedeploy"]
    assert wire.variables == [{"id": "d1"}]


CHANGES: list[Ask] = [
    lambda api: api.create_project("acme", workspace_id="w1", description=""),
    lambda api: api.describe_project("p1", "new"),
    lambda api: api.delete_project("p1"),
    lambda api: api.update_settings("s1", "e1", {}),
    lambda api: api.deploy("s1", "e1"),
    lambda api: api.schedule_deletion("p1"),
    lambda api: api.cancel_deletion("p1"),
    lambda api: api.hasten_deletion("p1"),
    lambda api: api.deploy_latest("s1", "e1"),
    lambda api: api.redeploy("d1"),
]
READS: list[Ask] = [
    lambda api: api.workspaces(),
    lambda api: list(api.iter_projects("w1")),
    lambda api: list(api.iter_pictures("w1")),
    lambda api: api.project("p1"),
    lambda api: api.projects_by_ids(["p1"]),
    lambda api: api.services("p1", "e1"),
    lambda api: api.variables("p1", "e1", "s1"),
    lambda api: api.build_log("d1", lines=1),
    lambda api: api.deployment_log("d1", lines=1),
]


@pytest.mark.parametrize("ask", CHANGES)
def test_no_change_is_sent_twice(ask: Ask) -> None:
    wire = Wire(httpx.ReadTimeout)

    with pytest.raises(errors.RailwayUnreachable) as caught:
        ask(api(wire))

    assert caught.value.may_have_happened is True
    assert len(wire.requests) == 1


@pytest.mark.parametrize("ask", READS)
def test_every_read_is_repeated(ask: Ask) -> None:
    wire = Wire(httpx.ReadTimeout)

    with pytest.raises(errors.RailwayUnreachable):
        ask(api(wire))

    assert len(wire.requests) == 3


# Misshapen answers.


def test_a_project_that_cannot_be_read_does_not_hide_the_others() -> None:
    odd = picture_node(id="odd", name="luthien-odd", environments=connection(SECRET))
    found = connection(picture_node(), odd, {"id": SECRET * 9}, None)

    [page] = api(Wire(data(projects=found))).iter_pictures("w1")

    assert [(each.id, each.name) for each in page] == [
        *(("p1", "luthien-acme"), ("odd", "luthien-odd"), ("", ""), ("", "")),
    ]
    assert SECRET not in str(page)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda api: api.token(), data(apiToken=None)),
        (lambda api: api.workspaces(), data(apiToken={"workspaces": [SECRET]})),
        (lambda api: api.workspaces(), data(apiToken={"workspaces": SECRET})),
        (lambda api: list(api.iter_projects("w1")), data()),
        (lambda api: list(api.iter_projects("w1")), data(projects=SECRET)),
        (lambda api: list(api.iter_projects("w1")), data(projects={"edges": []})),
        (lambda api: list(api.iter_projects("w1")), data(projects=connection({"id": SECRET}))),
        (lambda api: list(api.iter_pictures("w1")), data(projects=SECRET)),
        (lambda api: api.services("p1", "e1"), data(environment=None)),
        (lambda api: api.services("p1", "e1"), data(environment={"serviceInstances": [SECRET]})),
        (lambda api: api.project("p1"), data(project=None)),
        (lambda api: api.project("p1"), data(project=project_node(deletedAt=SECRET))),
        (lambda api: api.projects_by_ids(["p1"]), data(projectsByIds=None)),
        (lambda api: api.projects_by_ids(["p1"]), data(projectsByIds=[SECRET])),
        (lambda api: api.variables("p1", "e1", "s1"), data(variables=None)),
        (lambda api: api.variables("p1", "e1", "s1"), data(variables=[SECRET])),
        (lambda api: api.build_log("d1", lines=1), data(buildLogs=[{"message": SECRET}])),
        (lambda api: api.deployment_log("d1", lines=1), data(deploymentLogs=None)),
        (lambda api: api.create_project(SECRET, workspace_id="", description=""), data()),
        (lambda api: api.describe_project("p1", SECRET), data(projectUpdate={"id": SECRET})),
        (lambda api: api.delete_project("p1"), data()),
        (lambda api: api.deploy("s1", "e1"), data()),
        (lambda api: api.schedule_deletion("p1"), data()),
        (lambda api: api.cancel_deletion("p1"), data()),
        (lambda api: api.hasten_deletion("p1"), data()),
        (lambda api: api.redeploy("d1"), data(deploymentRedeploy=SECRET)),
        (lambda api: api.redeploy("d1"), data(deploymentRedeploy={"id": None})),
    ],
)
def test_a_misshapen_answer_is_a_bad_response_that_shows_no_value(
    ask: Callable[[RailwayApi], Any], answer: httpx.Response
) -> None:
    with pytest.raises(errors.RailwayBadResponse) as caught:
        ask(api(Wire(answer)))

    assert SECRET not in everything_in(caught.value)


def test_moments_are_in_utc() -> None:
    wire = Wire(data(project=project_node(deletedAt="2026-01-02T05:04:05+02:00")))

    assert api(wire).project("p1").deleted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_token_is_not_judged_by_a_refusal_of_another_kind() -> None:
    wire = Wire(refusal("Not Authorized"), refusal("Problem processing request"))

    with pytest.raises(errors.RailwayNotReady):
        api(wire).token()


def test_a_variable_that_is_null_is_left_out() -> None:
    wire = Wire(data(variables={"A": "1", "GONE": None}))

    assert api(wire).variables("p1", "e1", "s1") == {"A": "1"}


@pytest.mark.parametrize("found", [None, "", 5])
def test_an_id_that_is_none_is_a_bad_response(found: object) -> None:
    wire = Wire(data(projectCreate={"id": found}))

    with pytest.raises(errors.RailwayBadResponse):
        api(wire).create_project("luthien-acme", workspace_id="w1", description="")
