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
    """Make the keys that a rotation brings; those of an earlier one that got stuck are retired."""
    retire(instance.credentials.coming())
    made = {name: secrets.new_api_key() for name in names}
    _store(instance, made, operation=operation, state=Credential.State.COMING)


def accept_coming(operation: Operation) -> None:
    """The gateway accepts the new keys: they are current, and the older ones are retired."""
    coming = operation.credentials.coming()
    names = list(coming.values_list("name", flat=True))
    retire(operation.instance.credentials.current().filter(name__in=names))
    coming.update(state=Credential.State.CURRENT, accepted_at=timezone.now())


def abandon_coming(operation: Operation) -> None:
    retire(operation.credentials.coming())


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


@transaction.atomic
def reveal(instance: Instance, name: str, requester: Requester, *, coming: bool = False) -> Secret:
    """
    Return one secret, and say in the history who asked for it. Raise NotPossible.

    With `coming`, the one that a rotation is bringing.
    """
    if instance.status == Instance.Status.DELETED:
        raise NotPossible(f"{instance} is deleted; its keys open nothing any more.")
    held = instance.credentials.coming() if coming else instance.credentials.current()
    credential = held.filter(name=name).first()
    if credential is None:
        raise NotPossible(f"{instance} has no key named {name}.")
    people.note_reveal(instance, requester, f"{name} (new)" if coming else name)
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
