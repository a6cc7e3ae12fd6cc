"""The gate: one at a time, in order, and nobody who is gone keeps it shut."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

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


def _run(name: str, requester: Requester, timing: Timing = TIMING) -> Run:
    operation = creation.request(Wish(name), requester)
    claimed = lease.claim(operation.pk, timing)
    assert claimed
    return Run(Operation.objects.get(pk=operation.pk), claimed[0], timing)


def enter(run: Run) -> Waiting | None:
    return gate.enter(run, gate.PROJECTS, KEY, seconds=5)


def leave(run: Run) -> None:
    gate.leave(run, gate.PROJECTS, KEY, begun=timezone.now())


def fresh(run: Run) -> Operation:
    return Operation.objects.get(pk=run.operation.pk)


def put_down(run: Run, *, seconds: float = 0.0) -> None:
    """Have it wait in line as a turn does, or for longer."""
    waits = enter(run)
    assert waits
    pause = TIMING.span(seconds or waits.seconds)
    expected_at = timezone.now() + TIMING.span(waits.about or 0)
    changes = {"due_at": timezone.now() + pause, "expected_at": expected_at}
    run.lease.write(**lease.release(state=Operation.State.WAITING, **changes))


def leave_line(run: Run) -> None:
    Operation.objects.filter(pk=run.operation.pk).update(gate="")


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
    before = timezone.now()
    leave(runs[0])
    after = timezone.now()

    waits = enter(runs[1])

    interval = TIMING.span(31)
    assert waits is not None
    assert before + interval <= Gate.objects.get(key=KEY).opens_at <= after + interval


def test_who_came_first_goes_first(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    leave(runs[0])
    open_now()

    overtaking, in_turn = enter(runs[2]), enter(runs[1])

    assert overtaking is not None
    assert in_turn is None


def test_the_order_is_that_of_asking_and_not_of_coming_to_the_gate(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[2])
    enter(runs[1])
    leave(runs[0])
    open_now()

    overtaking, in_turn = enter(runs[2]), enter(runs[1])

    assert overtaking is not None
    assert in_turn is None


def test_who_leaves_wakes_the_next_in_line_for_the_moment_when_it_opens(runs: list[Run]) -> None:
    enter(runs[0])
    put_down(runs[1])
    put_down(runs[2])
    third_is_due = fresh(runs[2]).due_at

    leave(runs[0])

    opens_at = Gate.objects.get(key=KEY).opens_at
    assert fresh(runs[1]).due_at == opens_at
    assert fresh(runs[2]).due_at == third_is_due
    newest = OrmQ.objects.latest("pk")
    assert (newest.lock, newest.args()) == (opens_at, (runs[1].operation.pk,))


def test_whoever_sleeps_in_line_for_long_keeps_its_turn(runs: list[Run]) -> None:
    enter(runs[0])
    put_down(runs[1])
    put_down(runs[2], seconds=600)
    leave(runs[0])
    leave_line(runs[1])
    open_now()

    fourth = _run("four", Requester(runs[0].operation.requested_by_id or 0, "ann"))

    assert enter(fourth) is not None


def test_without_a_call_the_gate_opens_at_once_and_the_place_is_kept(runs: list[Run]) -> None:
    enter(runs[0])

    gate.leave(runs[0], gate.PROJECTS, KEY, begun=None)

    assert enter(runs[1]) is not None, "the first is still first"
    assert enter(runs[0]) is None


def test_whoever_is_told_to_come_again_keeps_its_place_and_nobody_passes_meanwhile(
    runs: list[Run],
) -> None:
    enter(runs[0])

    gate.leave(runs[0], gate.PROJECTS, KEY, begun=timezone.now(), refused=True)

    assert enter(runs[1]) is not None
    assert enter(runs[0]) is None


def test_where_the_call_waits_itself_the_interval_begins_with_it(runs: list[Run]) -> None:
    begun = timezone.now() - TIMING.span(10)
    gate.enter(runs[0], gate.VOLUMES, KEY, seconds=5)

    gate.leave(runs[0], gate.VOLUMES, KEY, begun=begun)

    opens = Gate.objects.get().opens_at - begun
    assert opens == TIMING.span(16)


def test_the_farther_back_the_longer_they_sleep(requester: Requester) -> None:
    waits = [enter(_run(f"acme-{number}", requester, Timing(1.0))) for number in range(8)]

    pauses = [wait.seconds for wait in waits if wait]
    assert pauses == [2.0, 10.0, 10.0, 15.0, 20.0, 25.0, 30.0]


def test_who_does_not_come_when_it_is_their_turn_is_overtaken(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    leave(runs[0])
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

    leave(runs[1])

    assert Gate.objects.get(key=KEY).held_by == runs[0].lease.token


def test_a_worker_that_was_late_leaves_its_successors_place_alone(runs: list[Run]) -> None:
    enter(runs[0])
    Operation.objects.filter(pk=runs[0].operation.pk).update(lease_token=uuid.uuid4())

    leave(runs[0])

    assert Operation.objects.get(pk=runs[0].operation.pk).gate == KEY


def test_another_workspace_has_a_gate_of_its_own(runs: list[Run]) -> None:
    enter(runs[0])

    assert gate.enter(runs[1], gate.PROJECTS, "another", seconds=5) is None


def test_waiting_in_line_uses_up_no_budget(runs: list[Run]) -> None:
    Gate.objects.create(key=KEY, held_by=uuid.uuid4(), held_until=timezone.now())

    waits = enter(runs[0])

    assert waits is not None
    assert waits.in_line


def test_who_is_rolling_back_or_asleep_for_long_keeps_nobody_waiting(runs: list[Run]) -> None:
    enter(runs[0])
    enter(runs[1])
    enter(runs[2])
    leave(runs[0])
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
    assert (second.about, third.about) == (31.0, 62.0)
