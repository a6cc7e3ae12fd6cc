"""Who asks, and the trace that it leaves in the admin's history."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from instances.models import Instance, Job, Operation
from instances.railway.client import Mask

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

CRON = "cron"
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Requester:
    """
    Somebody who asks: the account that stands in the history, and a name to show.

    `for_many`: for several things together, which then give way to what is asked for singly.
    """

    user_id: int
    name: str
    for_many: bool = False


def person(user: AbstractBaseUser | AnonymousUser) -> Requester:
    """Return the signed-in person; the admin lets nobody else in."""
    if user.pk is None:
        raise PermissionDenied
    return Requester(user.pk, user.get_username())


def command_line() -> Requester:
    """Return cron's account with the shell user's name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return Requester(cron().user_id, f"{name} (command line)")


def cron() -> Requester:
    """Return the account of what nobody asks for in person; it is inactive and cannot log in."""
    account, made = get_user_model().objects.get_or_create(
        username=CRON, defaults={"is_active": False}
    )
    if made:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return Requester(account.pk, CRON)


def masked_reason(reason: str, instance: Instance | None = None) -> str:
    """Return a person's words as they may be kept: without the token or the instance's secrets."""
    words = " ".join(reason.split())
    if not words:
        return ""
    held = instance.credentials.held() if instance else ()
    mask = Mask([settings.RAILWAY_API_TOKEN, *(each.value.reveal() for each in held)])
    return mask(words)[:LONGEST_REASON]


def note_request(operation: Operation, requester: Requester) -> None:
    """Say in the instance's history what was asked for, by whom, and why."""
    asked = f"{operation.get_kind_display()} asked for by {requester.name}"
    flag = ADDITION if operation.kind == Operation.Kind.CREATE else CHANGE
    _note(operation.instance, requester.user_id, _because(asked, operation.reason), flag)


def note_steering(operation: Operation, requester: Requester, verb: str, reason: str = "") -> None:
    text = _because(f"{operation}: {verb} by {requester.name}", reason)
    _note(operation.instance, requester.user_id, text)


def note_forgotten(instance: Instance, requester: Requester, reason: str) -> None:
    """Say who let go of the instance, and that its project is still where it was."""
    project = f"; its Railway project {instance.project_id} was not touched"
    text = f"Forgotten by {requester.name}{project if instance.project_id else ''}"
    _note(instance, requester.user_id, _because(text, reason))


def note_seen(instance: Instance, what: str) -> None:
    """Say what was seen on Railway, which nobody here has asked for."""
    note_all_seen([(instance, what)])


def note_all_seen(seen: Iterable[tuple[Instance, str]]) -> None:
    pairs = list(seen)
    if pairs:
        user_id = cron().user_id
        LogEntry.objects.bulk_create(_entry(row, user_id, f"Seen: {what}") for row, what in pairs)


def note_job(job: Job, requester: Requester, what: str, reason: str) -> None:
    """Say in the job's history what somebody decided about it."""
    _note(job, requester.user_id, _because(f"{what} by {requester.name}", reason))


def note_reveal(instance: Instance, requester: Requester, name: str) -> None:
    _note(instance, requester.user_id, f"{name} revealed to {requester.name}.")


def note_end(operation: Operation, how: str) -> None:
    """Say in the instance's history how it ended. `how` is masked already."""
    if operation.requested_by_id is None:
        return
    text = f"{operation.get_kind_display()}: {how}"
    _note(operation.instance, operation.requested_by_id, text)


def history(instance: Instance) -> QuerySet[LogEntry]:
    """Return what happened to the instance and who did it, the newest first."""
    kind = ContentType.objects.get_for_model(Instance)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(instance.pk))
    return entries.select_related("user").order_by("-action_time", "-pk")


def _note(row: Instance | Job, user_id: int, message: str, flag: int = CHANGE) -> None:
    _entry(row, user_id, message, flag).save()


def _entry(row: Instance | Job, user_id: int, message: str, flag: int = CHANGE) -> LogEntry:
    return LogEntry(
        user_id=user_id,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=flag,
        change_message=message,
    )


def _because(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else f"{text}."
