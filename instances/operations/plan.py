"""
What an operation consists of: steps that observe, ensure and record.

    observe ─▶ Done ──────────────▶ the next step
            ─▶ Waiting ───────────▶ later again, while the budget lasts
            ─▶ None (not there) ──▶ ensure ─▶ record ─▶ observe

Errors, each named after what happens next:

StepError
├── Transient      later again, with a growing pause or the other side's own hint
├── OutcomeUnknown the call may have been carried out: look before doing it again
├── Permanent      it cannot work: the operation fails
├── CalledOff      it is not wanted any more: the operation ends, nothing is changed
└── NeedsPerson    a person has to decide; nothing is undone
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from instances.models import Operation
    from instances.operations.run import Run

WorkT = TypeVar("WorkT")


class StepError(Exception):
    """Base of what a step reports; the message is masked, a sentence for people."""


class Transient(StepError):
    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after`: real seconds, when the other side named them."""
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(StepError):
    def __init__(self, message: str, *, refused: bool = False, passes: bool = False) -> None:
        """
        `refused`: it was answered with an error, though parts may have been done.

        `passes`: such an answer passes by itself, so it may be asked for again and again.
        """
        super().__init__(message)
        self.refused = refused
        self.passes = passes


class Permanent(StepError):
    pass


class CalledOff(StepError):
    pass


class NeedsPerson(StepError):
    pass


# In the configuration of an operation that nobody carried on for long, though it was due:
# what it finds may be newer than what it knows.
STOOD_STILL = "stood_still"


@dataclass(frozen=True, slots=True)
class Done:
    """The step's goal is reached; `facts` are kept with it, and never secret."""

    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Nothing to do but to look again, in `seconds` at scale 1.

    With `in_line` the wait is for others' turns, and uses up no budget. `about`: when it
    will probably be over, in seconds at scale 1, where that can be told.
    """

    reason: str
    seconds: float
    in_line: bool = False
    about: float | None = None


class StepDefinition(ABC, Generic[WorkT]):
    """One idempotent step. `name` is stored, `title` is shown. Seconds are at scale 1."""

    name: ClassVar[str]
    title: ClassVar[str]
    # After an unknown outcome, absence proves nothing before this has passed.
    absent_after: ClassVar[float] = 0.0
    # How long to wait for what was asked for, before a person is asked.
    budget: ClassVar[float] = 300.0
    # How often the change is tried.
    tries: ClassVar[int] = 3
    point_of_no_return: ClassVar[bool] = False

    @abstractmethod
    def observe(self, work: WorkT) -> Done | Waiting | None:
        """Look; None means that it is not there and has to be made."""

    def ensure(self, work: WorkT) -> Waiting | None:
        """Make it, and record what was made through the run; nothing for a step that only waits."""
        del work
        return None

    def settle(self, work: WorkT, facts: dict[str, Any]) -> None:
        """Mirror the facts into other rows, in the transaction that finishes the step."""

    def wait_budget(self) -> float:
        """Return how long the step may wait before a person is asked."""
        return self.budget

    def doubt_window(self, work: WorkT) -> float:
        """Return how long after an unknown outcome absence proves nothing."""
        del work
        return self.absent_after

    def most_tries(self, work: WorkT) -> int:
        """Return how many calls that change something the step may make."""
        del work
        return self.tries


def rolls_back(operation: Operation) -> bool:
    """Keep nothing on failure."""
    del operation
    return False


def say_nothing(operation: Operation) -> None:
    del operation


@dataclass(frozen=True, slots=True)
class Plan(Generic[WorkT]):
    """
    The steps of one kind of operation, and how it ends.

    `open_work` gives the steps their tools; `verdict` turns an error of those tools into a
    StepError, or returns None for a bug. The endings are called in the transaction that
    ends the operation: `succeeded`; `undone`, rolled back or stopped before anything was
    changed; `kept`, failed and left as it stands. `in_need`, when a person has to decide.
    `usual`: the seconds at scale 1 that it takes on a good day.
    """

    steps: Sequence[StepDefinition[WorkT]]
    open_work: Callable[[Run], AbstractContextManager[WorkT]]
    verdict: Callable[[WorkT, Exception], StepError | None]
    succeeded: Callable[[Operation], None]
    undone: Callable[[Operation], None]
    kept: Callable[[Operation], None]
    in_need: Callable[[Operation], None] = say_nothing
    usual: float = 180.0
    rollback: Sequence[StepDefinition[WorkT]] = ()
    keeps_on_failure: Callable[[Operation], bool] = rolls_back
    # Whether it goes on by itself after it stood still: it finds out what was done meanwhile.
    goes_on_late: bool = False

    def definition(self, name: str) -> StepDefinition[WorkT]:
        return next(step for step in (*self.steps, *self.rollback) if step.name == name)
