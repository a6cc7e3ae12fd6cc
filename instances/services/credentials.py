"""The secrets of an instance: made once, kept encrypted, shown only by name."""

from collections.abc import Mapping

from django.db import transaction

from instances import secrets
from instances.exceptions import NotPossible
from instances.gateway_variables import (
    ADMIN_API_KEY,
    CLIENT_API_KEY,
    CREDENTIAL_ENCRYPTION_KEY,
)
from instances.models import Credential, Instance
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
    Credential.objects.bulk_create(
        Credential(
            instance=instance, name=name, value=value, fingerprint=secrets.fingerprint(value)
        )
        for name, value in everything.items()
    )


@transaction.atomic
def reveal(instance: Instance, name: str, requester: Requester) -> Secret:
    """Return one secret, and say in the history who asked for it. Raise NotPossible."""
    if instance.status == Instance.Status.DELETED:
        raise NotPossible(f"{instance} is deleted; its keys open nothing any more.")
    credential = instance.credentials.filter(name=name).first()
    if credential is None:
        raise NotPossible(f"{instance} has no key named {name}.")
    people.note_reveal(instance, requester, name)
    return credential.value


@transaction.atomic
def rekey() -> int:
    """Encrypt every secret with the newest key; return how many there are."""
    stored = Credential.objects.select_for_update().order_by("pk")
    for credential in stored:
        credential.fingerprint = secrets.fingerprint(credential.value)
        credential.save(update_fields=["value", "fingerprint"])
    return len(stored)


def of(instance: Instance) -> dict[str, Secret]:
    """Return the instance's secrets by the names of their variables."""
    return {credential.name: credential.value for credential in instance.credentials.all()}
