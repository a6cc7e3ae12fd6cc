"""
Which variables a gateway runs with, and which of them a person may give.

The set and the reason for each are in docs/gateway.md.
"""

import re
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ValidationError

from instances.naming import UNSTORABLE, VARIABLE

CLIENT_API_KEY = "CLIENT_API_KEY"
ADMIN_API_KEY = "ADMIN_API_KEY"
CREDENTIAL_ENCRYPTION_KEY = "CREDENTIAL_ENCRYPTION_KEY"
ANTHROPIC_API_KEY = "ANTHROPIC_API_KEY"
# The gateway's older builds know the client key under this name.
OLD_CLIENT_KEY = "PROXY_API_KEY"
CLIENT_KEY_REFERENCE = "${{CLIENT_API_KEY}}"
GENERATED_SECRETS = (CLIENT_API_KEY, ADMIN_API_KEY, CREDENTIAL_ENCRYPTION_KEY)

FIXED = {
    "PORT": "8000",
    "GATEWAY_PORT": "8000",
    "LOCALHOST_AUTH_BYPASS": "false",
    OLD_CLIENT_KEY: CLIENT_KEY_REFERENCE,
}
REFERENCES = ("DATABASE_URL", "REDIS_URL")
# Bytes; a command line holds 128 KiB per word and 1 or 2 MiB in all.
LONGEST_VALUE = 32_768
LONGEST_TOGETHER = 262_144
SECRET_LOOK = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN)$", re.I)


def for_gateway(extra: Mapping[str, str], *, postgres: str, redis: str) -> dict[str, str]:
    """
    Return every variable that is not secret, references included.

    `postgres` and `redis` are the services' names as read back from Railway:
    references are case-sensitive, and an unresolved one is an empty string.
    """
    return {
        **settings.GATEWAY_VARIABLES,
        **extra,
        **FIXED,
        "DATABASE_URL": f"${{{{{postgres}.DATABASE_URL}}}}",
        "REDIS_URL": f"${{{{{redis}.REDIS_URL}}}}",
    }


def validate_variable(name: str, value: str) -> None:
    """Raise ValidationError unless `name=value` may be added in clear."""
    _validate_settable(name)
    if SECRET_LOOK.search(name):
        raise ValidationError(f"{name} looks like a secret; give it as one.", code="secret")
    _validate_value(name, value)


def validate_secret(name: str, value: str) -> None:
    """Raise ValidationError, never with the value in it, unless the secret may be added."""
    _validate_settable(name)
    _validate_value(name, value)
    if "\n" in value or "\r" in value:
        # The CLI drops a line's end, so that what Railway holds would never be the same.
        raise ValidationError(f"{name} has a line break in it.", code="invalid")


def _validate_settable(name: str) -> None:
    if not VARIABLE.fullmatch(name):
        raise ValidationError(
            "This is not a name for a variable: letters, digits and underscores only.",
            code="invalid",
        )
    if name in {*FIXED, *REFERENCES, *GENERATED_SECRETS}:
        raise ValidationError(f"{name} is set by this app; it cannot be given.", code="reserved")
    if name.upper().startswith("RAILWAY_"):
        raise ValidationError(f"{name} belongs to Railway; it cannot be given.", code="reserved")


def _validate_value(name: str, value: str) -> None:
    if not value.strip():
        raise ValidationError(
            f"{name} is empty; leave it out instead, an empty value can stop the gateway.",
            code="empty",
        )
    if UNSTORABLE.search(value):
        raise ValidationError(f"{name} has a character that no variable can hold.", code="invalid")
    if (size := len(value.encode())) > LONGEST_VALUE:
        raise ValidationError(
            f"{name} has {size:,} bytes; a variable has at most {LONGEST_VALUE:,}.", code="invalid"
        )


def validate_together(variables: Mapping[str, str]) -> None:
    """Raise ValidationError when they are too many for the one command line that sets them."""
    size = sum(len(name) + len(value.encode()) for name, value in variables.items())
    if size > LONGEST_TOGETHER:
        raise ValidationError(
            f"The variables have {size:,} bytes together; they may have {LONGEST_TOGETHER:,}."
            " Leave some out.",
            code="invalid",
        )
