"""
Places for operations that were asked for together: only so many are under way at once.

The others wait in line, in the order in which they were asked for. Who has a place is
decided under the lock of one row, so the number holds across workers and machines. A place
that becomes free goes to the first in line, who is woken; nobody else is. Those in line
also look by themselves, the more seldom the farther back they stand: a nudge may be lost,
and whoever has a place may be gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from instances import queue
from instances.models import Gate, Operation
from instances.models.operation import OperationQuerySet
from instances.operations import lease as leases
from instances.operations.ordinals import ordinal
from instances.operations.run import Run
from instances.timing import Timing

# The row under whose lock it is decided.
KEY = "bulk"
# Seconds at scale 1: how soon the first in line looks by itself, and how much later each next.
LOOK_AGAIN = 30.0
LOOK_LATER = 10.0
# The same in real seconds, at the least: looking costs as much at any scale.
LEAST_LOOK = 5.0
LEAST_LATER = 1.0
# Seconds at scale 1, and real ones at the least: whoever nobody comes for loses the place.
LATE = 60.0
LEAST_LATE = 20.0

State = Operation.State


def begin(operation: Operation, *, usual: float, timing: Timing) -> None:
    """
    Wake a worker for it, or put it in line when it was asked for together with others.

    For the transaction that asks. `usual`: the seconds at scale 1 that one of its kind takes.
    """
    if not operation.is_bulk:
        leases.wake(operation.pk, timing)
        return
    with _decision():
        _give_free_places(timing)
        row = Operation.objects.filter(pk=operation.pk, has_place=False)
        if row.update(**_waiting(operation, usual, timing)):
            operation.refresh_from_db()
            queue.nudge(operation.pk, at=operation.due_at)


def goes_on(run: Run, *, usual: float) -> bool:
    """Tell whether it may go on. One that has to wait has been put down until it may."""
    operation = run.operation
    is_leaving = operation.rolling_back or operation.cancel_requested_at
    if not operation.is_bulk or operation.has_place or is_leaving:
        return True
    with _decision():
        _with_place().filter(_gone(run.timing)).update(has_place=False)
        _give_free_places(run.timing)
        operation.refresh_from_db(fields=["has_place"])
        if operation.has_place:
            return True
        changes = _waiting(operation, usual, run.timing)
        run.lease.watch_after(changes["due_at"])
        run.lease.write(**leases.release(**changes))
        queue.nudge(operation.pk, at=changes["due_at"])
        return False


def hand_on(operation: Operation, timing: Timing) -> None:
    """Give the place of one that has ended, or that a person has to see to, to the next."""
    if operation.is_bulk and not operation.is_moving:
        with _decision():
            _give_free_places(timing)


@contextmanager
def _decision() -> Iterator[None]:
    Gate.objects.get_or_create(key=KEY)
    with transaction.atomic():
        Gate.objects.select_for_update().get(key=KEY)
        yield


def _with_place() -> OperationQuerySet:
    return Operation.objects.filter(is_bulk=True, has_place=True, state__in=State.moving())


def _in_line(timing: Timing) -> OperationQuerySet:
    """Those that wait for a place and answer. Whoever is on the way out needs none."""
    line = Operation.objects.filter(
        is_bulk=True,
        has_place=False,
        state__in=State.moving(),
        rolling_back=False,
        cancel_requested_at=None,
    )
    return line.exclude(_gone(timing))


def _gone(timing: Timing) -> Q:
    """Whoever nobody comes for does not keep the others waiting; it queues up again."""
    late = timezone.now() - max(timing.span(LATE), timedelta(seconds=LEAST_LATE))
    return Q(state__in=State.idle(), due_at__lt=late) | Q(
        state=State.RUNNING, lease_expires_at__lt=late
    )


def _give_free_places(timing: Timing) -> None:
    free = settings.BULK_OPERATIONS_AT_ONCE - _with_place().count()
    if free <= 0:
        return
    now = timezone.now()
    for key in list(_in_line(timing).order_by("pk").values_list("pk", flat=True)[:free]):
        if not _in_line(timing).filter(pk=key).update(has_place=True):
            continue
        asleep = Operation.objects.filter(pk=key, state__in=State.idle())
        # One that looks at this very moment finds its place itself.
        if asleep.update(due_at=now, waiting_for="", expected_at=None):
            queue.nudge(key)


def _waiting(operation: Operation, usual: float, timing: Timing) -> dict[str, Any]:
    """Return what a row in line looks like."""
    now, at_once = timezone.now(), settings.BULK_OPERATIONS_AT_ONCE
    ahead = _in_line(timing).filter(pk__lt=operation.pk).count()
    pause = max(
        timing.span(LOOK_AGAIN + LOOK_LATER * ahead),
        timedelta(seconds=LEAST_LOOK + LEAST_LATER * ahead),
    )
    return {
        "state": State.WAITING,
        "due_at": now + pause,
        "expected_at": now + timing.span(usual * (ahead // at_once + 1)),
        "waiting_for": (
            f"Waiting for its turn: of what is asked for together, {at_once} are under way at"
            f" once; {ordinal(ahead + 1)} in line."
        ),
    }
