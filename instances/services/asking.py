"""Ask for something to be done to an instance that is there: one operation, one line of history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Prefetch

from instances import timing
from instances.exceptions import NotPossible
from instances.models import Instance, Operation
from instances.operations import places
from instances.operations.engine import add_steps
from instances.operations.plan import Plan
from instances.protection import is_protected
from instances.services import people
from instances.services.people import Requester

Status = Instance.Status


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before their eyes when they decided: acting on anything else is refused."""

    status: str
    deployment_id: str

    @classmethod
    def of(cls, instance: Instance) -> Seen:
        gateway = instance.gateway
        return cls(instance.status, gateway.deployment_id if gateway else "")

    @classmethod
    def from_text(cls, text: str) -> Seen:
        status, _, deployment_id = text.partition(" ")
        return cls(status, deployment_id)

    def __str__(self) -> str:
        return f"{self.status} {self.deployment_id}"


# Where a list of instances has its open operations; see with_open_operations().
OPEN = "open_operations"


def with_open_operations() -> Prefetch[str]:
    """Return what loads the open operations of many instances in one query."""
    return Prefetch("operations", Operation.objects.open(), to_attr=OPEN)


def open_operation(instance: Instance) -> Operation | None:
    """Return the operation that somebody, or something, still has to act on."""
    loaded: list[Operation] | None = getattr(instance, OPEN, None)
    if loaded is not None:
        return next(iter(loaded), None)
    return instance.operations.open().first()


def why_not_ask(instance: Instance) -> str:
    """Return why nothing can be asked of the instance now; empty when something can."""
    if instance.status == Status.DELETED:
        return "It is deleted."
    operation = open_operation(instance)
    if operation is None:
        return ""
    what = operation.get_kind_display().lower()
    if operation.is_moving:
        return f"An operation is at it ({what}). Wait until that has ended, or cancel it."
    return f"An operation on it needs attention ({what}). Resume it, or give it up."


def why_not_change(instance: Instance) -> str:
    """Return why the instance's project may not be changed on Railway; empty when it may."""
    if refusal := why_not_ask(instance):
        return refusal
    if is_protected(project_id=instance.project_id, name=instance.project_name):
        return "Its Railway project is protected: nobody can change it from here."
    if not instance.is_ours:
        return "It was only discovered on Railway. Adopt it first."
    if not instance.project_id:
        return "It has no Railway project. Forget it to free its name."
    return ""


@transaction.atomic
def ask(
    instance: Instance,
    kind: Operation.Kind,
    plan: Plan[Any],
    requester: Requester,
    *,
    why_not: str,
    reason: str = "",
    config: Mapping[str, Any] | None = None,
) -> Operation:
    """
    Write the operation with its steps and the line of history, and wake a worker.

    `why_not` is what the caller's rules said of the row as locked_now() gave it. Raise
    NotPossible with it, or when another operation was asked for in this very moment.
    """
    if why_not:
        raise NotPossible(why_not)
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                instance=instance,
                kind=kind,
                config=dict(config or {}),
                requested_by_id=requester.user_id,
                requested_by_name=requester.name,
                reason=people.masked_reason(reason, instance),
                is_bulk=requester.for_many,
            )
    except IntegrityError:
        raise NotPossible("Another operation was asked for just now; look again.") from None
    add_steps(operation, plan)
    people.note_request(operation, requester)
    places.begin(operation, usual=plan.usual, timing=timing.current())
    return operation


def locked_now(instance: Instance, seen: Seen | None = None) -> Instance:
    """
    Return the row as it is, locked until the transaction ends.

    Raise NotPossible when it is not what `seen` says that somebody decided about.
    """
    row = Instance.objects.select_for_update().get(pk=instance.pk)
    if seen is not None and Seen.of(row) != seen:
        raise NotPossible(
            "It has changed since the page was shown"
            f" ({Status(row.status).label.lower()} now). Look at it again."
        )
    return row
