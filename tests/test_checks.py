"""`manage.py check`: refuses what is unsafe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django_q.conf import Conf
from psycopg import IsolationLevel

from instances import checks
from luthien_admin.settings import database
from tests.conftest import ROOT

# Every value of Q_CLUSTER that cannot work, as somebody might write it.
ALL_UNSAFE = """
from luthien_admin.settings import *

DATABASES["default"] |= {"ATOMIC_REQUESTS": True, "OPTIONS": {}}
Q_CLUSTER = {
    "name": "", "orm": "other", "redis": {"host": "localhost"}, "workers": 40, "queue_limit": 0,
    "bulk": 10, "timeout": 60, "retry": 90, "max_attempts": 0, "ack_failures": False,
    "catch_up": True, "sync": True, "poll": 30, "recycle": 1, "max_rss": 1000, "save_limit": -1,
    "save_limit_per": "name", "cached": True, "scheduler": False, "daemonize_workers": False,
    "guard_cycle": 0, "time_zone": "Mars/Olympus", "ALT_CLUSTERS": {"other": {}},
}
"""
# All but E163, which is about DATABASE_ROUTERS.
ALL_NUMBERS = {f"E{n}" for n in (*range(101, 122), 126, 160, 161, 162, 164, 165)}


def numbers(messages: list[Any]) -> set[str]:
    return {message.id.removeprefix("instances.") for message in messages}


def found_by_manage_py() -> set[str]:
    """Return what `manage.py check` finds, by all that is registered."""
    return numbers([m for m in run_checks() if str(m.id).startswith("instances.")])


def printed_by_manage_py(tmp_path: Path, settings: str, **environment: str) -> str:
    """Run `manage.py check` in a process of its own, with a module of settings."""
    (tmp_path / "settings_of_a_test.py").write_text(settings)
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check"],
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "settings_of_a_test",
            **environment,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout + found.stderr


def test_the_settings_as_they_are_pass() -> None:
    assert found_by_manage_py() == set()


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("ORM", None, "E101"),
        ("ORM", "replica", "E101"),
        ("TIMEOUT", None, "E102"),
        ("TIMEOUT", 60, "E102"),
        ("TIMEOUT", -1, "E102"),
        ("TIMEOUT", "3600", "E102"),
        ("RETRY", None, "E103"),
        ("RETRY", 60, "E103"),
        ("RETRY", 7200, "E103"),
        ("MAX_ATTEMPTS", 0, "E104"),
        ("MAX_ATTEMPTS", 2, "E104"),
        ("ACK_FAILURES", False, "E105"),
        ("CATCH_UP", True, "E106"),
        ("QUEUE_LIMIT", 50, "E107"),
        ("QUEUE_LIMIT", 0, "E107"),
        ("QUEUE_LIMIT", -1, "E107"),
        ("BULK", 0, "E108"),
        ("BULK", 10, "E108"),
        ("WORKERS", -1, "E109"),
        ("WORKERS", 40, "E109"),
        ("SYNC", True, "E110"),
        ("POLL", 5, "E111"),
        ("POLL", 0, "E111"),
        ("POLL", -1, "E111"),
        ("BROKER_CLASS", "somebody.Broker", "E165"),
        ("BROKER_CLASS", None, "E165"),
        ("IRON_MQ", {"project_id": "1"}, "E112"),
        ("SQS", {"aws_region": "us-east-1"}, "E112"),
        ("MONGO", {"host": "localhost"}, "E112"),
        ("REDIS", {"host": "localhost"}, "E112"),
        ("DJANGO_REDIS", "default", "E112"),
        ("CLUSTER_NAME", "elsewhere", "E113"),
        ("SCHEDULER", False, "E114"),
        ("CACHED", True, "E115"),
        ("CACHED", 60, "E115"),
        ("SAVE_LIMIT", -1, "E116"),
        ("SAVE_LIMIT", 0, "E116"),
        ("SAVE_LIMIT", 1, "E116"),
        ("SAVE_LIMIT", 5000, "E116"),
        ("SAVE_LIMIT_PER", "name", "E117"),
        ("RECYCLE", 0, "E118"),
        ("RECYCLE", 1, "E118"),
        ("RECYCLE", None, "E118"),
        ("MAX_RSS", 50_000, "E119"),
        ("DAEMONIZE_WORKERS", False, "E160"),
        ("GUARD_CYCLE", 0, "E161"),
        ("GUARD_CYCLE", 5, "E161"),
        ("PREFIX", "", "E162"),
        ("PREFIX", "x" * 101, "E162"),
        ("TIME_ZONE", "Mars/Olympus", "E164"),
        ("TIME_ZONE", None, "E164"),
    ],
)
def test_every_unsafe_queue_setting_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any, number: str
) -> None:
    monkeypatch.setattr(Conf, name, value)

    assert number in found_by_manage_py()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", 4),
        ("WORKERS", 8),
        ("TIMEOUT", 7200),
        ("POLL", 0.5),
        ("RECYCLE", 500),
        ("MAX_RSS", 400_000),
        ("SAVE_LIMIT", 1000),
        ("SAVE_LIMIT_PER", "func"),
        ("TIME_ZONE", "Europe/Berlin"),
        ("GUARD_CYCLE", 1),
    ],
)
def test_a_queue_setting_that_is_only_another_taste_passes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    monkeypatch.setattr(Conf, name, value)

    assert found_by_manage_py() == set()


def test_other_queues_beside_ours_are_an_error(settings: Any) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "ALT_CLUSTERS": {"other": {"workers": 1}}}

    assert found_by_manage_py() == {"E113"}


def test_times_without_a_zone_are_an_error(settings: Any) -> None:
    settings.USE_TZ = False

    assert found_by_manage_py() == {"E164"}


class QueueElsewhere:
    """Routes the queue's tables to a database of their own."""

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return "queue" if model._meta.app_label == "django_q" else None


