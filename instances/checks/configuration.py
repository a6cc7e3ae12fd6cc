"""What is refused of the app's own settings, and what is for trying only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def encryption_keys(**_: Any) -> list[CheckMessage]:
    if not settings.ENCRYPTION_KEYS:
        return [
            checks.Warning(
                "ENCRYPTION_KEYS is empty, so no instance can be created.",
                hint="Make one: python -c 'from cryptography.fernet import Fernet;"
                " print(Fernet.generate_key().decode())'",
                id="instances.W130",
            )
        ]
    bad = [place for place, key in enumerate(settings.ENCRYPTION_KEYS, 1) if not _is_fernet(key)]
    return [
        Error(f"ENCRYPTION_KEYS: number {place} is not a Fernet key.", id="instances.E131")
        for place in bad
    ]


def _is_fernet(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


# Name, id, least and most: beyond, a date or a wait cannot be reckoned.
NUMBERS = (
    ("RAILWAY_TIME_SCALE", "E144", 0.0001, 1000),
    ("DELETION_GRACE_DAYS", "E146", 0, 3650),
    ("RAILWAY_PROPAGATION_BUDGET", "E147", 0, 86_400),
)


@register
def railway_settings(**_: Any) -> list[CheckMessage]:
    problems = (*_railway_problems(), *_crowd_problems())
    return [Error(sentence, id=f"instances.{number}") for number, sentence in problems]


def _railway_problems() -> Iterator[tuple[str, str]]:
    if settings.RAILWAY_CLI_AUTH not in {"token", "login"}:
        yield "E140", "RAILWAY_CLI_AUTH is neither 'token' nor 'login'."
    if not settings.RAILWAY_CLI:
        yield "E141", "RAILWAY_CLI is empty; name the Railway CLI."
    if settings.GATEWAY_SCHEME not in {"http", "https"}:
        yield "E142", "GATEWAY_SCHEME is neither 'https' nor 'http'."
    if settings.GATEWAY_SCHEME == "http" and not _is_local(settings.RAILWAY_API_URL):
        yield "E143", "GATEWAY_SCHEME is 'http'; that is for the local Railway only."
    if forbidden := sorted({"RAILWAY_TOKEN", "RAILWAY_PROJECT_ID"} & set(settings.RAILWAY_CLI_ENV)):
        yield "E145", f"RAILWAY_CLI_ENV lets {', '.join(forbidden)} pass; the CLI would act on it."
    for name, number, least, most in NUMBERS:
        # Not a number is not between any.
        if not least <= getattr(settings, name) <= most:
            yield number, f"{name} is not between {least:g} and {most:g}."


def _crowd_problems() -> Iterator[tuple[str, str]]:
    if settings.BULK_OPERATIONS_AT_ONCE < 1:
        yield "E146", "BULK_OPERATIONS_AT_ONCE is below 1: what is asked for together never begins."
    if not 0 <= settings.RAILWAY_BUDGET_RESERVE < 100:
        yield "E147", "RAILWAY_BUDGET_RESERVE is a share in per cent: 0 or more, and below 100."


@register(Tags.security, deploy=True)
def production(**_: Any) -> list[CheckMessage]:
    return [Error(sentence, id=f"instances.{number}") for number, sentence in _unfit()]


def _unfit() -> Iterator[tuple[str, str]]:
    if settings.RAILWAY_TIME_SCALE != 1:
        yield "E150", "RAILWAY_TIME_SCALE is not 1; anything else is for the local Railway."
    if _is_local(settings.RAILWAY_API_URL) or urlsplit(settings.RAILWAY_API_URL).scheme != "https":
        yield "E151", "RAILWAY_API_URL is not the real Railway's."
    if settings.GATEWAY_SCHEME != "https":
        yield "E152", "GATEWAY_SCHEME is not 'https'."
    if not settings.RAILWAY_API_TOKEN:
        yield "E153", "RAILWAY_API_TOKEN is not set."
    if not settings.ENCRYPTION_KEYS:
        yield "E154", "ENCRYPTION_KEYS is empty."
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield "E155", "The database is SQLite; set DATABASE_URL to PostgreSQL."


def _is_local(url: str) -> bool:
    return (urlsplit(url).hostname or "") in LOOPBACK
