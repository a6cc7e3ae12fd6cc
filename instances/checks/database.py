"""What is refused of the database's settings: what several workers at once do not get on with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
# Seconds that a writer waits for the one before it (docs/queue.md).
LEAST_TIMEOUT = 20
JOURNAL = re.compile(r"journal_mode\s*=\s*['\"]?(\w+)", re.IGNORECASE)
SYNCHRONOUS = re.compile(r"synchronous\s*=\s*['\"]?(\w+)", re.IGNORECASE)
# As a PRAGMA takes it: a name or a number.
UNSYNCHRONISED = {"off", "0"}
# psycopg's numbers: read uncommitted, which PostgreSQL takes as the next one, and read committed.
LEVELS = {None, 1, 2}

SENTENCES = {
    "E120": "SQLite without WAL and IMMEDIATE transactions loses writes under several workers."
    " Leave its OPTIONS as luthien_admin/settings.py sets them.",
    "E121": f"SQLite's timeout is too short for several workers. Set it to {LEAST_TIMEOUT} s.",
    "E122": "SQLite's synchronous is OFF: a power cut would spoil the database. Set it to NORMAL.",
    "E123": "SQLite in memory is another database in each process. Name a file in DATABASE_URL.",
    "E124": "CONN_HEALTH_CHECKS is off, so after a restart of PostgreSQL pages and workers fail on"
    " connections that are dead. Turn it on.",
    "E125": "CONN_MAX_AGE is 0, so each task opens a connection of its own: the queue is many"
    " times slower. Set it to 60.",
    "E126": "ATOMIC_REQUESTS is on, so a page that reads Railway would hold its transaction"
    " meanwhile, and on SQLite keep every writer out. Turn it off.",
    "E127": "AUTOCOMMIT is off, so workers would never commit. Turn it on.",
    "E128": "isolation_level is above READ COMMITTED, so of two who take the same row one would"
    " fail with an error instead of letting the other go first. Leave it out.",
    "E129": "The database is neither PostgreSQL nor SQLite. Set DATABASE_URL to one of them.",
}


@register(Tags.database)
def database_settings(**_: Any) -> list[CheckMessage]:
    found = _problems(settings.DATABASES["default"])
    return [Error(SENTENCES[number], id=f"instances.{number}") for number in found]


def _problems(database: dict[str, Any]) -> Iterator[str]:
    if database.get("ATOMIC_REQUESTS"):
        yield "E126"
    if not database.get("AUTOCOMMIT", True):
        yield "E127"
    if database["ENGINE"] == SQLITE:
        yield from _sqlite_problems(database, database.get("OPTIONS", {}))
    elif database["ENGINE"] == POSTGRESQL:
        yield from _postgresql_problems(database, database.get("OPTIONS", {}))
    else:
        yield "E129"


def _sqlite_problems(database: dict[str, Any], options: dict[str, Any]) -> Iterator[str]:
    command = options.get("init_command", "")
    if _named(JOURNAL, command) != "wal" or options.get("transaction_mode") != "IMMEDIATE":
        yield "E120"
    if options.get("timeout", 0) < LEAST_TIMEOUT:
        yield "E121"
    if _named(SYNCHRONOUS, command) in UNSYNCHRONISED:
        yield "E122"
    if _is_in_memory(str(database["NAME"])):
        yield "E123"


def _named(pattern: re.Pattern[str], command: str) -> str:
    """Return what the last of the command's PRAGMAs sets, which is the one that counts."""
    return str(next(reversed(pattern.findall(command)), "")).lower()


def _is_in_memory(name: str) -> bool:
    return not name or ":memory:" in name or "mode=memory" in name


def _postgresql_problems(database: dict[str, Any], options: dict[str, Any]) -> Iterator[str]:
    age = database.get("CONN_MAX_AGE", 0)
    if age is not None and age <= 0:
        yield "E125"
    elif not database.get("CONN_HEALTH_CHECKS"):
        yield "E124"
    if options.get("isolation_level") not in LEVELS:
        yield "E128"