class ReadingElsewhere:
    """Routes what is read to a copy of the database."""

    def db_for_read(self, *_: Any, **_hints: Any) -> str:
        return "replica"


@pytest.mark.parametrize("router", [QueueElsewhere, ReadingElsewhere])
def test_a_router_that_parts_the_queue_from_its_rows_is_an_error(
    settings: Any, router: type
) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.{router.__name__}"]

    assert found_by_manage_py() == {"E163"}


def test_all_of_it_is_read_from_the_settings_and_said_in_sentences(tmp_path: Path) -> None:
    printed = printed_by_manage_py(tmp_path, ALL_UNSAFE, DATABASE_URL="sqlite:////nowhere/at-all")

    assert set(re.findall(r"instances\.(E\d+)", printed)) == ALL_NUMBERS
    assert "Traceback" not in printed


def test_a_queue_named_by_the_environment_is_an_error_and_no_crash(tmp_path: Path) -> None:
    settings = "from luthien_admin.settings import *"

    printed = printed_by_manage_py(tmp_path, settings, Q_CLUSTER_NAME="elsewhere")

    assert "unset Q_CLUSTER_NAME" in printed
    assert "Traceback" not in printed


SQLITE = database({"ENGINE": "django.db.backends.sqlite3", "NAME": "/somewhere/db.sqlite3"})
POSTGRESQL = database({"ENGINE": "django.db.backends.postgresql", "NAME": "luthien"})


