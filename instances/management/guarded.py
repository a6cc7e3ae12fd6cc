"""Commands whose runs the guard may hold, and how a person lets one through."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances.services import people
from instances.services.jobs import Pass


def add_let_through(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--let-through",
        default=None,
        metavar="REASON",
        help="Let this run pass the guard; the reason stays in the history.",
    )


def pass_from(options: dict[str, Any]) -> Pass | None:
    reason = options["let_through"]
    return None if reason is None else Pass(people.command_line(), reason)
