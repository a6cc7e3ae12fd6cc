"""Commands that ask for an operation and, unless told not to, wait until it has ended."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from instances.management.output import JsonCommand
from instances.management.progress import follow
from instances.models import Operation
from instances.services import dispatch


class OperatingCommand(JsonCommand):
    """One that ends as its operation does."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        waiting = parser.add_mutually_exclusive_group()
        waiting.add_argument(
            "--wait", action="store_true", default=True, dest="wait", help="The default."
        )
        waiting.add_argument(
            "--no-wait",
            action="store_false",
            dest="wait",
            help="Only ask for it; workers carry it out.",
        )

    def carry_out(self, operation: Operation, options: dict[str, Any]) -> None:
        """Carry the operation on in this process; raise CommandError unless it succeeds."""
        try:
            with follow(operation, to=self.stderr, quiet=options["as_json"]) as watch:
                dispatch.run_inline(operation, watch=watch)
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped watching. Operation {operation.pk} goes on with a worker or with"
                " sweep_operations; it can be cancelled in the admin.",
                returncode=130,
            ) from None
        if operation.state != Operation.State.SUCCEEDED:
            raise CommandError(f"{operation} {ending(operation)}: {operation.message}")
        operation.instance.refresh_from_db()


class ReasonedCommand(OperatingCommand):
    """One for an instance that is there, with a reason for the history."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("--reason", default="", help="Why; it stays in the history.")


def ending(operation: Operation) -> str:
    return "needs attention" if operation.is_open else operation.get_state_display().lower()


def expect_possible(why_not: str) -> None:
    """Raise CommandError before anybody is asked about what cannot be done."""
    if why_not:
        raise CommandError(why_not)


def confirm(question: str, *, yes: bool, expect: str = "") -> None:
    """
    Ask on a terminal; raise CommandError unless the answer is yes.

    With `expect` only that very word counts. Without a terminal nobody can be asked, so it
    is refused unless `yes` was given beforehand.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{question} There is no terminal to ask on: add --yes.")
    hint = f"Type {expect} to go on: " if expect else "Go on? [y/N] "
    # Standard output is for the answer.
    sys.stderr.write(f"{question} {hint}")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline().strip()
    except KeyboardInterrupt:
        answer = ""
    if answer != expect if expect else answer.lower() not in {"y", "yes"}:
        raise CommandError("Nothing was done.")
