"""The secrets of an instance: made once, kept encrypted, shown only by name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from instances import secrets
from instances.exceptions import NotPossible
from instances.gateway_variables import (
    ADMIN_API_KEY,
    CLIENT_API_KEY,
    CREDENTIAL_ENCRYPTION_KEY,
)
from instances.models import Credential, Instance, Operation
from instances.secrets import Secret
from instances.services import people
from instances.services.people import Requester


def make(instance: Instance, given: Mapping[str, Secret]) -> None:
    """Store new keys for `instance` together with the secrets that were given."""
    everything = {
        CLIENT_API_KEY: secrets.new_api_key(),
        ADMIN_API_KEY: secrets.new_api_key(),
        CREDENTIAL_ENCRYPTION_KEY: secrets.new_encryption_key(),
        **given,
    }
    _store(instance, everything)


def adopt(instance: Instance, found: Mapping[str, Secret], operation: Operation) -> None:
    """Store keys that were made elsewhere; one of the same name is retired."""
    retire(instance.credentials.current().filter(name__in=found))
    _store(instance, found, operation=operation)


def make_coming(instance: Instance, names: Iterable[str], operation: Operation) -> None:
    """
    Make the keys that a rotation brings.

    Those of an earlier one that was given up stay: the gateway may be running with them.
    """
    made = {name: secrets.new_api_key() for name in names}
    _store(instance, made, operation=operation, state=Credential.State.COMING)


def accept_coming(operation: Operation) -> None:
    """The gateway accepts the new keys: they are current, and all others are retired."""
    coming = operation.credentials.coming()
    names = list(coming.values_list("name", flat=True))
    others = operation.instance.credentials.held().filter(name__in=names)
    retire(others.exclude(pk__in=list(coming.values_list("pk", flat=True))))
    coming.update(state=Credential.State.CURRENT, accepted_at=timezone.now())


def abandon_coming(operation: Operation, names: Iterable[str]) -> None:
    retire(operation.credentials.coming().filter(name__in=list(names)))


def retire(stored: QuerySet[Credential]) -> None:
    """Wipe the values; that and when the keys were in use is kept."""
    stored.update(state=Credential.State.RETIRED, value=None, retired_at=timezone.now())


def _store(instance: Instance, found: Mapping[str, Secret], **more: Any) -> None:
    Credential.objects.bulk_create(
        Credential(
            instance=instance,
            name=name,
            value=value,
            fingerprint=secrets.fingerprint(value),
            **more,
        )
        for name, value in found.items()
    )


def reveal(instance: Instance, name: str, requester: Requester) -> Secret:
    """Return a current key, and say in the history who asked for it. Raise NotPossible."""
    credential = instance.credentials.current().filter(name=name).first()
    if credential is None:
        raise NotPossible(f"{instance} has no key named {name}.")
    return reveal_row(instance, credential, requester)


@transaction.atomic
def reveal_row(instance: Instance, credential: Credential | None, requester: Requester) -> Secret:
    """Return one key of the instance, current or coming. Raise NotPossible."""
    if instance.status == Instance.Status.DELETED:
        raise NotPossible(f"{instance} is deleted; its keys open nothing any more.")
    if credential is None or credential.state == Credential.State.RETIRED:
        raise NotPossible(f"{instance} has no such key any more.")
    is_coming = credential.state == Credential.State.COMING
    people.note_reveal(instance, requester, f"{credential.name}{' (new)' if is_coming else ''}")
    return credential.value


@transaction.atomic
def rekey() -> int:
    """Encrypt every secret with the newest key; return how many there are."""
    stored = Credential.objects.held().select_for_update().order_by("pk")
    for credential in stored:
        credential.fingerprint = secrets.fingerprint(credential.value)
        credential.save(update_fields=["value", "fingerprint"])
    return len(stored)


def of(instance: Instance) -> dict[str, Secret]:
    """Return the instance's secrets by the names of their variables."""
    return {each.name: each.value for each in instance.credentials.current()}


def coming(operation: Operation) -> dict[str, Secret]:
    """Return the keys that this rotation brings, by the names of their variables."""
    return {each.name: each.value for each in operation.credentials.coming()}


def in_doubt(instance: Instance, name: str) -> list[Secret]:
    """Return every key of this name that the gateway may be running with, the likeliest first."""
    held = instance.credentials.held().filter(name=name)
    return [each.value for each in held.order_by("-state", "-created_at")]
