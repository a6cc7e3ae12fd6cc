"""Adopt what was discovered on Railway, read one instance anew, or let go of one."""

from __future__ import annotations

from django.db import transaction

from instances.exceptions import NotPossible
from instances.models import Instance, Operation
from instances.operations.plan import Plan
from instances.protection import is_protected
from instances.services import asking, endings, people
from instances.services.asking import Seen
from instances.services.people import Requester
from instances.services.steps.keys import CompareKeys, TakeOver
from instances.services.steps.look import (
    FindGateway,
    LookAtAdoptable,
    LookAtProject,
    TakePicture,
)
from instances.services.steps.verdicts import verdict
from instances.services.steps.work import Work, open_work

Status = Instance.Status


def why_not_adopt(instance: Instance) -> str:
    """Return why it cannot be adopted; empty when it can."""
    if refusal := asking.why_not_ask(instance):
        return refusal
    if is_protected(project_id=instance.project_id, name=instance.project_name):
        return "Its Railway project is protected: nobody can adopt it."
    if instance.is_ours:
        return "It is ours already."
    if instance.status in {Status.DELETING, Status.MISSING}:
        return "It is going, or gone, on Railway."
    return ""


def why_not_sync(instance: Instance) -> str:
    """Return why it cannot be read anew; empty when it can."""
    if refusal := asking.why_not_ask(instance):
        return refusal
    return "" if instance.project_id else "It has no Railway project."


def why_not_forget(instance: Instance) -> str:
    """Return why it cannot be let go of; empty when it can."""
    if instance.status == Status.DELETED and instance.problem and instance.project_id:
        # Its project is there again: only without this row can it be discovered anew.
        return ""
    return asking.why_not_ask(instance)


@transaction.atomic
def adopt(
    instance: Instance, requester: Requester, *, reason: str, seen: Seen | None = None
) -> Operation:
    """Make it ours, and take over its keys. Changes nothing on Railway. Raise NotPossible."""
    row = asking.locked_now(instance, seen)
    return asking.ask(
        row,
        Operation.Kind.ADOPT,
        ADOPT_PLAN,
        requester,
        why_not=why_not_adopt(row),
        reason=reason,
    )


@transaction.atomic
def sync(
    instance: Instance, requester: Requester, *, reason: str = "", seen: Seen | None = None
) -> Operation:
    """Read one instance from Railway anew. Raise NotPossible."""
    row = asking.locked_now(instance, seen)
    return asking.ask(
        row, Operation.Kind.SYNC, SYNC_PLAN, requester, why_not=why_not_sync(row), reason=reason
    )


@transaction.atomic
def forget(
    instance: Instance, requester: Requester, *, reason: str, seen: Seen | None = None
) -> None:
    """
    Let go of its project without touching Railway: the row is history, its name is free.

    A project that is still there is discovered again by the next sync. Raise NotPossible.
    """
    row = asking.locked_now(instance, seen)
    if refusal := why_not_forget(row):
        raise NotPossible(refusal)
    people.note_forgotten(row, requester, people.masked_reason(reason, row))
    row.mark_forgotten()


def _adopted(operation: Operation) -> None:
    facts = operation.steps.get(name=TakeOver.name).facts
    taken, missing = ", ".join(facts["names"]) or "no key", ", ".join(facts["missing"])
    absent = f" Railway holds no {missing}." if missing else ""
    people.note_end(operation, f"succeeded; {taken} taken over from Railway.{absent}")


ADOPT_PLAN: Plan[Work] = Plan(
    steps=(LookAtAdoptable(), FindGateway(), TakePicture(), TakeOver()),
    usual=5.0,
    open_work=open_work,
    verdict=verdict,
    succeeded=_adopted,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
    goes_on_late=True,
)
SYNC_PLAN: Plan[Work] = Plan(
    steps=(LookAtProject(), TakePicture(), CompareKeys()),
    usual=5.0,
    open_work=open_work,
    verdict=verdict,
    succeeded=endings.succeeded,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
    goes_on_late=True,
)
