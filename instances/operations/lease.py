"""
The right of one worker to advance one operation until a moment in time.

Every write of a worker goes through a guard on the lease's token: a worker that lost
its lease writes nothing. There is no heartbeat; each remote call extends the lease to
that call's own deadline, so a dead worker is missed soon after.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from instances import queue
from instances.models import Operation
from instances.timing import Timing


class LeaseLost(Exception):
    """Another worker has taken over; whatever this one knows is out of date."""


# A watch comes this much after the lease that it watches has run out, and by the lease's
# margin after the moment at which a nudge should have come.
WATCH_DELAY = timedelta(milliseconds=50)


@dataclass(slots=True)
class Lease:
    """
    `watch` is the nudge that wakes another worker when this one dies.

    It stays with the operation to its end: between two turns it stands in for a nudge that
    was handed out to a worker which then died.
    """

    operation_id: int
    token: uuid.UUID
    timing: Timing
    watch: int | None

    def write(self, **changes: Any) -> None:
        """Change the operation's row, or raise LeaseLost."""
        held = Operation.objects.filter(pk=self.operation_id, lease_token=self.token)
        if not held.update(**changes):
            raise LeaseLost

    def extend(self, seconds: float) -> None:
        """Hold on for a call that takes up to `seconds` (real ones)."""
        expiry = _expiry(self.timing, seconds)
        self.write(lease_expires_at=expiry)
        self.watch_from(expiry + WATCH_DELAY)

    def watch_from(self, at: datetime) -> None:
        """Have a worker look at the operation at that moment, whatever becomes of this one."""
        if not queue.put_off(self.watch, until=at):
            self.watch = queue.nudge(self.operation_id, at=at)
            self.write(watch=self.watch)

    def watch_after(self, due_at: datetime) -> None:
        """Have a worker look soon after the operation is due, should no other have come."""
        self.watch_from(due_at + self.timing.lease_margin)

    @contextmanager
    def guarded(self, seconds: float = 0) -> Iterator[None]:
        """Extend the lease and do what is inside in one transaction, or raise LeaseLost."""
        with transaction.atomic():
            self.extend(seconds)
            yield


def wake(operation_id: int, timing: Timing) -> None:
    """Have a worker look at the operation at once, and one soon after, should none have come."""
    queue.nudge(operation_id)
    watch = queue.nudge(operation_id, at=timezone.now() + timing.lease_margin)
    Operation.objects.filter(pk=operation_id).update(watch=watch)


def owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


@transaction.atomic
def claim(operation_id: int, timing: Timing) -> tuple[Lease, Operation] | None:
    """
    Take the operation if it is due, in one guarded UPDATE; None if another has it.

    The operation is returned as it was before, so that a take-over can be told.
    """
    now = timezone.now()
    before = Operation.objects.due(now).filter(pk=operation_id).first()
    if before is None:
        return None
    token, expiry = uuid.uuid4(), _expiry(timing, 0)
    taken = Operation.objects.due(now).filter(pk=operation_id, lease_token=before.lease_token)
    if not taken.update(
        state=Operation.State.RUNNING,
        lease_token=token,
        lease_expires_at=expiry,
        lease_owner=owner(),
        started_at=before.started_at or now,
        waiting_for="",
        expected_at=None,
    ):
        return None
    lease = Lease(operation_id, token, timing, before.watch)
    lease.watch_from(expiry + WATCH_DELAY)
    return lease, before


def release(**changes: Any) -> dict[str, Any]:
    """Return the changes that give the lease back together with `changes`."""
    return {"lease_token": None, "lease_expires_at": None, "lease_owner": "", **changes}


def _expiry(timing: Timing, seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds) + timing.lease_margin
