"""Runs that cron or a schedule starts: one at a time, their results, and held ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from instances.exceptions import Busy, Held, InstancesError, NotPossible
from instances.models import Job
from instances.operations.lease import owner
from instances.railway.client import errors
from instances.services import people
from instances.services.people import Requester

# Real seconds: a run that says nothing for so long is dead.
SILENCE = timedelta(minutes=5)
# How long what a person has let through stays so, for the next run.
PASS = timedelta(hours=1)
NOT_HELD: dict[str, Any] = {"held_at": None, "held_because": "", "held_rows": []}
NOT_PASSED: dict[str, Any] = {
    "pass_until": None,
    "pass_by_name": "",
    "pass_reason": "",
    "pass_rows": [],
}


class LockLost(InstancesError):
    """The run was silent for too long, and another one has begun."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Somebody lets the run that is about to begin through the guard, and says why."""

    requester: Requester
    reason: str


@dataclass
class JobRun:
    """One run. Every write of it goes through `extend`, so that a run taken for dead stops."""

    job: Job
    token: uuid.UUID
    silence: timedelta
    passed_by: str = ""
    # What somebody has let through: these rows, or all that this very run finds.
    passed_rows: frozenset[int] = frozenset()
    passes_all: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    # Why it ends early, when it does: such a run is neither complete nor in error.
    put_off: str = ""

    @property
    def begun_at(self) -> datetime:
        return self.job.started_at or timezone.now()

    def extend(self) -> None:
        """Go on holding the lock; raise LockLost when another run has it."""
        if not self._ours().update(locked_until=timezone.now() + self.silence):
            raise LockLost(f"{self.job}: another run has begun, so this one has stopped.")

    def hold(self, held: Held) -> None:
        self._ours().update(held_at=timezone.now(), held_because=str(held), held_rows=held.rows)

    def is_passed(self, row: int) -> bool:
        """Tell whether a person has let this run touch the instance of that key."""
        return self.passes_all or row in self.passed_rows

    def _ours(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, locked_by=self.token)

    def end(self, error: str, *, complete: bool) -> None:
        now = timezone.now()
        changes: dict[str, Any] = {"finished_at": now, "error": error, "put_off": self.put_off}
        if complete or self.result:
            # One that failed before it had a result leaves the last one there.
            changes["result"] = self.result
        if complete:
            changes |= {"complete_at": self.job.started_at, **NOT_HELD}
        if complete and self.passed_by:
            # What was let through is used up, whether it was needed or not.
            changes |= NOT_PASSED
        self._ours().update(locked_by=None, locked_until=None, owner="", **changes)


@contextmanager
def running(
    name: Job.Name, *, silence: timedelta = SILENCE, let_by: Pass | None = None
) -> Iterator[JobRun]:
    """
    Hold the job's lock, for `silence` after its last sign of life. Raise Busy when another has it.

    With `let_by` the guard lets this run through. A Held that passes through here is stored
    for people to see, and raised on.
    """
    if let_by:
        _expect_reason(let_by.reason)
    run = _take(name, silence)
    if let_by:
        run.passed_by, run.passes_all = let_by.requester.name, True
        reason = people.masked_reason(let_by.reason)
        people.note_job(run.job, let_by.requester, "This run was let through", reason)
    error, complete = "", False
    try:
        yield run
        complete = not run.put_off
    except Held as held:
        run.hold(held)
        raise
    except (InstancesError, errors.RailwayError) as failure:
        error = str(failure)
        raise
    except (KeyboardInterrupt, SystemExit):
        error = "It was interrupted."
        raise
    except BaseException as bug:
        error = f"The app itself failed ({type(bug).__name__}); its log has the details."
        raise
    finally:
        run.end(error, complete=complete)


def _take(name: Job.Name, silence: timedelta) -> JobRun:
    job, _ = Job.objects.get_or_create(name=name)
    now, token = timezone.now(), uuid.uuid4()
    free = Job.objects.filter(Q(locked_until=None) | Q(locked_until__lt=now), pk=job.pk)
    if not free.update(locked_by=token, locked_until=now + silence, owner=owner(), started_at=now):
        job.refresh_from_db()
        since = f" since {job.started_at:%H:%M:%S} UTC" if job.started_at else ""
        raise Busy(f"{job}: a run is at it already ({job.owner}{since}). This one did nothing.")
    job.refresh_from_db()
    run = JobRun(job, token, silence)
    if is_let_through(job):
        run.passed_by, run.passed_rows = job.pass_by_name, frozenset(job.pass_rows)
    return run


def is_let_through(job: Job) -> bool:
    """Tell whether somebody has let the next run through, and not too long ago."""
    return job.pass_until is not None and job.pass_until > timezone.now()


def why_not_let_through(job: Job) -> str:
    """Return why the job's run cannot be let through; empty when it can."""
    if is_let_through(job):
        return f"{job.pass_by_name} has let the next run through already."
    if job.held_at is None:
        return "The guard holds nothing back."
    return ""


@transaction.atomic
def let_through(job: Job, requester: Requester, reason: str) -> None:
    """
    Let the next run touch what it was held for, once and within the hour. Raise NotPossible.

    What has come in addition by then counts against the guard's limits as ever.
    """
    _expect_reason(reason)
    row = Job.objects.select_for_update().get(pk=job.pk)
    if refusal := why_not_let_through(row):
        raise NotPossible(refusal)
    row.pass_until, row.pass_by_name = timezone.now() + PASS, requester.name
    row.pass_reason, row.pass_rows = people.masked_reason(reason), row.held_rows
    row.save(update_fields=list(NOT_PASSED))
    people.note_job(row, requester, "The next run was let through", row.pass_reason)


def _expect_reason(reason: str) -> None:
    if not reason.strip():
        raise NotPossible("Say why: the reason stays in the history.")
