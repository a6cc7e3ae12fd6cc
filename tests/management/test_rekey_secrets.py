"""`rekey_secrets`: afterwards the older keys can go."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from instances.models import Credential
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


def run() -> Any:
    out = StringIO()
    call_command("rekey_secrets", "--json", stdout=out)
    return json.loads(out.getvalue())


def values() -> dict[str, str]:
    return {c.name: c.value.reveal() for c in Credential.objects.all()}


def test_secrets_are_readable_with_the_new_key_alone(requester: Requester, settings: Any) -> None:
    creation.request(Wish("acme"), requester)
    before = values()
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]

    answer = run()
    settings.ENCRYPTION_KEYS = [new]

    assert answer == {"encrypted": 3}
    assert values() == before


def test_without_the_old_key_it_says_what_to_do(requester: Requester, settings: Any) -> None:
    creation.request(Wish("acme"), requester)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="Put the key back"):
        call_command("rekey_secrets")


def test_a_person_is_told_how_many(db: None) -> None:
    out = StringIO()

    call_command("rekey_secrets", stdout=out)

    assert out.getvalue() == "Encrypted 0 secrets with the newest key.\n"
