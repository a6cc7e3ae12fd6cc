"""
What the page of an operation shows, and what an update of it carries.

The page asks again every second or so (operation/status.html). It says which version it
shows, so that nothing is sent while nothing has changed; log lines are only added, and
buttons only replaced when they differ, so that a click or a selection is not lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from instances.admin import labels
from instances.admin.keys import Access
from instances.admin.verbs import Button, reasons
from instances.models import LogLine, Operation, Step
from instances.services import recovery

# How many log lines a page starts with; the newest.
FIRST_LINES = 500
# Real seconds: when nobody has come for so long, no worker is there.
WORKER_LATE = timedelta(seconds=15)
# When a page asks again, in htmx's words. What is asked for shows up at once.
POLLS: Mapping[str, str] = {
    Operation.State.QUEUED: "load delay:200ms, every 500ms",
    Operation.State.RUNNING: "every 1s",
    Operation.State.WAITING: "every 2s",
    Operation.State.NEEDS_ATTENTION: "every 5s",
}
POLL_WITHOUT_WORKER = "every 5s"
# A log line's number fits a column of 64 bits.
LONGEST_NUMBER = 18


def version(operation: Operation) -> str:
    """
    Return a text that differs whenever the page would.

    Every write of a worker moves the lease or gives it back (operations/lease.py), the
    sweep touches the due date, and what people do changes the other columns; each of them
    before it adds to the log. So the row alone tells, and lines come in their order.
    """
    columns = (
        operation.state,
        operation.lease_expires_at,
        operation.due_at,
        operation.cancel_requested_at,
        operation.past_no_return,
        operation.rolling_back,
        operation.message,
        operation.finished_at,
        has_no_worker(operation),
    )
    return _digest(columns)


def has_no_worker(operation: Operation) -> bool:
    """Tell whether nobody comes: it is due, or its worker's lease has run out."""
    late = timezone.now() - WORKER_LATE
    if operation.state == Operation.State.RUNNING:
        return operation.lease_expires_at is not None and operation.lease_expires_at < late
    return operation.state in Operation.State.idle() and operation.due_at < late


class Progress:
    """How many steps are done: of the way forward, or of the way back while it goes there."""

    def __init__(self, operation: Operation) -> None:
        is_going_back = operation.rolling_back and operation.is_open
        steps = [step for step in operation.steps.all() if step.rollback == is_going_back]
        self.total = len(steps)
        self.done = sum(step.state == Step.State.DONE for step in steps)
        self.text = f"{self.done} of {self.total}"
        if is_going_back:
            self.text = f"rolling back, {self.text}"
        elif operation.rolling_back:
            self.text = f"{self.text}, rolled back"

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0


def took(operation: Operation) -> str:
    """Return how long the operation has taken, as people write it."""
    return "-" if operation.seconds is None else in_words(round(operation.seconds))


def ago(at: datetime) -> str:
    """Return how long ago it was, in one unit: "12 s", "2 min", "3 h", "5 d"."""
    seconds = max((timezone.now() - at).total_seconds(), 0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def in_words(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


class StepLine:
    """A step as a line of the table."""

    def __init__(self, step: Step, operation: Operation) -> None:
        self.step = step
        self.seconds = step.seconds
        self.took = "" if step.seconds is None else in_words(round(step.seconds, 1))
        self.icon = labels.STEP_ICONS[step.state]
        self.state = step.get_state_display()
        if step.state == Step.State.PENDING and not operation.is_open:
            self.icon, self.state = labels.STEP_ICONS[Step.State.SKIPPED], "Not reached"

    @property
    def is_ticking(self) -> bool:
        return self.step.state in {Step.State.RUNNING, Step.State.WAITING}


class Shown:
    """An operation as the page shows it; `seen` is what the page says that it has."""

    def __init__(
        self,
        operation: Operation,
        *,
        buttons: Sequence[Button],
        access: Access | None,
        seen: Mapping[str, str] | None = None,
    ) -> None:
        prefetch_related_objects([operation], "steps")
        self.operation = operation
        self.buttons = buttons
        self.access = access
        self.progress = Progress(operation)
        self._seen = seen or {}

    @property
    def poll(self) -> str:
        """Return when the page asks again; empty when there is nothing more to come."""
        return POLL_WITHOUT_WORKER if self.has_no_worker else POLLS.get(self.operation.state, "")

    @property
    def has_no_worker(self) -> bool:
        return has_no_worker(self.operation)

    @property
    def url(self) -> str:
        """Return the address of the next update, with what the page has by then."""
        newest = self.log_lines[-1].pk if self.log_lines else self._seen.get("log", "0")
        shown = {
            "seen": version(self.operation),
            "log": newest,
            "buttons": self.buttons_version,
        }
        address = reverse("admin:instances_operation_live", args=[self.operation.pk])
        return f"{address}?{urlencode(shown)}"

    @property
    def colour(self) -> str:
        return labels.colour(labels.OPERATION, self.operation.state)

    @property
    def advice(self) -> str:
        return recovery.advice(self.operation)

    @property
    def seconds_left(self) -> float | None:
        """Return the seconds to the end of the wait, or until somebody looks again."""
        if self.operation.state != Operation.State.WAITING:
            return None
        until = self.operation.expected_at or self.operation.due_at
        return max((until - timezone.now()).total_seconds(), 0.0)

    @property
    def took(self) -> str:
        return took(self.operation)

    @property
    def steps(self) -> list[StepLine]:
        return [StepLine(step, self.operation) for step in self.operation.steps.all()]

    @cached_property
    def log_lines(self) -> list[LogLine]:
        """Return the lines that the page does not have."""
        lines = self.operation.log_lines.order_by("-pk")
        last = self._seen.get("log", "")
        if last.isdecimal() and len(last) <= LONGEST_NUMBER:
            lines = lines.filter(pk__gt=int(last))
        return list(reversed(lines[:FIRST_LINES]))

    @property
    def reasons(self) -> dict[str, list[str]]:
        return reasons(self.buttons)

    @property
    def buttons_version(self) -> str:
        return _digest([button.why_not for button in self.buttons])

    @property
    def has_new_buttons(self) -> bool:
        return self._seen.get("buttons") != self.buttons_version


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
