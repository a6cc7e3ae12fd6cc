"""Budgets and the edge, and what is wrong with a request itself."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from instances.simulator.server import LocalRailway
from tests.simulator.conftest import Client, bearer, http

QUERY = "{ apiToken { workspaces { id } } }"


def test_every_answer_says_what_is_left_of_the_hour() -> None:
    with LocalRailway(hourly_limit=5) as railway:
        ask = Client(railway)
        ask(QUERY)
        answer = ask(QUERY)
        rate = "{ me { apiTokenRateLimit { remainingPoints } } }"
        shown = ask(rate).data["me"]["apiTokenRateLimit"]

    assert answer.headers["X-RateLimit-Limit"] == "5"
    assert answer.headers["X-RateLimit-Remaining"] == "3"
    assert int(answer.headers["X-RateLimit-Reset"]) > datetime.now(UTC).timestamp()
    assert shown == {"remainingPoints": 2}


def test_a_spent_budget_is_429_with_a_hint_for_that_token_only() -> None:
    with LocalRailway(hourly_limit=2) as railway:
        ask, other = Client(railway), Client(railway, bearer("workspace-token"))
        answers = [ask(QUERY) for _ in range(3)]

        assert [answer.status for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[2].headers["Retry-After"]) <= 3601
        assert answers[2].json["errors"]
        assert other(QUERY).status == 200


def test_the_hour_of_a_budget_is_as_short_as_the_scale_makes_it() -> None:
    with LocalRailway(hourly_limit=1, time_scale=0.0002) as railway:
        ask = Client(railway)
        first, second = ask(QUERY), ask(QUERY)
        resets_at = int(first.headers["X-RateLimit-Reset"])
        time.sleep(0.75)
        third = ask(QUERY)

    assert [answer.status for answer in (first, second, third)] == [200, 429, 200]
    assert 0 <= resets_at - time.time() + 0.75 <= 3


def test_the_edge_bans_fast_clients_without_a_query_string(railway: LocalRailway) -> None:
    bare = Client(railway, query_string="")

    answers = [bare(QUERY) for _ in range(12)]

    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2
    assert answers[-1].text == "error code: 1015"
    assert "X-RateLimit-Limit" not in answers[-1].headers


def test_the_edge_lets_clients_with_a_source_through(railway: LocalRailway) -> None:
    named = Client(railway)
    cli = Client(railway, bearer("account-token") | {"x-source": "CLI 5.43.1"}, "")

    answers = [client(QUERY) for client in (named, cli) for _ in range(15)]

    assert {answer.status for answer in answers} == {200}


def test_a_document_that_does_not_parse_is_400(ask: Client) -> None:
    answer = ask("{ me ")

    assert answer.status == 400
    assert answer.json["errors"][0]["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


def test_a_document_that_does_not_fit_the_schema_is_400(ask: Client) -> None:
    answer = ask("{ me { teams { id } } }")

    assert answer.status == 400
    assert "teams" in answer.message
    assert answer.json["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_an_operation_is_found_by_its_name(railway: LocalRailway) -> None:
    body = {
        "query": "query A { me { id } } query B { me { email } }",
        "operationName": "B",
        "variables": None,
    }

    answer = http("POST", f"{railway.url}?source=x", body, bearer("account-token"))

    assert answer.data == {"me": {"email": "ann@luthien.test"}}


def test_what_is_not_the_api_is_404_and_the_date_is_right(railway: LocalRailway) -> None:
    answer = http("GET", railway.url.removesuffix("/graphql/v2"))

    age = datetime.now(UTC) - parsedate_to_datetime(answer.headers["Date"])
    assert answer.status == 404
    assert abs(age.total_seconds()) < 5


def test_requests_are_recorded(railway: LocalRailway, ask: Client) -> None:
    ask("query Mine($id: String!) { project(id: $id) { id } }", id="nowhere")

    (record,) = railway.requests

    assert record.operation == "project"
    assert record.operation_name == "Mine"
    assert record.client == "app"
    assert record.token_kind == "account"
    assert record.variables == {"id": "nowhere"}
    assert (record.http_status, record.error) == (200, "Project not found")