def with_database(settings: Any, base: dict[str, Any], **changes: Any) -> set[str]:
    """Return what the check finds when only these options are others."""
    options = {**base.get("OPTIONS", {}), **changes.pop("OPTIONS", {})}
    settings.DATABASES = {"default": {**base, **changes, "OPTIONS": options}}
    return numbers(checks.database_settings())


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        (SQLITE, {}, set()),
        (SQLITE, {"OPTIONS": {"transaction_mode": None}}, {"E120"}),
        (SQLITE, {"OPTIONS": {"transaction_mode": "DEFERRED"}}, {"E120"}),
        (SQLITE, {"OPTIONS": {"init_command": ""}}, {"E120"}),
        (SQLITE, {"OPTIONS": {"init_command": "PRAGMA journal_mode=DELETE; -- WAL"}}, {"E120"}),
        (SQLITE, {"OPTIONS": {"init_command": "pragma journal_mode = wal"}}, set()),
        (SQLITE, {"OPTIONS": {"timeout": 5}}, {"E121"}),
        (
            SQLITE,
            {"OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}},
            {"E122"},
        ),
        (SQLITE, {"NAME": ":memory:"}, {"E123"}),
        (SQLITE, {"NAME": "file::memory:?cache=shared"}, {"E123"}),
        (SQLITE, {"ATOMIC_REQUESTS": True}, {"E126"}),
        (POSTGRESQL, {}, set()),
        (POSTGRESQL, {"CONN_MAX_AGE": None}, set()),
        (POSTGRESQL, {"CONN_HEALTH_CHECKS": False}, {"E124"}),
        (POSTGRESQL, {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}, {"E124"}),
        (POSTGRESQL, {"CONN_MAX_AGE": 0}, {"E125"}),
        (POSTGRESQL, {"CONN_MAX_AGE": -1}, {"E125"}),
        (POSTGRESQL, {"ATOMIC_REQUESTS": True}, {"E126"}),
        (POSTGRESQL, {"AUTOCOMMIT": False}, {"E127"}),
        (POSTGRESQL, {"OPTIONS": {"isolation_level": IsolationLevel.SERIALIZABLE}}, {"E128"}),
        (POSTGRESQL, {"OPTIONS": {"isolation_level": IsolationLevel.READ_COMMITTED}}, set()),
        (POSTGRESQL, {"ENGINE": "django.db.backends.mysql"}, {"E129"}),
    ],
)
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_what_several_workers_do_not_get_on_with_is_an_error(
    settings: Any, base: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    assert with_database(settings, base, **changes) == expected


def test_encryption_keys_are_looked_at(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    without = numbers(checks.encryption_keys())
    settings.ENCRYPTION_KEYS = ["not a key"]
    bad = numbers(checks.encryption_keys())

    assert (without, bad) == ({"W130"}, {"E131"})


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("RAILWAY_CLI_AUTH", "cookie", "E140"),
        ("RAILWAY_CLI", [], "E141"),
        ("GATEWAY_SCHEME", "ftp", "E142"),
        ("RAILWAY_API_URL", "https://backboard.railway.com/graphql/v2", "E143"),
        ("RAILWAY_TIME_SCALE", 0, "E144"),
        ("RAILWAY_TIME_SCALE", float("nan"), "E144"),
        ("DELETION_GRACE_DAYS", float("inf"), "E146"),
        ("DELETION_GRACE_DAYS", -1.0, "E146"),
        ("RAILWAY_PROPAGATION_BUDGET", float("nan"), "E147"),
        ("RAILWAY_CLI_ENV", ["RAILWAY_PROJECT_ID"], "E145"),
        ("BULK_OPERATIONS_AT_ONCE", 0, "E146"),
        ("RAILWAY_BUDGET_RESERVE", -1, "E147"),
        ("RAILWAY_BUDGET_RESERVE", 100, "E147"),
    ],
)
def test_railway_settings_that_cannot_work_are_errors(
    settings: Any, name: str, value: Any, number: str
) -> None:
    setattr(settings, name, value)

    assert number in numbers(checks.railway_settings())


def test_what_is_for_trying_only_is_refused_in_production(settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = ""
    settings.ENCRYPTION_KEYS = []

    found = numbers(checks.production())

    assert {"E150", "E151", "E152", "E153", "E154"} <= found
