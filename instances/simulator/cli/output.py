"""What goes to stdout and stderr, in the shapes of the real CLI (cli-facts.md §3)."""

import json
import sys
from typing import Any


def line(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")


def compact(value: Any) -> None:
    line(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def pretty(value: Any) -> None:
    line(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def selected(question: str, answer: str) -> None:
    """Echo a choice that was made for the user."""
    note(f"> {question} {answer}")
