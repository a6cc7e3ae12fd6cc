"""What the queue calls."""

from instances.services import dispatch


def advance(operation_id: int) -> None:
    dispatch.advance(operation_id)


def sweep() -> None:
    dispatch.sweep()
