"""One worker's turn with one operation: what a step may read, record and log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from instances.models import LogLine, Operation, Step
from instances.operations.lease import Lease
from instances.operations.pace import Pace, Pacing, full_pace
from instances.operations.plan import STOOD_STILL
from instances.timing import Timing

# Characters; what is longer than this comes from outside and is no sentence.
LONGEST_SENTENCE = 2000


class Run:
    """Holds the lease; every write checks it, so a worker that lost it writes nothing."""

    def __init__(
        self, operation: Operation, lease: Lease, timing: Timing, pacing: Pacing = full_pace
    ) -> None:
        self.operation = operation
        self._pacing = pacing
        self.lease = lease
        self.timing = timing
        self.mask: Callable[[str], str] = str
        self.steps = list(operation.steps.all())
        self.step = next((s for s in self.steps_now() if not s.is_finished), self.steps[-1])

    def steps_now(self) -> list[Step]:
        """Return the steps of the direction in which the operation goes."""
        return [step for step in self.steps if step.rollback == self.operation.rolling_back]

    def pace(self) -> Pace:
        """Return how fast it may go: what was asked for singly, or turns back, at full pace."""
        is_held = self.operation.is_bulk and not self.operation.rolling_back
        return self._pacing() if is_held else full_pace()

    def facts(self, name: str) -> dict[str, Any]:
        """Return what the step `name` of this operation has recorded."""
        found: dict[str, Any] = next((s.facts for s in self.steps if s.name == name), {})
        return found

    def seconds_since_answer(self) -> float:
        """Return the real seconds since the current step's last call was answered."""
        at = self.step.answered_at
        return self.seconds_since(at) if at else float("inf")

    def seconds_since(self, at: datetime) -> float:
        return (timezone.now() - at).total_seconds()

    def enter(self, step: Step) -> None:
        """Make `step` the current one."""
        self.step = step
        if step.state in {Step.State.PENDING, Step.State.FAILED}:
            now = timezone.now()
            self._write(
                state=Step.State.RUNNING,
                started_at=step.started_at or now,
                budget_from=step.budget_from or now,
            )
        elif step.state == Step.State.WAITING:
            self._write(state=Step.State.RUNNING)

    def before_call(self, *, changes: bool, seconds: float) -> None:
        """
        Count a remote call and hold the lease until its deadline, before it is made.

        A call that changes something and is counted without a result has an unknown
        outcome: a killed worker reports nothing.
        """
        now = timezone.now()
        with self.lease.guarded(seconds):
            if changes:
                self._update_step(attempts=F("attempts") + 1, attempt_at=now)
                self.step.attempts += 1
                self.step.attempt_at = now
            else:
                self._update_step(looks=F("looks") + 1)
                self.step.looks += 1

    def record(self, **facts: Any) -> None:
        """Keep what a call made; its outcome is known from here on."""
        merged = {**self.step.facts, **facts}
        self._write(facts=merged, attempt_at=None, answered_at=timezone.now(), setbacks=0)

    def remember(self, **facts: Any) -> None:
        """Keep what was seen before a call, without touching its outcome."""
        self._write(facts={**self.step.facts, **facts})

    def attempt_was_not_made(self) -> None:
        """The last call was refused: its outcome is known, nothing was done."""
        if self.step.attempt_at is not None:
            self._write(attempt_at=None, not_made=self.step.not_made + 1)

    def start_budget(self, at: datetime) -> None:
        """Count the time that this step may wait from `at` on."""
        self._write(budget_from=at)

    def note_standstill(self, text: str) -> None:
        """Keep with the operation that what it finds may be newer than what it knows."""
        config = {**self.operation.config, STOOD_STILL: True}
        with self.lease.guarded():
            self.lease.write(config=config)
            self.warn(text)
        self.operation.config = config

    def recover(self) -> None:
        """Failures in a row have come to an end."""
        if self.step.setbacks:
            self._write(setbacks=0)

    def set_back(self) -> int:
        """Count one more failure that passes by itself; return how many in a row."""
        self._write(setbacks=self.step.setbacks + 1)
        return self.step.setbacks

    def finish_step(self, state: Step.State, message: str = "", **facts: Any) -> None:
        self._write(
            state=state,
            message=message,
            facts={**self.step.facts, **facts},
            finished_at=timezone.now(),
            attempt_at=None,
            setbacks=0,
        )

    def fail_step(self, message: str) -> None:
        """Mark the current step; one that is done stays done, whatever comes after it."""
        if not self.step.is_finished:
            self._write(state=Step.State.FAILED, message=message, finished_at=timezone.now())

    def leave_step(self) -> None:
        """The current step is not gone on with; what is in doubt about it stays on its row."""
        if self.step.state in {Step.State.RUNNING, Step.State.WAITING}:
            self._write(state=Step.State.SKIPPED, message="", finished_at=timezone.now())

    def wait_in_step(self, message: str) -> None:
        self._write(state=Step.State.WAITING, message=message)

    def shown(self, text: str) -> str:
        """Return `text` as people may read it: masked, and not longer than a page."""
        return self.mask(text)[:LONGEST_SENTENCE]

    def doubt_from(self, at: datetime) -> None:
        """Count the doubt about the open call from `at`, the end of what it may have done."""
        if self.step.attempt_at is not None:
            self._write(attempt_at=at)

    def forget(self, *names: str) -> None:
        """Drop facts that belong to an earlier call."""
        if held := {name for name in names if name in self.step.facts}:
            kept = {name: value for name, value in self.step.facts.items() if name not in held}
            self._write(facts=kept)

    def log(self, text: str, *, level: LogLine.Level = LogLine.Level.INFO) -> None:
        """Add a masked line for people, while the lease is ours."""
        self.log_lines([(text, level)])

    def log_lines(self, lines: Iterable[tuple[str, LogLine.Level]]) -> None:
        made = [
            LogLine(
                operation=self.operation,
                step_name=self.step.name,
                level=level,
                text=self.shown(text),
            )
            for text, level in lines
        ]
        with self.lease.guarded():
            LogLine.objects.bulk_create(made)

    def warn(self, text: str) -> None:
        self.log(text, level=LogLine.Level.WARNING)

    def _write(self, **changes: Any) -> None:
        with self.lease.guarded():
            self._update_step(**changes)
        for name, value in changes.items():
            setattr(self.step, name, value)

    def _update_step(self, **changes: Any) -> None:
        Step.objects.filter(pk=self.step.pk).update(**changes)
