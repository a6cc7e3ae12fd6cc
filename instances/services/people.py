"""Who asks, and the trace that it leaves in the admin's history."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from instances.models import Instance, Operation

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

CRON = "cron"


@dataclass(frozen=True, slots=True)
class Requester:
    """Somebody who asks: the account that stands in the history, and a name to show."""

    user_id: int
    name: str


def person(user: AbstractBaseUser | AnonymousUser) -> Requester:
    """Return the signed-in person; the admin lets nobody else in."""
    if user.pk is None:
        raise PermissionDenied
    return Requester(user.pk, user.get_username())


def command_line() -> Requester:
    """Return cron's account, which is inactive and cannot log in, with the shell user's name."""
    account, made = get_user_model().objects.get_or_create(
        username=CRON, defaults={"is_active": False}
    )
    if made:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return Requester(account.pk, f"{name} (command line)")


def note_request(operation: Operation, requester: Requester) -> None:
    """Say in the instance's history what was asked for, and by whom."""
    asked = f"{operation.get_kind_display()} asked for by {requester.name}."
    _note(operation.instance, requester.user_id, asked, ADDITION)


def note_steering(operation: Operation, requester: Requester, verb: str) -> None:
    _note(operation.instance, requester.user_id, f"{operation}: {verb} by {requester.name}.")


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


def _note(instance: Instance, user_id: int, message: str, flag: int = CHANGE) -> None:
    LogEntry.objects.create(
        user_id=user_id,
        content_type=ContentType.objects.get_for_model(Instance),
        object_id=str(instance.pk),
        object_repr=str(instance)[:200],
        action_flag=flag,
        change_message=message,
    )
