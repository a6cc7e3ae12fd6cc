"""The local Railway, real workers, and short ways to ask for things."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.contrib.auth.models import User
from django.db import connection

from instances.models import Instance, Operation
from instances.services import creation, dispatch
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from instances.simulator.tokens import Token
from tests.standing import put_instance

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "account-token-of-the-tests"
WORKSPACE_TOKEN = "workspace-token-of-the-tests"
PROJECT_TOKEN = "project-token-of-the-tests"
SCALE = 0.02

NEEDS_POSTGRES = "needs PostgreSQL's locks: make test-postgres"

Create = Callable[..., Operation]
Stand = Callable[..., Instance]
StartWorker = Callable[[], subprocess.Popen[bytes]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what races for PostgreSQL's locks where another database is in use."""
    if connection.vendor != "postgresql":
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(pytest.mark.skip(reason=NEEDS_POSTGRES))


def make_railway(scale: float, **options: Any) -> LocalRailway:
    tokens = {
        TOKEN: Token("account"),
        WORKSPACE_TOKEN: Token("workspace"),
        PROJECT_TOKEN: Token("project"),
    }
    return LocalRailway(time_scale=scale, tokens=tokens, **options)


@pytest.fixture
def own_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the lock on the CLI's login apart from that of tests that run at the same time."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def scale() -> float:
    """How fast the local Railway and the app run; a test may parametrize it."""
    return SCALE


@pytest.fixture
def railway(scale: float, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRailway]:
    """A local Railway of the test's own, that the app talks to."""
    with make_railway(scale) as local:
        settings.RAILWAY_API_URL = local.url
        settings.RAILWAY_TIME_SCALE = scale
        monkeypatch.setenv("RAILWAY_BACKBOARD_URL", local.url)
        monkeypatch.setenv("RAILWAY_TIME_SCALE", str(scale))
        yield local


@pytest.fixture
def requester(db: None) -> Requester:
    account = User.objects.create_user("ann", is_staff=True)
    return Requester(account.pk, "ann")


@pytest.fixture
def create(railway: LocalRailway, requester: Requester) -> Create:
    """Ask for an instance and carry the operation on until it no longer moves by itself."""

    def run(name: str = "acme", **wish: Any) -> Operation:
        operation = creation.request(Wish(name, **wish), requester)
        dispatch.run_inline(operation, watch=lambda _: None)
        operation.instance.refresh_from_db()
        return operation

    return run


@pytest.fixture
def stand(railway: LocalRailway, requester: Requester) -> Stand:
    """Put an instance there that has run for an hour: its project, its row, its keys."""

    def put(
        name: str = "acme",
        ownership: Instance.Ownership = Instance.Ownership.CREATED,
        **options: Any,
    ) -> Instance:
        return put_instance(railway, name, ownership, **options)

    return put


def carry_out(operation: Operation) -> Operation:
    """Carry the operation on until it no longer moves by itself."""
    dispatch.run_inline(operation, watch=lambda _: None)
    operation.instance.refresh_from_db()
    return operation


class Addressed(Protocol):
    @property
    def url(self) -> str: ...


def database_url(name: str) -> str:
    """Return the address of the database of this name, on the server of the tests."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    server = connection.settings_dict
    return (
        f"postgres://{server['USER']}:{server['PASSWORD']}@"
        f"{server['HOST'] or 'localhost'}:{server['PORT'] or 5432}/{name}"
    )


def environment(local: Addressed, scale: float, **more: str) -> dict[str, str]:
    """Return what a process of its own needs to work on the test's database and Railway."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "luthien_admin.settings",
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "RAILWAY_API_URL": local.url,
        "RAILWAY_BACKBOARD_URL": local.url,
        "RAILWAY_TIME_SCALE": str(scale),
        **more,
    }


@pytest.fixture
def start_worker(
    transactional_db: None, railway: LocalRailway, scale: float
) -> Iterator[StartWorker]:
    """Start real queue clusters on the test's database; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = start_cluster(environment(railway, scale))
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)


def start_cluster(env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=env, start_new_session=True
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a cluster with all its workers, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_until(operation: Operation, *, step: str = "", seconds: float = 60) -> None:
    """Carry the operation on until `step` is being worked on, or to its end."""
    until = time.monotonic() + seconds
    while operation.is_moving and time.monotonic() < until:
        if step and operation.steps.get(name=step).started_at:
            return
        dispatch.advance(operation.pk)
        operation.refresh_from_db()
        time.sleep(0.02)
