"""Numbers on a command line: of a kind and size that there can be."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

# An hour: no command waits or works for longer.
MOST_SECONDS = 3600.0
MOST_PORT = 65_535


def seconds(text: str) -> float:
    """Return a number of seconds from 0 to 3600."""
    return _between(text, float, 0.0, MOST_SECONDS, "a number of seconds")


def scale(text: str) -> float:
    """Return what waits are multiplied by."""
    return _between(text, float, 0.0001, 100.0, "a number")


def port(text: str) -> int:
    """Return a port, or 0 for any that is free."""
    return int(_between(text, int, 0, MOST_PORT, "a whole number"))


def _between(
    text: str, kind: Callable[[str], float], least: float, most: float, what: str
) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = float("nan")
    # Not a number is not between any.
    if not least <= number <= most:
        raise ArgumentTypeError(f"give {what} from {least:g} to {most:g}.")
    return number
