"""Whatever a gateway answers, and whatever its address is: what we know of it, or GatewayError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.gateway import GatewayClient, GatewayError
from tests.strange import (
    answers,
    as_json,
    examples,
    gone_wrong,
    texts,
    whats_wrong_with,
    wrong_values,
)

KEY = "the-admin-key-of-acme"
HEALTHY = {"status": "healthy", "version": "c0ffee"}
CHECKS = {"status": "ok", "checks": {"db": {"status": "ok"}, "redis": {"status": "ok"}}}

Ask = Callable[[GatewayClient], Any]
ASKS: dict[str, Ask] = {
    "health": lambda gateway: gateway.health(),
    "status": lambda gateway: gateway.status(KEY, KEY),
    "client key": lambda gateway: gateway.expect_client_key(KEY),
}
every_question = pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)


def asked(
    ask: Ask, answer: httpx.Response, *, url: str = "https://acme.test", times: int = 2
) -> Any:
    """Return what is made of the answer, which every request gets, when it is asked repeatedly."""

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    try:
        with GatewayClient(url, timeout=5, http=httpx.MockTransport(handle)) as gateway:
            return [ask(gateway) for _ in range(times)][-1]
    except GatewayError as error:
        return error


@every_question
@examples(60)
@given(answer=answers)
def test_any_answer_at_all(ask: Ask, answer: httpx.Response) -> None:
    found = asked(ask, answer)

    assert whats_wrong_with(found) == ""
    assert KEY not in str(found)


@every_question
@examples(40)
@given(body=gone_wrong(HEALTHY) | gone_wrong(CHECKS))
def test_a_right_answer_gone_wrong(ask: Ask, body: Any) -> None:
    answer = httpx.Response(200, stream=httpx.ByteStream(as_json(body)))

    assert whats_wrong_with(asked(ask, answer)) == ""


@every_question
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"content-type", b"text/plain; charset=hex"),
        (b"content-type", b"text/plain; charset=undefined"),
        (b"content-encoding", b"gzip"),
    ],
)
def test_a_header_that_stands_in_the_way(ask: Ask, name: bytes, text: bytes) -> None:
    answer = httpx.Response(503, headers=[(name, text)], stream=httpx.ByteStream(b"\xff {}"))

    assert isinstance(asked(ask, answer), GatewayError)


def test_a_cookie_does_not_stand_in_the_way_of_the_next_question() -> None:
    answer = httpx.Response(200, json=HEALTHY, headers=[(b"set-cookie", b"a=\xc3\xa9; path=/")])

    assert asked(ASKS["health"], answer) == "c0ffee"


@examples(60)
@given(version=wrong_values)
def test_any_version(version: Any) -> None:
    answer = httpx.Response(200, stream=httpx.ByteStream(as_json({**HEALTHY, "version": version})))

    found = asked(ASKS["health"], answer)

    assert isinstance(found, str)
    assert whats_wrong_with(found) == ""


@examples(60)
@given(host=texts | st.sampled_from(["acme.test:99999", "acme.test:-1", "[::1", "a b", "x" * 300]))
def test_any_address(host: str) -> None:
    found = asked(ASKS["health"], httpx.Response(200, json=HEALTHY), url=f"https://{host}")

    assert whats_wrong_with(found) == ""


@pytest.mark.parametrize("port", ["0", "65536", "99999", "99999999999999999999"])
def test_a_port_that_there_cannot_be(port: str) -> None:
    with (
        pytest.raises(GatewayError),
        GatewayClient(f"http://localhost:{port}", timeout=5) as gateway,
    ):
        gateway.health()
