"""Show an operation's progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.management.base import OutputWrapper
from django.utils import timezone
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from instances.management.output import terminal
from instances.models import Operation, Step

MARKS = {
    Step.State.DONE: "[green]✔[/]",
    Step.State.FAILED: "[red]✘[/]",
    Step.State.SKIPPED: "[dim]-[/]",
    Step.State.PENDING: "[dim]·[/]",
}

Watch = Callable[[Operation], None]


@contextmanager
def follow(operation: Operation, *, to: OutputWrapper, quiet: bool) -> Iterator[Watch]:
    """
    Yield a function that shows the operation's state when called with its row.

    A table that renews itself on a terminal, a line for each finished step elsewhere,
    nothing when `quiet`.
    """
    if quiet:
        yield lambda _: None
        return
    console = terminal(to)
    if not console.is_terminal:
        yield _line_per_step(to)
        return
    with Live(_table(operation), console=console, refresh_per_second=8) as live:
        yield lambda row: live.update(_table(row))


def _line_per_step(to: OutputWrapper) -> Watch:
    told: set[int] = set()

    def tell(operation: Operation) -> None:
        steps = list(operation.steps.all())
        for step in steps:
            if step.is_finished and step.pk not in told:
                told.add(step.pk)
                to.write(f"{len(told)} of {len(steps)}  {step.title}  {step.seconds:.0f} s")

    return tell


def _table(operation: Operation) -> Table:
    steps = list(operation.steps.all())
    done = sum(step.is_finished for step in steps)
    table = Table(title=f"{operation}: {done} of {len(steps)} steps", show_header=False, box=None)
    for step in steps:
        seconds = "" if step.seconds is None else f"{step.seconds:.0f} s"
        mark = MARKS.get(Step.State(step.state), Spinner("dots"))
        message = "" if step.is_finished else step.message
        if step.state == Step.State.WAITING and operation.expected_at:
            message += f" About {_left(operation.expected_at)} s."
        table.add_row(mark, step.title, seconds, message)
    return table


def _left(until: datetime) -> int:
    return max(round((until - timezone.now()).total_seconds()), 0)
