"""
The control: `manage.py`, but with one of the engine's guards taken out.

    python -m tests.reliability.sabotage lease qcluster
    python -m tests.reliability.sabotage look qcluster

A matrix that finds nothing wrong with these workers could not find anything.
"""

from __future__ import annotations

import sys
from typing import Any

import django
from django.core.management import execute_from_command_line


def without_lease() -> None:
    """Whoever has once had the lease goes on writing."""
    from instances.models import Operation  # noqa: PLC0415 - Django has to be set up first
    from instances.operations.lease import Lease  # noqa: PLC0415

    def write(lease: Lease, **changes: Any) -> None:
        Operation.objects.filter(pk=lease.operation_id).update(**changes)

    Lease.write = write  # type: ignore[method-assign,assignment]


def without_look() -> None:
    """A call whose outcome is unknown is made again, without looking or waiting."""
    from instances.operations.visit import Visit  # noqa: PLC0415

    look, doubt = Visit._observe, Visit._doubt_left

    def observe(visit: Visit, work: Any) -> Any:
        return None if visit.run.step.attempt_at else look(visit, work)

    def doubt_left(visit: Visit, work: Any) -> Any:
        return None if visit.run.step.attempt_at else doubt(visit, work)

    Visit._observe = observe  # type: ignore[method-assign,assignment]
    Visit._doubt_left = doubt_left  # type: ignore[method-assign,assignment]


GUARDS = {"lease": without_lease, "look": without_look}

if __name__ == "__main__":
    django.setup()
    GUARDS[sys.argv[1]]()
    execute_from_command_line(["manage.py", *sys.argv[2:]])
