"""Secrets at rest and in memory."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from instances import secrets
from instances.secrets import EncryptedField, Secret


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("the-value-itself")

    assert "the-value-itself" not in f"{secret} {secret!r} {[secret]}"


def test_what_is_encrypted_comes_back() -> None:
    token = secrets.encrypt(Secret("the-value-itself"))

    assert "the-value-itself" not in token
    assert secrets.decrypt(token) == Secret("the-value-itself")


def test_an_older_key_still_decrypts_and_a_newer_one_encrypts(settings: Any) -> None:
    old = settings.ENCRYPTION_KEYS[0]
    token = secrets.encrypt(Secret("the-value-itself"))
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), old]

    assert secrets.decrypt(token).reveal() == "the-value-itself"


def test_without_its_key_a_secret_stays_closed_with_a_sentence(settings: Any) -> None:
    token = secrets.encrypt(Secret("the-value-itself"))
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(ImproperlyConfigured, match="none of ENCRYPTION_KEYS made it"):
        secrets.decrypt(token)


def test_without_any_key_nothing_is_stored(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []

    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS is empty"):
        secrets.encrypt(Secret("the-value-itself"))


@pytest.mark.parametrize("misspelt", ["misspelt", "ä" * 44, "!" * 44])
def test_what_is_no_key_is_named_by_its_place_alone(settings: Any, misspelt: str) -> None:
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, misspelt]

    with pytest.raises(ImproperlyConfigured, match="number 2 is not a Fernet key") as caught:
        secrets.encrypt(Secret("the-value-itself"))

    assert misspelt not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_encrypted_column_takes_no_clear_text() -> None:
    with pytest.raises(TypeError, match="takes a Secret"):
        EncryptedField().get_prep_value("the-value-itself")


def test_fingerprints_tell_values_apart_and_show_none() -> None:
    one = secrets.fingerprint(Secret("the-value-itself"))

    assert one == secrets.fingerprint(Secret("the-value-itself"))
    assert one != secrets.fingerprint(Secret("another-value"))
    assert "the-value" not in one


def test_api_keys_are_32_letters_and_digits_and_differ() -> None:
    one, other = secrets.new_api_key().reveal(), secrets.new_api_key().reveal()

    assert len(one) == 32
    assert one.isalnum()
    assert one != other


def test_encryption_keys_for_gateways_are_fernet_keys() -> None:
    Fernet(secrets.new_encryption_key().reveal())
