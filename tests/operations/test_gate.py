"""The gate: one at a time, in order, and nobody who is gone keeps it shut."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from instances.models import Gate, Operation
from instances.operations import gate, lease
from instances.operations.ordinals import ordinal
from instances.operations.plan import Waiting
from instances.operations.run import Run
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.timing import Timing

pytestmark = pytest.mark.django_db

KEY = "workspace"
TIMING = Timing(0.05)


@pytest.fixture
def runs(requester: Requester) -> list[Run]:
    """Three operations that want through, asked for one after the other."""
    return [_run(name, requester) for name in ("one", "two", "three")]


def _run(name: str, requester: Requester) -> Run:
    operation = creation.request(Wish(name), requester)
    claimed = lease.claim(operation.pk, TIMING)
    assert claimed
    return Run(Operation.objects.get(pk=operation.pk), claimed[0], TIMING)


def enter(run: Run) -> Waiting | None:
    return gate.enter(run, KEY, seconds=5)


def open_now() -> None:
    Gate.objects.update(opens_at=timezone.now() - timedelta(seconds=1))


def test_the_first_passes_and_the_next_ones_wait_in_line(runs: list[Run]) -> None:
    first, second, third = (enter(run) for run in runs)

    assert first is None
    assert isinstance(second, Waiting)
    assert isinstance(third, Waiting)
    assert "first in line" in second.reason
    assert "second in line" in third.reason


def test_the_gate_opens_an_interval_after_the_end_of_the_call(runs: list[Run]) -> None:
    enter(runs[0])
    gate.leave(runs[0], KEY)

    waits = enter(runs[1])

    opens = Gate.objects.get(key=KEY).opens_at - timezone.now()
    assert waits is not None
    assert TIMING.span(30) < opens <= TIMING.span(31)


def test_who_came_first_goes_first(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    gate.leave(runs[0], KEY)
    open_now()

    overtaking, in_turn = enter(runs[2]), enter(runs[1])

    assert overtaking is not None
    assert in_turn is None


def test_who_does_not_come_when_it_is_their_turn_is_overtaken(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    gate.leave(runs[0], KEY)
    open_now()
    Operation.objects.filter(pk=runs[1].operation.pk).update(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )

    assert enter(runs[2]) is None


def test_a_holder_that_died_keeps_it_shut_until_its_call_is_surely_over(runs: list[Run]) -> None:
    enter(runs[0])
    Operation.objects.filter(pk=runs[0].operation.pk).update(gate="")
    Gate.objects.update(held_until=timezone.now() - TIMING.span(30))
    too_early = enter(runs[1])
    Gate.objects.update(held_until=timezone.now() - TIMING.span(32))

    in_time = enter(runs[1])

    assert too_early is not None
    assert in_time is None


def test_only_the_holder_can_leave(runs: list[Run]) -> None:
    enter(runs[0])

    gate.leave(runs[1], KEY)

    assert Gate.objects.get(key=KEY).held_by == runs[0].lease.token


def test_a_worker_that_was_late_leaves_its_successors_place_alone(runs: list[Run]) -> None:
    enter(runs[0])
    Operation.objects.filter(pk=runs[0].operation.pk).update(lease_token=uuid.uuid4())

    gate.leave(runs[0], KEY)

    assert Operation.objects.get(pk=runs[0].operation.pk).gate == KEY


def test_another_workspace_has_a_gate_of_its_own(runs: list[Run]) -> None:
    enter(runs[0])

    assert gate.enter(runs[1], "another", seconds=5) is None


def test_waiting_in_line_uses_up_no_budget(runs: list[Run]) -> None:
    Gate.objects.create(key=KEY, held_by=uuid.uuid4(), held_until=timezone.now())

    waits = enter(runs[0])

    assert waits is not None
    assert waits.in_line


def test_who_is_rolling_back_or_asleep_for_long_keeps_nobody_waiting(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    gate.leave(runs[0], KEY)
    open_now()
    Operation.objects.filter(pk=runs[1].operation.pk).update(rolling_back=True)

    assert enter(runs[2]) is None


@pytest.mark.parametrize(
    ("place", "text"),
    [
        *((1, "first"), (9, "ninth"), (10, "10th"), (11, "11th"), (12, "12th"), (13, "13th")),
        *((21, "21st"), (22, "22nd"), (23, "23rd"), (24, "24th"), (101, "101st"), (111, "111th")),
    ],
)
def test_every_place_in_line_has_its_name(place: int, text: str) -> None:
    assert ordinal(place) == text


def test_the_place_in_line_comes_with_the_time_until_its_turn(runs: list[Run]) -> None:
    _, second, third = (enter(run) for run in runs)

    assert isinstance(second, Waiting)
    assert isinstance(third, Waiting)
    assert (second.about, third.about) == (gate.INTERVAL, 2 * gate.INTERVAL)
