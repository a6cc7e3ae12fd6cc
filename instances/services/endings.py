"""How operations on an instance that is there end: what its row says, and the history."""

from __future__ import annotations

from instances.models import Operation
from instances.services import people


def succeeded(operation: Operation) -> None:
    people.note_end(operation, "succeeded.")


def stopped(operation: Operation) -> None:
    """It was cancelled or called off before it had changed anything."""
    people.note_end(operation, f"ended without a change. {operation.message}")


def in_need(operation: Operation) -> None:
    """It has stopped until a person decides."""
    people.note_end(operation, f"needs attention. {operation.message}")


def failed(operation: Operation) -> None:
    people.note_end(operation, f"failed. {operation.message}")
