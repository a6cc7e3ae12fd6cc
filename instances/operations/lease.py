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


# A watch comes this much after the lease that it watches has run out.
WATCH_DELAY = timedelta(milliseconds=50)


@dataclass(slots=True)
class Lease:
    """`watch` is the nudge that wakes another worker when this one dies."""

    operation_id: int
    token: uuid.UUID
    timing: Timing
    watch: int

    def write(self, **changes: Any) -> None:
        """Change the operation's row, or raise LeaseLost."""
        held = Operation.objects.filter(pk=self.operation_id, lease_token=self.token)
        if not held.update(**changes):
            raise LeaseLost

    def extend(self, seconds: float) -> None:
        """Hold on for a call that takes up to `seconds` (real ones)."""
        expiry = _expiry(self.timing, seconds)
        self.write(lease_expires_at=expiry)
        if not queue.put_off(self.watch, until=expiry + WATCH_DELAY):
            self.watch = queue.nudge(self.operation_id, at=expiry + WATCH_DELAY)

    @contextmanager
    def guarded(self, seconds: float = 0) -> Iterator[None]:
        """Extend the lease and do what is inside in one transaction, or raise LeaseLost."""
        with transaction.atomic():
            self.extend(seconds)
            yield


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
    watch = queue.nudge(operation_id, at=expiry + WATCH_DELAY)
    return Lease(operation_id, token, timing, watch), before


def release(**changes: Any) -> dict[str, Any]:
    """Return the changes that give the lease back together with `changes`."""
    return {"lease_token": None, "lease_expires_at": None, "lease_owner": "", **changes}


def _expiry(timing: Timing, seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds) + timing.lease_margin
