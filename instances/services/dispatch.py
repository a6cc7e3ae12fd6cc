"""Carry out operations: which plan for which kind, from the queue, inline, or by the sweep."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from instances import queue, timing
from instances.models import Job, LogLine, Operation
from instances.operations import engine
from instances.operations.plan import Plan
from instances.operations.turn import DATABASE_AWAY, EngineBug
from instances.services import adoption, budgets, creation, deletion, jobs, redeployment, rotation

logger = logging.getLogger(__name__)

PLANS: dict[str, Plan[Any]] = {
    Operation.Kind.CREATE: creation.PLAN,
    Operation.Kind.SYNC: adoption.SYNC_PLAN,
    Operation.Kind.ADOPT: adoption.ADOPT_PLAN,
    Operation.Kind.REDEPLOY: redeployment.PLAN,
    Operation.Kind.ROTATE_KEYS: rotation.PLAN,
    Operation.Kind.SCHEDULE_DELETION: deletion.SCHEDULE_PLAN,
    Operation.Kind.CANCEL_DELETION: deletion.CANCEL_PLAN,
    Operation.Kind.DELETE: deletion.DELETE_PLAN,
}
# Lease margins: what is due for longer was lost, its nudge and its watch alike.
NUDGE_LATE = 1.5
# Real seconds.
INLINE_LOOK = 0.5
# A sweep that was killed must not keep the next ones out for long.
SWEEP_MARGIN = timedelta(seconds=20)


def advance(operation_id: int) -> bool:
    """Take one turn with the operation, if it is due and of a kind that we know."""
    if not Operation.objects.filter(pk=operation_id, kind__in=list(PLANS)).exists():
        return False
    return engine.advance(operation_id, PLANS.__getitem__, timing.current(), pacing=budgets.pace)


def run_inline(operation: Operation, *, watch: Callable[[Operation], None]) -> None:
    """
    Carry the operation on in this process until it no longer moves by itself.

    `watch` is called with the fresh row after every turn and every wait. Workers may
    take turns too; whoever holds the lease goes on.
    """
    while operation.is_moving:
        _advance_or_log(operation.pk)
        operation.refresh_from_db()
        watch(operation)
        if operation.is_moving:
            time.sleep(_pause(operation))


def _pause(operation: Operation) -> float:
    """Return the seconds to sleep before looking again."""
    if operation.state == Operation.State.RUNNING:
        return INLINE_LOOK
    left = (operation.due_at - timezone.now()).total_seconds()
    return min(max(left, 0.02), INLINE_LOOK)


def sweep(*, seconds: float = 0.0) -> list[Operation]:
    """
    Pick up every operation that should move and does not; return them.

    With `seconds`, as from cron, advance them here for at most that long, since the
    cluster may be hung; otherwise nudge a worker for each. Raise Busy when another sweep
    is at it.
    """
    silence = timedelta(seconds=seconds) + SWEEP_MARGIN
    with jobs.running(Job.Name.SWEEP, silence=silence) as job:
        lost = _pick_up(seconds)
        job.result = {"picked_up": len(lost)}
        return lost


def _pick_up(seconds: float) -> list[Operation]:
    late = timezone.now() - NUDGE_LATE * timing.current().lease_margin
    found = list(Operation.objects.due(timezone.now()).order_by("due_at"))
    lost = [each for each in found if each.state == "running" or each.due_at < late]
    for operation in lost:
        _say_why(operation)
        if not seconds:
            queue.nudge(operation.pk)
    if seconds:
        _advance_due(until=time.monotonic() + seconds)
    return lost


@transaction.atomic
def _say_why(operation: Operation) -> None:
    """Add a line to the operation's log, unless it has moved on since it was found."""
    found = Operation.objects.filter(
        pk=operation.pk,
        state=operation.state,
        due_at=operation.due_at,
        lease_token=operation.lease_token,
    )
    # The least change that those who watch the row can see; it is due as it was.
    if not found.update(due_at=operation.due_at + timedelta(microseconds=1)):
        return
    if operation.state == Operation.State.RUNNING:
        why = f"the lease of its worker {operation.lease_owner} ran out"
    else:
        why = f"it was due at {operation.due_at:%H:%M:%S} UTC and no worker came"
    text = f"Picked up by the sweep: {why}."
    logger.warning("%s: %s", operation, text)
    LogLine.objects.create(operation=operation, level=LogLine.Level.WARNING, text=text)


def _advance_or_log(operation_id: int) -> bool:
    """One operation that fails must not keep the others from going on."""
    try:
        return advance(operation_id)
    except EngineBug as error:
        logger.error("Operation %s: %s", operation_id, error)
    except DATABASE_AWAY as error:
        logger.error("Operation %s: the database failed: %s", operation_id, error)
        connection.close_if_unusable_or_obsolete()
    return True


def _advance_due(*, until: float) -> None:
    """Advance what is due, one turn each in the order of their moments, until the time is up."""
    while time.monotonic() < until:
        due = Operation.objects.due(timezone.now()).order_by("due_at").values_list("pk", flat=True)
        turns = [_advance_or_log(pk) for pk in due if time.monotonic() < until]
        if any(turns):
            continue
        if not Operation.objects.filter(state__in=Operation.State.moving()).exists():
            return
        time.sleep(INLINE_LOOK)
