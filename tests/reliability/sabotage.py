"""
The control: one of the engine's guards is taken out of this process and its children.

A matrix that finds nothing wrong with such workers could not find anything.
"""

from __future__ import annotations

from typing import Any

from instances.models import Operation
from instances.operations.lease import Lease
from instances.operations.visit import Visit


def take_out(guard: str) -> None:
    GUARDS[guard]()


def _lease() -> None:
    """Whoever has once had the lease goes on writing."""

    def write(lease: Lease, **changes: Any) -> None:
        Operation.objects.filter(pk=lease.operation_id).update(**changes)

    Lease.write = write  # type: ignore[method-assign,assignment]


def _look() -> None:
    """A call whose outcome is unknown is made again, without looking or waiting."""
    look, doubt = Visit._observe, Visit._doubt_left

    def observe(visit: Visit, work: Any) -> Any:
        return None if visit.run.step.attempt_at else look(visit, work)

    def doubt_left(visit: Visit, work: Any) -> Any:
        return None if visit.run.step.attempt_at else doubt(visit, work)

    Visit._observe = observe  # type: ignore[method-assign,assignment]
    Visit._doubt_left = doubt_left  # type: ignore[method-assign,assignment]


GUARDS = {"lease": _lease, "look": _look}
