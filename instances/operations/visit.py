"""
One visit to one step: observe, ensure, record; and what an error means.

Ends when the step is done (None), when there is something to wait for (Pause), or
with Permanent or NeedsPerson.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from instances.models import Operation, Step
from instances.operations.lease import LeaseLost
from instances.operations.plan import (
    Done,
    NeedsPerson,
    OutcomeUnknown,
    Permanent,
    Plan,
    StepDefinition,
    StepError,
    Transient,
    Waiting,
)
from instances.operations.run import Run

# Seconds at scale 1.
BACKOFF_FIRST = 2.0
BACKOFF_MOST = 60.0
TRANSIENT_BUDGET = 1800.0
LOOK_AFTER_DOUBT = 2.0
# With a small hourly budget the other side may ask for one hour after another.
MOST_EXCUSED = 86_400.0
# Real seconds: whatever the other side says, look again after this.
LONGEST_PAUSE = 900.0
# What an error answer may have left behind shows up sooner than what nobody answered.
REFUSED_WINDOW = 30.0
# A visit that goes round more often than this is a bug in a step.
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Pause:
    """`until`: when to look again; `expected_at`: when it will probably be over."""

    until: datetime
    reason: str
    expected_at: datetime | None = None


class Visit:
    def __init__(self, run: Run, plan: Plan[Any], definition: StepDefinition[Any]) -> None:
        self.run = run
        self.plan = plan
        self.definition = definition

    @property
    def _ways_out(self) -> str:
        return ways_out(self.plan, self.run.operation)

    def go(self, work: Any) -> Pause | None:
        try:
            return self._look_and_act(work)
        except Transient as error:
            return self._try_later(error)
        except OutcomeUnknown as error:
            return self._doubt(error)

    def _look_and_act(self, work: Any) -> Pause | None:
        for _ in range(MOST_ROUNDS):
            seen = self._observe(work)
            if isinstance(seen, Done):
                self._finish(work, seen)
                return None
            asked = seen or self._ensure_unless_in_doubt(work)
            if asked is not None:
                return asked if isinstance(asked, Pause) else self.wait(asked)
        raise RuntimeError(f"{self.definition.name} goes round in circles")

    def _observe(self, work: Any) -> Done | Waiting | None:
        try:
            with self._expecting_errors(work):
                return self.definition.observe(work)
        except OutcomeUnknown as error:
            # Looking changes nothing, so there is nothing to be in doubt about.
            raise Transient(str(error)) from None

    def _ensure_unless_in_doubt(self, work: Any) -> Waiting | Pause | None:
        if pause := self._doubt_left(work):
            return pause
        if self.run.step.fact("passes"):
            # It is not there after all: the answer was a refusal, and nothing was done.
            self.run.attempt_was_not_made()
        self._check_tries(work)
        self.run.forget("refused", "passes", "last_error")
        before = self.run.step.attempts
        try:
            with self._expecting_errors(work):
                return self.definition.ensure(work)
        except Transient:
            if self.run.step.attempts > before:
                self.run.attempt_was_not_made()
            raise
        except OutcomeUnknown as error:
            if self.run.step.attempts > before:
                raise
            # It was a look on the way to the call that got no answer.
            raise Transient(str(error)) from None

    @contextmanager
    def _expecting_errors(self, work: Any) -> Iterator[None]:
        """Turn the tools' own errors into StepErrors by the plan's verdict; bugs pass."""
        try:
            yield
        except (StepError, LeaseLost):
            raise
        except Exception as error:
            meant = self.plan.verdict(work, error)
            if meant is None:
                raise
            raise meant from None

    def _doubt_left(self, work: Any) -> Pause | None:
        """Return a pause while absence does not yet prove that the last call did nothing."""
        step, timing = self.run.step, self.run.timing
        if step.attempt_at is None:
            return None
        window = self.definition.doubt_window(work)
        if step.fact("refused"):
            window = min(window, REFUSED_WINDOW)
        now = timezone.now()
        until = step.attempt_at + timing.span(window)
        if now >= until:
            return None
        # The longer nothing shows up, the less often it is looked for.
        pause = max(timing.span(LOOK_AFTER_DOUBT), (now - step.attempt_at) / 5)
        return Pause(
            min(now + pause, until),
            "The last call got no answer; looking whether it was carried out.",
        )

    def _check_tries(self, work: Any) -> None:
        step = self.run.step
        if step.attempts - step.not_made < self.definition.most_tries(work):
            return
        last = step.fact("last_error") or "its worker was lost."
        if step.fact("refused"):
            raise Permanent(f"{step.title} failed {step.attempts} times. {last}")
        raise NeedsPerson(
            f"{step.title}: after {step.attempts} calls it is not known whether it was done."
            f" The last one: {last} Look at the project on Railway, then {self._ways_out}."
        )

    def _finish(self, work: Any, seen: Done) -> None:
        with self.run.lease.guarded():
            self.definition.settle(work, {**self.run.step.facts, **seen.facts})
            self.run.finish_step(Step.State.DONE, **seen.facts)
        self.run.log(f"{self.definition.title}: done.")

    def wait(self, asked: Waiting) -> Pause:
        now, span = timezone.now(), self.run.timing.span
        pause = span(asked.seconds)
        self.run.recover()
        if asked.in_line:
            self.run.start_budget(now + pause)
        elif self._budget_spent(budget := self.definition.wait_budget(), now):
            seconds = span(budget).total_seconds()
            raise NeedsPerson(
                f"{asked.reason} That has taken more than {seconds:g} s."
                f" Look at the project on Railway, then {self._ways_out}."
            )
        else:
            pause *= self.run.pace().slower
        expected_at = None if asked.about is None else now + span(asked.about)
        return Pause(now + pause, asked.reason, expected_at)

    def _try_later(self, error: Transient) -> Pause:
        now = timezone.now()
        setbacks = self.run.set_back()
        self._check_patience(error, now)
        self.run.warn(str(error))
        if error.retry_after is None:
            return Pause(now + self.run.timing.span(backoff(setbacks)), str(error))
        pause = timedelta(seconds=min(error.retry_after, LONGEST_PAUSE))
        self._excuse(pause, now)
        return Pause(now + pause, str(error))

    def _excuse(self, pause: timedelta, now: datetime) -> None:
        """A wait that the other side asked for does not use up the budget; up to a point."""
        excused = self.run.step.fact("excused", 0.0) + pause.total_seconds()
        if excused <= self.run.timing.span(MOST_EXCUSED).total_seconds():
            self.run.remember(excused=excused)
            self.run.start_budget((self.run.step.budget_from or now) + pause)

    def _doubt(self, error: OutcomeUnknown) -> Pause:
        reason = f"{error} Looking whether it was carried out."
        self.run.warn(reason)
        # Until this moment the call may have been carried out.
        now = timezone.now()
        self.run.doubt_from(now)
        self.run.remember(refused=error.refused, passes=error.passes, last_error=str(error))
        pause = LOOK_AFTER_DOUBT
        if error.passes:
            pause = backoff(self.run.set_back())
            self._check_patience(error, now)
        return Pause(now + self.run.timing.span(pause), reason)

    def _check_patience(self, error: StepError, now: datetime) -> None:
        """Raise NeedsPerson when what passes by itself has gone on for too long."""
        if self._budget_spent(max(self.definition.wait_budget(), TRANSIENT_BUDGET), now):
            raise NeedsPerson(f"{error} That has gone on for too long. You may {self._ways_out}.")

    def _budget_spent(self, seconds: float, now: datetime) -> bool:
        step = self.run.step
        starts = [at for at in (step.budget_from, step.answered_at) if at]
        return bool(starts) and now > max(starts) + self.run.timing.span(seconds)


def ways_out(plan: Plan[Any], operation: Operation) -> str:
    """Return what a person can do about it."""
    can_roll_back = plan.rollback and not operation.rolling_back
    return "resume or roll back" if can_roll_back else "resume or give up"


def backoff(setbacks: int) -> float:
    """Return a growing pause, in seconds at scale 1, spread so that workers do not gang up."""
    most = min(BACKOFF_FIRST * 2.0 ** (setbacks - 1), BACKOFF_MOST)
    return most * random.uniform(0.75, 1.25)  # noqa: S311
