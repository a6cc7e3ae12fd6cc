"""
Advance an operation: take the lease, take a turn with it, give it back.

The same for workers and for commands that run inline. Waiting never holds a worker:
the operation is put down with the moment when it is due, and a nudge for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from instances.models import Operation, Step
from instances.operations import lease as leases
from instances.operations import places
from instances.operations.pace import Pacing, full_pace
from instances.operations.plan import Plan
from instances.operations.run import Run
from instances.operations.turn import Turn
from instances.timing import Timing

logger = logging.getLogger(__name__)

# Real time: cron's sweep comes every minute. Who has stood still for longer was forgotten by
# all, or comes from a database that was put back.
LONG = timedelta(minutes=30)


def advance(
    operation_id: int,
    plans: Callable[[str], Plan[Any]],
    timing: Timing,
    *,
    pacing: Pacing = full_pace,
) -> bool:
    """
    Take one turn with the operation; return False when it is not ours to advance.

    `pacing` says how fast those go that were asked for together with others.
    Never raises for what can go wrong outside; raises EngineBug for a bug, after the
    operation has been put where a person sees it.
    """
    claimed = leases.claim(operation_id, timing)
    if claimed is None:
        return False
    lease, before = claimed
    operation = Operation.objects.select_related("instance").get(pk=operation_id)
    run = Run(operation, lease, timing, pacing)
    plan = plans(operation.kind)
    try:
        if before.state == Operation.State.RUNNING:
            run.doubt_from(before.lease_expires_at or timezone.now())
            run.warn(f"The worker {before.lease_owner} stopped without a word; going on from here.")
        if places.goes_on(run, usual=plan.usual):
            _take_turn(Turn(run, plan), before)
    except leases.LeaseLost:
        logger.warning("Operation %s was taken over by another worker.", operation_id)
    finally:
        places.hand_on(operation, timing)
    return True


def _take_turn(turn: Turn, before: Operation) -> None:
    if (still := _stood_still(before)) > LONG:
        turn.take_up_late(still)
    else:
        turn.take()


def _stood_still(before: Operation) -> timedelta:
    """Return for how long anybody might have taken the operation, and nobody did."""
    return timezone.now() - (before.lease_expires_at or before.due_at)


def add_steps(operation: Operation, plan: Plan[Any]) -> None:
    """Write every step of the plan, so that progress is "4 of 12" from the start."""
    Step.objects.bulk_create(
        Step(operation=operation, name=step.name, title=step.title, position=position)
        for position, step in enumerate(plan.steps, start=1)
    )
