"""
What `manage.py check` refuses: unsafe queue settings and gaps in the configuration.

The reasons for the queue's settings are in docs/queue.md; each was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django_q.conf import Conf

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

# id, what must hold, what to do.
QUEUE_RULES: tuple[tuple[str, Callable[[], bool], str], ...] = (
    ("E101", lambda: Conf.ORM == "default", "Set orm to 'default': a nudge commits with its row."),
    ("E102", lambda: (Conf.TIMEOUT or 0) >= 3600, "Set timeout to 3600 or more: it is a backstop."),
    (
        "E103",
        lambda: (Conf.RETRY or 0) > (Conf.QUEUE_LIMIT / Conf.WORKERS + 2) * (Conf.TIMEOUT or 0),
        "Raise retry above (queue_limit / workers + 2) x timeout, or tasks run twice.",
    ),
    (
        "E104",
        lambda: Conf.MAX_ATTEMPTS == 1,
        "Set max_attempts to 1: our leases decide on retries.",
    ),
    ("E105", lambda: bool(Conf.ACK_FAILURES), "Set ack_failures to True, or failures come back."),
    ("E106", lambda: not Conf.CATCH_UP, "Set catch_up to False, or missed schedules all run."),
    ("E107", lambda: Conf.QUEUE_LIMIT <= Conf.WORKERS, "Set queue_limit to the workers or fewer."),
    ("E108", lambda: Conf.BULK == 1, "Set bulk to 1: what is prefetched can be delivered twice."),
    ("E109", lambda: 1 <= Conf.WORKERS <= 8, "Set workers to between 1 and 8."),
    ("E110", lambda: not Conf.SYNC, "Set sync to False: a request must not change Railway."),
    (
        "E111",
        lambda: Conf.POLL <= 1,
        "Set poll to 1 second or less: a due operation must not wait.",
    ),
)


@register("queue")
def queue_settings(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"The queue's settings are unsafe. {what}", id=f"instances.{number}")
        for number, holds, what in QUEUE_RULES
        if not holds()
    ]


@register(Tags.database)
def sqlite_options(**_: Any) -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return []
    options = database.get("OPTIONS", {})
    if options.get("transaction_mode") == "IMMEDIATE" and "WAL" in options.get("init_command", ""):
        return []
    return [
        Error(
            "SQLite without WAL and IMMEDIATE transactions loses writes under several workers.",
            id="instances.E120",
        )
    ]


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
    return [Error(sentence, id=f"instances.{number}") for number, sentence in _railway_problems()]


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
