"""What the queue calls."""

from instances.services import dispatch


def advance(operation_id: int) -> None:
    dispatch.advance_from_queue(operation_id)


def sweep() -> None:
    dispatch.sweep()
