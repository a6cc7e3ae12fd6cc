"""Schedule a deletion, take it back, delete: the plans, and when each may be asked for."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from instances import deletion_tag
from instances.models import Instance, Operation
from instances.operations.plan import Plan
from instances.services import asking, endings, people
from instances.services.asking import Seen
from instances.services.difference import OVERDUE
from instances.services.people import Requester
from instances.services.steps.deletion import (
    IMMEDIATE,
    REAP,
    DeleteProject,
    PictureWithoutTag,
    PutDescriptionBack,
    UndoDeletion,
    WriteTag,
)
from instances.services.steps.look import LookAtOurProject
from instances.services.steps.verdicts import verdict
from instances.services.steps.work import Work, open_work

Status = Instance.Status
# Railway's own 48 hours, in which what is deleted can be brought back.
SCHEDULED = "scheduled"


def why_not_schedule(instance: Instance) -> str:
    """Return why there is no deletion to schedule; empty when there is one."""
    if refusal := why_not_tag(instance):
        return refusal
    if instance.status == Status.DELETION_SCHEDULED and OVERDUE not in instance.problem:
        return (
            f"It is scheduled already, for {deletion_tag.date(instance.deletion_scheduled_at)}."
            " Asking again does not move the date."
        )
    return ""


def why_not_tag(instance: Instance) -> str:
    """Return why its project cannot be tagged, even once more; empty when it can."""
    if refusal := asking.why_not_change(instance):
        return refusal
    if instance.status == Status.DELETING:
        return "Railway is deleting it already. Cancel that first."
    if instance.status == Status.MISSING:
        return "Railway does not show its project. Sync it, or forget it."
    return ""


def why_not_cancel(instance: Instance) -> str:
    """Return why there is no deletion to cancel; empty when there is one."""
    if refusal := asking.why_not_change(instance):
        return refusal
    is_tagged = deletion_tag.read(instance.description) is not None
    if instance.status not in {Status.DELETION_SCHEDULED, Status.DELETING} and not is_tagged:
        return "It is not scheduled for deletion."
    return ""


def why_not_delete(instance: Instance) -> str:
    """Return why it cannot be deleted now; empty when it can."""
    if refusal := asking.why_not_change(instance):
        return refusal
    if instance.status == Status.MISSING:
        return "Railway does not show its project. If it is gone for good, forget the instance."
    return ""


@transaction.atomic
def schedule(
    instance: Instance,
    requester: Requester,
    *,
    reason: str,
    reschedule: bool = False,
    seen: Seen | None = None,
) -> Operation:
    """
    Have it tagged on Railway as due after the grace period. Raise NotPossible.

    A tag that is there already keeps its date, unless `reschedule` says otherwise, or it is
    one that is overdue and that nobody here has asked for.
    """
    row = asking.locked_now(instance, seen)
    reschedule = reschedule or OVERDUE in row.problem
    return asking.ask(
        row,
        Operation.Kind.SCHEDULE_DELETION,
        SCHEDULE_PLAN,
        requester,
        why_not=why_not_tag(row),
        reason=reason,
        config={"days": settings.DELETION_GRACE_DAYS, "reschedule": reschedule},
    )


@transaction.atomic
def cancel(
    instance: Instance, requester: Requester, *, reason: str = "", seen: Seen | None = None
) -> Operation:
    """Undo whichever layer of the deletion applies, and clear the tag. Raise NotPossible."""
    row = asking.locked_now(instance, seen)
    return asking.ask(
        row,
        Operation.Kind.CANCEL_DELETION,
        CANCEL_PLAN,
        requester,
        why_not=why_not_cancel(row),
        reason=reason,
    )


@transaction.atomic
def delete(
    instance: Instance, requester: Requester, *, reason: str, seen: Seen | None = None
) -> Operation:
    """Delete it on Railway at once; that cannot be undone. Raise NotPossible."""
    row = asking.locked_now(instance, seen)
    return asking.ask(
        row,
        Operation.Kind.DELETE,
        DELETE_PLAN,
        requester,
        why_not=why_not_delete(row),
        reason=reason,
        config={"mode": IMMEDIATE},
    )


@transaction.atomic
def reap(instance: Instance, requester: Requester) -> Operation:
    """Carry out the deletion of an instance that is due. Raise NotPossible."""
    row = asking.locked_now(instance)
    refusal = why_not_delete(row)
    if not refusal and row.status != Status.DELETION_SCHEDULED:
        refusal = "It is not scheduled for deletion any more."
    mode = IMMEDIATE if settings.REAP_IMMEDIATELY else SCHEDULED
    return asking.ask(
        row,
        Operation.Kind.DELETE,
        DELETE_PLAN,
        requester,
        why_not=refusal,
        reason=f"its deletion was due on {deletion_tag.date(row.deletion_scheduled_at)}",
        config={"mode": mode, "because": REAP},
    )


def _scheduled(operation: Operation) -> None:
    at = datetime.fromisoformat(operation.steps.get(name=WriteTag.name).fact("at"))
    operation.instance.mark_deletion_scheduled(at)
    people.note_end(operation, f"succeeded; due on {deletion_tag.date(at)}.")


def _deleted(operation: Operation) -> None:
    instance = operation.instance
    gone_at = operation.steps.get(name=DeleteProject.name).fact("gone_at")
    if operation.config["mode"] == IMMEDIATE:
        instance.mark_deleted(gone_at=timezone.now())
        people.note_end(operation, "succeeded; the project is gone.")
        return
    at = datetime.fromisoformat(gone_at) if gone_at else None
    instance.mark_deleting(gone_at=at)
    gone = deletion_tag.date(at)
    people.note_end(operation, f"succeeded; Railway deletes it for good on {gone}.")


SCHEDULE_PLAN: Plan[Work] = Plan(
    steps=(LookAtOurProject(), WriteTag()),
    usual=5.0,
    open_work=open_work,
    verdict=verdict,
    succeeded=_scheduled,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
)
CANCEL_PLAN: Plan[Work] = Plan(
    steps=(LookAtOurProject(), UndoDeletion(), PutDescriptionBack(), PictureWithoutTag()),
    usual=20.0,
    open_work=open_work,
    verdict=verdict,
    succeeded=endings.succeeded,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
)
DELETE_PLAN: Plan[Work] = Plan(
    steps=(LookAtOurProject(), DeleteProject()),
    usual=20.0,
    open_work=open_work,
    verdict=verdict,
    succeeded=_deleted,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
)
