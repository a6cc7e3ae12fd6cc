"""HTTP and GraphQL: what is sent, what each answer means, and what is asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import time_machine

from instances.railway import errors
from instances.railway.api.budget import Budget
from instances.railway.api.transport import Transport
from instances.railway.config import Call, always
from instances.railway.masking import Mask
from tests.railway.conftest import (
    TOKEN,
    Wire,
    data,
    everything_in,
    make_config,
    make_transport,
    refusal,
)

QUERY = "query Me { me { id } }"
DOWN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
)
LOST = (
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
)
PAGE = httpx.Response(200, text="<html>One moment, please</html>")
ANSWER = data(me={"id": "u1"})


def read(wire: Wire, **variables: Any) -> dict[str, Any]:
    return make_transport(wire).read(QUERY, variables, name="me")


def change(wire: Wire, **variables: Any) -> dict[str, Any]:
    return make_transport(wire).change("mutation M { m }", variables, name="project_delete")


# What is sent.


def test_the_address_says_who_asks_so_that_the_edge_lets_it_through() -> None:
    wire = Wire(ANSWER)

    read(wire)

    assert str(wire.requests[0].url) == "https://backboard.test/graphql/v2?source=luthien-admin"


def test_a_query_in_the_configured_address_is_kept() -> None:
    wire = Wire(ANSWER)

    make_transport(wire, api_url="https://backboard.test/v2?region=eu&x=1").read(
        QUERY, {}, name="me"
    )

    assert dict(wire.requests[0].url.params) == {
        "region": "eu",
        "x": "1",
        "source": "luthien-admin",
    }


def test_document_and_variables_are_sent_as_json() -> None:
    wire = Wire(ANSWER)

    read(wire, id="p1")

    assert wire.requests[0].method == "POST"
    assert json.loads(wire.requests[0].content) == {"query": QUERY, "variables": {"id": "p1"}}


def test_the_token_is_sent_as_bearer_and_nothing_else() -> None:
    wire = Wire(ANSWER)

    read(wire)

    assert wire.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Project-Access-Token" not in wire.requests[0].headers


def test_a_project_token_is_sent_in_its_own_header_and_nothing_else() -> None:
    wire = Wire(data(projectToken={"projectId": "p1"}))

    make_transport(wire).read_as_project("query P { projectToken }", name="project_token")

    assert wire.requests[0].headers["Project-Access-Token"] == TOKEN
    assert "Authorization" not in wire.requests[0].headers


def test_variables_that_are_none_are_left_out_and_other_empty_ones_are_not() -> None:
    wire = Wire(ANSWER)

    read(wire, after=None, first=0, name="", deleted=False)

    assert wire.variables == [{"first": 0, "name": "", "deleted": False}]


# What comes back.


def test_the_data_of_a_good_answer_is_returned() -> None:
    assert read(Wire(ANSWER)) == {"me": {"id": "u1"}}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Not Authorized", errors.RailwayUnauthorized),
        ("Project not found", errors.RailwayNotFound),
        ("ServiceInstance not found", errors.RailwayNotReady),
        ("You are creating projects too quickly.", errors.RailwayThrottled),
        ("Invalid project name", errors.RailwayRefused),
    ],
)
def test_the_message_of_a_graphql_error_decides_whatever_the_status(
    status: int, message: str, kind: type[errors.RailwayError]
) -> None:
    with pytest.raises(errors.RailwayError, match=message) as caught:
        change(Wire(refusal(message, status)))

    assert type(caught.value) is kind
    assert caught.value.may_have_happened is False


def test_errors_count_even_when_data_came_with_them() -> None:
    body = {"data": {"me": {"id": "u1"}}, "errors": [{"message": "Not Authorized"}]}

    with pytest.raises(errors.RailwayUnauthorized):
        read(Wire(httpx.Response(200, json=body)))


def test_an_empty_list_of_errors_is_no_error() -> None:
    body = {"data": {"me": None}, "errors": []}

    assert read(Wire(httpx.Response(200, json=body))) == {"me": None}


@pytest.mark.parametrize(
    "found",
    [
        ["Not Authorized"],
        "Not Authorized",
        {"message": "Not Authorized"},
        [{"message": "Not Authorized"}, {"message": "Project not found"}],
        [{"message": ["Not Authorized"]}],
    ],
)
def test_the_first_message_is_found_in_errors_of_any_shape(found: object) -> None:
    with pytest.raises(errors.RailwayUnauthorized, match="Not Authorized"):
        change(Wire(httpx.Response(200, json={"errors": found})))


@pytest.mark.parametrize("found", [[{}], [None], [{"message": None}], [[]], 7, {"code": 1}])
def test_errors_without_a_message_are_a_refusal_all_the_same(found: object) -> None:
    with pytest.raises(errors.RailwayRefused) as caught:
        change(Wire(httpx.Response(200, json={"errors": found})))

    assert type(caught.value) is errors.RailwayRefused


@pytest.mark.parametrize(
    "body",
    [{"data": None}, {}, {"data": []}, {"data": "text"}, {"data": 1}, {"errors": None}],
)
def test_an_answer_without_data_is_a_bad_response(body: dict[str, Any]) -> None:
    with pytest.raises(errors.RailwayBadResponse, match="project_delete has no data") as caught:
        change(Wire(httpx.Response(200, json=body)))

    assert caught.value.may_have_happened is True


@pytest.mark.parametrize(
    "answer",
    [
        PAGE,
        httpx.Response(200, text=""),
        httpx.Response(403, text="<html>Forbidden</html>"),
        httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
        httpx.Response(200, content=b"\xff\xfe\x00"),
    ],
)
def test_a_page_instead_of_json_is_no_answer(answer: httpx.Response) -> None:
    with pytest.raises(errors.RailwayUnreachable, match="page instead of JSON") as caught:
        change(Wire(answer))

    assert caught.value.may_have_happened is True
    assert str(answer.status_code) in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(504, text=""),
        httpx.Response(500, json={"errors": [{"message": "Not Authorized"}]}),
    ],
)
def test_a_server_error_is_no_answer_whatever_it_says(answer: httpx.Response) -> None:
    with pytest.raises(errors.RailwayUnreachable, match=f"HTTP {answer.status_code}") as caught:
        change(Wire(answer))

    assert caught.value.may_have_happened is True


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (httpx.Response(429, json={}, headers={"Retry-After": "17"}), 17.0),
        (httpx.Response(429, json={"errors": [{"message": "slow down"}]}), None),
        (httpx.Response(429, json={}, headers={"Retry-After": "later"}), None),
        (httpx.Response(429, text="error code: 1015"), 300.0),
        (httpx.Response(429, text="error code: 1015", headers={"Retry-After": "900"}), 900.0),
    ],
)
def test_too_many_requests_tells_when_to_come_back(
    answer: httpx.Response, seconds: float | None
) -> None:
    with pytest.raises(errors.RailwayThrottled, match="HTTP 429") as caught:
        change(Wire(answer))

    assert caught.value.retry_after == seconds
    assert caught.value.may_have_happened is False


# What does not come back.


@pytest.mark.parametrize("kind", DOWN)
def test_without_a_connection_nothing_can_have_happened(kind: type[httpx.RequestError]) -> None:
    with pytest.raises(errors.RailwayUnreachable, match=kind.__name__) as caught:
        change(Wire(kind))

    assert caught.value.may_have_happened is False


@pytest.mark.parametrize("kind", LOST)
def test_after_the_request_went_out_it_may_have_happened(kind: type[httpx.RequestError]) -> None:
    with pytest.raises(errors.RailwayUnreachable, match="project_delete") as caught:
        change(Wire(kind))

    assert caught.value.may_have_happened is True


# What is asked again.


@pytest.mark.parametrize("trouble", [PAGE, httpx.Response(503), *DOWN, *LOST])
def test_a_read_is_repeated_until_a_usable_answer_comes(
    trouble: httpx.Response | type[httpx.RequestError],
) -> None:
    wire = Wire(trouble, trouble, ANSWER)

    assert read(wire) == {"me": {"id": "u1"}}
    assert len(wire.requests) == 3


def test_a_read_gives_up_after_the_third_try() -> None:
    wire = Wire(httpx.ReadTimeout)

    with pytest.raises(errors.RailwayUnreachable):
        read(wire)

    assert len(wire.requests) == 3


@pytest.mark.parametrize(
    "answer",
    [refusal("Not Authorized"), httpx.Response(429, json={}), httpx.Response(200, json={})],
)
def test_a_read_that_was_answered_is_not_repeated(answer: httpx.Response) -> None:
    wire = Wire(answer)

    with pytest.raises(errors.RailwayError):
        read(wire)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("trouble", [PAGE, httpx.Response(503), *DOWN, *LOST])
def test_a_change_is_never_repeated(trouble: httpx.Response | type[httpx.RequestError]) -> None:
    wire = Wire(trouble, ANSWER)

    with pytest.raises(errors.RailwayUnreachable):
        change(wire)

    assert len(wire.requests) == 1


# Who is asked before.


def test_every_try_of_a_read_is_announced() -> None:
    calls: list[Call] = []
    wire = Wire(httpx.ReadTimeout, ANSWER)

    make_transport(wire, before_call=calls.append).read(QUERY, {}, name="me")

    assert [(call.name, call.changes) for call in calls] == [("me", False), ("me", False)]


def test_a_change_is_announced_as_one_with_the_seconds_it_may_take() -> None:
    calls: list[Call] = []

    make_transport(Wire(ANSWER), before_call=calls.append).change(QUERY, {}, name="deploy")

    assert calls == [Call("deploy", changes=True, seconds=0.03)]


def test_a_call_that_is_not_allowed_is_not_made() -> None:
    wire = Wire(ANSWER)

    def refuse(call: Call) -> None:
        raise LookupError(call.name)

    with pytest.raises(LookupError, match="deploy"):
        make_transport(wire, before_call=refuse).change(QUERY, {}, name="deploy")

    assert wire.requests == []


# What the headers tell.


def test_nothing_is_known_before_the_first_answer() -> None:
    transport = make_transport(Wire(ANSWER))

    assert transport.budget is None
    assert transport.has_server_time is False


def test_the_budget_is_recorded_from_refusals_too() -> None:
    answer = refusal("Not Authorized")
    answer.headers.update({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "7"})
    transport = make_transport(Wire(answer))

    with pytest.raises(errors.RailwayUnauthorized):
        transport.read(QUERY, {}, name="me")

    assert transport.budget == Budget(100, 7, None)


def test_an_answer_without_budget_headers_leaves_the_known_budget() -> None:
    first = httpx.Response(
        200,
        json={"data": {}},
        headers={
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "7",
            "X-RateLimit-Reset": "1893456060",
        },
    )
    transport = make_transport(Wire(first, ANSWER))

    transport.read(QUERY, {}, name="me")
    transport.read(QUERY, {}, name="me")

    assert transport.budget == Budget(100, 7, datetime(2030, 1, 1, 0, 1, tzinfo=UTC))


@time_machine.travel(datetime(2030, 1, 1, 12, tzinfo=UTC), tick=False)
def test_the_date_header_tells_railways_time() -> None:
    ahead = httpx.Response(
        200, json={"data": {}}, headers={"Date": "Tue, 01 Jan 2030 12:05:00 GMT"}
    )
    transport = make_transport(Wire(ahead))

    transport.read(QUERY, {}, name="me")

    assert transport.has_server_time is True
    assert transport.server_now == datetime(2030, 1, 1, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_an_unreadable_date_tells_nothing(date: str) -> None:
    answer = httpx.Response(200, json={"data": {}}, headers={"Date": date})
    transport = make_transport(Wire(answer))

    transport.read(QUERY, {}, name="me")

    assert transport.has_server_time is False


# What nobody may read.


@pytest.mark.parametrize(
    "trouble",
    [
        *DOWN,
        *LOST,
        PAGE,
        httpx.Response(502, text=TOKEN),
        httpx.Response(429, text=TOKEN),
        httpx.Response(200, json={"data": TOKEN}),
        refusal(f"Bearer {TOKEN} is not accepted"),
        refusal({"headers": {"Authorization": TOKEN}}),
    ],
)
def test_no_exception_shows_the_token(
    trouble: httpx.Response | type[httpx.RequestError],
) -> None:
    with pytest.raises(errors.RailwayError) as caught:
        change(Wire(trouble))

    assert TOKEN not in everything_in(caught.value)


def test_neither_configuration_nor_transport_shows_the_token() -> None:
    assert TOKEN not in repr(make_config())
    assert TOKEN not in repr(make_transport(Wire(ANSWER)))


# Proxies.


class AnswersMe(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"data": {"path": self.path}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the test's output silent."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), AnswersMe) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def use_proxy(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(url: str) -> None:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, url)

    return use


def ask_really(url: str) -> dict[str, Any]:
    config = make_config(api_url=url)
    with closing(Transport(config, mask=Mask(), before_call=always)) as transport:
        return transport.change(QUERY, {}, name="me")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_never_goes_through_a_proxy(port: int, host: str, use_proxy: Any) -> None:
    use_proxy("http://127.0.0.1:9")

    assert ask_really(f"http://{host}:{port}/v2") == {"path": "/v2?source=luthien-admin"}


def test_any_other_address_goes_through_the_proxy(port: int, use_proxy: Any) -> None:
    use_proxy(f"http://127.0.0.1:{port}")

    answer = ask_really("http://backboard.invalid/v2")

    assert answer == {"path": "http://backboard.invalid/v2?source=luthien-admin"}


# Odd headers and bodies must not turn a good answer into a crash.


@pytest.mark.parametrize(
    "headers",
    [
        {"date": "Mon, 23 Nov 2026 10:00:00 -0000"},
        {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1e18"},
        {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "nan"},
        {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1e400"},
    ],
)
def test_odd_headers_leave_a_good_answer_good(headers: dict[str, str]) -> None:
    wire = Wire(httpx.Response(200, json={"data": {"ok": True}}, headers=headers))

    assert change(wire) == {"ok": True}


def test_a_body_nested_beyond_reason_is_no_answer() -> None:
    wire = Wire(httpx.Response(200, text="[" * 100_000))

    with pytest.raises(errors.RailwayUnreachable, match="page instead of JSON"):
        change(wire)


def test_a_json_body_that_is_no_object_is_a_bad_response() -> None:
    with pytest.raises(errors.RailwayBadResponse, match="is no object"):
        change(Wire(httpx.Response(200, json=[])))


def test_a_token_beyond_ascii_shows_itself_in_no_error() -> None:
    wire = Wire(data(ok=True))
    transport = make_transport(wire, token="kéy-that-nobody-may-read")

    assert transport.read("query A { a }", {}, name="a") == {"ok": True}
