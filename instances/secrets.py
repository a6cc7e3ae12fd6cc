"""
Secrets at rest and in memory.

Ciphertext is a Fernet token made with the first of settings.ENCRYPTION_KEYS; all
of them decrypt. A fingerprint is a keyed hash: it tells whether two values are
the same without keeping either.
"""

import hashlib
import hmac
import secrets
import string
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 32


class Secret:
    """A value that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._value.encode(), other._value.encode()
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


def new_api_key() -> Secret:
    """Return 32 random letters and digits."""
    return Secret("".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH)))


def new_encryption_key() -> Secret:
    """Return a Fernet key, as the gateway's own encryption wants it."""
    return Secret(Fernet.generate_key().decode())


def fingerprint(secret: Secret) -> str:
    """Return a keyed hash of `secret`, in hexadecimal."""
    key = hashlib.sha256(b"fingerprint:" + _keys()[0].encode()).digest()
    return hmac.new(key, secret.reveal().encode(), hashlib.sha256).hexdigest()


def encrypt(secret: Secret) -> str:
    return _fernet().encrypt(secret.reveal().encode()).decode()


def decrypt(token: str) -> Secret:
    """Raise ImproperlyConfigured when none of the keys fits."""
    try:
        return Secret(_fernet().decrypt(token.encode()).decode())
    except InvalidToken:
        raise ImproperlyConfigured(
            "A stored secret cannot be decrypted: none of ENCRYPTION_KEYS made it."
            " Put the key back that was in use when it was stored."
        ) from None


def _keys() -> list[str]:
    if not settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty; secrets cannot be stored.")
    return list(settings.ENCRYPTION_KEYS)


def _fernet() -> MultiFernet:
    return MultiFernet([_opened(key, place) for place, key in enumerate(_keys(), start=1)])


def _opened(key: str, place: int) -> Fernet:
    """Raise ImproperlyConfigured for what is no key, by its place: it may be a key misspelt."""
    try:
        return Fernet(key)
    except ValueError:
        raise ImproperlyConfigured(
            f"ENCRYPTION_KEYS: number {place} is not a Fernet key, which is 32 bytes in URL-safe"
            " base64 (44 characters). Put it right, then restart web and workers."
        ) from None


if TYPE_CHECKING:
    SecretColumn = models.Field[Secret, Secret]
else:
    SecretColumn = models.Field


class EncryptedField(SecretColumn):
    """A column of ciphertext whose value in Python is a Secret."""

    def get_internal_type(self) -> str:
        return "TextField"

    def from_db_value(self, value: str | None, *_: Any) -> Secret | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Secret):
            return encrypt(value)
        if value is None:
            return None
        raise TypeError("An encrypted column takes a Secret, so that no clear text slips in.")

    def to_python(self, value: Any) -> Any:
        return value
