"""Whatever one answer says: an operation ends or waits with a sentence, and nothing odd is kept."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from instances.models import Instance, LogLine, Operation, Service, Step
from instances.services import adoption, creation, deletion, dispatch, redeployment, rotation
from instances.services.creation import Wish
from instances.services.people import Requester
from tests.conftest import Stand
from tests.strange import as_json, examples, gone_wrong, json_values, whats_wrong_with

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("scale", [0.002])]

Ask = Callable[[Instance, Requester], Operation]
ASKS: dict[str, Ask] = {
    "sync": adoption.sync,
    "redeploy": redeployment.request,
    "schedule": lambda row, by: deletion.schedule(row, by, reason="a test", reschedule=True),
    "cancel": deletion.cancel,
    "rotate": lambda row, by: rotation.request(row, by, reason="a test"),
    "delete": lambda row, by: deletion.delete(row, by, reason="a test"),
}
TAGGED = "Demo deletion-scheduled:2099-01-01T00:00:00Z"
TURNS = 10
# Names of instances that no example has used before.
numbers = itertools.count()


class Wire:
    """The last metre: of the answers that come through it, one is altered."""

    def __init__(self) -> None:
        self.passed = 0
        self.altered = -1
        self.alter: Callable[[Any], Any] = lambda answer: answer
        self.whole = httpx.HTTPTransport.handle_request

    def handle_request(
        self, transport: httpx.HTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        response = self.whole(transport, request)
        response.read()
        self.passed += 1
        if self.passed - 1 != self.altered:
            return response
        return httpx.Response(response.status_code, content=self.alter(response.content))

    def start(self, altered: int, alter: Callable[[Any], Any]) -> None:
        self.passed, self.altered, self.alter = 0, altered, alter


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return made.handle_request(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
    return made


def gone_wrong_in(data: st.DataObject) -> Callable[[bytes], bytes]:
    """Return what makes a wrong answer of a right one, as `data` has it."""

    def alter(content: bytes) -> bytes:
        try:
            right = json.loads(content)
        except ValueError:
            return as_json(data.draw(json_values))
        return as_json(data.draw(gone_wrong(right)))

    return alter


def carry_on(operation: Operation) -> Operation:
    """Take so many turns with it, or until it no longer moves; raise EngineBug for a bug."""
    for _ in range(TURNS):
        if operation.is_moving:
            time.sleep(min(max((operation.due_at - timezone.now()).total_seconds(), 0), 0.1))
            dispatch.advance(operation.pk)
            operation.refresh_from_db()
    return operation


def whats_odd() -> str:
    """Say what is wrong with what the database holds."""
    tables = [Instance, Service, Operation, Step, LogLine]
    return whats_wrong_with(
        [list(row.values()) for t in tables for row in t._default_manager.values()]
    )


def is_told(operation: Operation) -> bool:
    """Tell whether it says why it is where it is, and that that is not a fault of the app."""
    said = f"{operation.message}{operation.waiting_for}"
    is_fine = operation.state == Operation.State.SUCCEEDED
    return "The app itself failed" not in said and bool(said or is_fine)


@pytest.mark.parametrize("name", ASKS)
@examples(4)
@given(data=st.data(), place=st.integers(0, 7))
def test_one_answer_gone_wrong(
    stand: Stand, requester: Requester, wire: Wire, name: str, data: st.DataObject, place: int
) -> None:
    wire.start(-1, bytes)
    description = TAGGED if name == "cancel" else None
    instance = stand(f"{name}-{next(numbers)}", description=description)
    operation = ASKS[name](instance, requester)
    wire.start(place, gone_wrong_in(data))

    carry_on(operation)

    assert is_told(operation)
    assert whats_odd() == ""


@examples(2)
@given(data=st.data(), place=st.integers(0, 20))
def test_one_answer_to_a_create_gone_wrong(
    railway: object, requester: Requester, wire: Wire, data: st.DataObject, place: int
) -> None:
    wire.start(place, gone_wrong_in(data))
    operation = creation.request(Wish(f"new-{next(numbers)}"), requester)

    carry_on(operation)

    assert is_told(operation)
    assert whats_odd() == ""
