"""`manage.py check`: refuses what is unsafe."""

from __future__ import annotations

from typing import Any

import pytest
from django_q.conf import Conf

from instances import checks


def numbers(messages: list[Any]) -> set[str]:
    return {message.id.removeprefix("instances.") for message in messages}


def test_the_settings_as_they_are_pass() -> None:
    assert checks.queue_settings() == []
    assert checks.sqlite_options() == []
    assert checks.encryption_keys() == []
    assert checks.railway_settings() == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("ORM", None, "E101"),
        ("TIMEOUT", None, "E102"),
        ("TIMEOUT", 60, "E102"),
        ("RETRY", 60, "E103"),
        ("RETRY", 7200, "E103"),
        ("MAX_ATTEMPTS", 0, "E104"),
        ("ACK_FAILURES", False, "E105"),
        ("CATCH_UP", True, "E106"),
        ("QUEUE_LIMIT", 50, "E107"),
        ("BULK", 10, "E108"),
        ("WORKERS", 40, "E109"),
        ("SYNC", True, "E110"),
        ("POLL", 5, "E111"),
    ],
)
def test_every_unsafe_queue_setting_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any, number: str
) -> None:
    monkeypatch.setattr(Conf, name, value)

    assert number in numbers(checks.queue_settings())


def test_sqlite_without_its_options_is_an_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", {})

    assert numbers(checks.sqlite_options()) == {"E120"}


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
