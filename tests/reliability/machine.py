"""What a case runs on: a PostgreSQL server, a local Railway, queue clusters; each a process."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone

from instances.models import Operation
from instances.simulator.run import serve
from instances.simulator.server import LocalRailway
from tests.conftest import TOKEN
from tests.reliability import snapshots
from tests.reliability.databases import Databases
from tests.reliability.programs import FORK, Program
from tests.reliability.scenarios import SCENARIOS
from tests.reliability.snapshots import Snapshot
from tests.with_postgres import Server

DATABASE = "case"
# Real seconds.
STARTS_WITHIN = 20.0


class Machine:
    """Keeps the snapshots, and puts them back for one case after the other."""

    def __init__(self, server: Server, folder: Path, *, scale: float, without: str | None) -> None:
        self.railway: Railway | None = None
        self.log = folder / "cluster.log"
        self._server = server
        self._scale = scale
        self._folder = folder
        self._without = without
        self._started: list[Program] = []
        self._databases = Databases(server.url)
        self._databases.make_empty()
        self._snapshots: dict[str, dict[str, Snapshot]] = {}

    def put_back(self, scenario: str, step: str) -> tuple[int, Railway]:
        """Make everything as it was before the step; return the operation's key, and Railway."""
        snapshot = self._snapshot(scenario, step)
        self._databases.copy(snapshot.database, DATABASE)
        self._databases.use(DATABASE)
        state_file = self._folder / "railway.json"
        shutil.copy(snapshot.state_file, state_file)
        self.log.write_bytes(b"")
        self.railway = Railway(state_file, self._scale)
        # However old the copy is, the operation is due at this moment.
        Operation.objects.filter(pk=snapshot.operation).update(due_at=timezone.now())
        return snapshot.operation, self.railway

    def start(self, command: str) -> Program:
        """Start a management command: a cluster, or what cron starts."""
        program = Program(command, log=self.log, without=self._without)
        self._started.append(program)
        return program

    def restart_database(self, how: signal.Signals) -> None:
        connection.close()
        os.kill(self._server.process.pid, how)
        self._server.process.wait()
        self._server.start()
        self._server.wait_until_ready()

    def clear(self) -> None:
        """End every process of the case."""
        while self._started:
            self._started.pop().kill()
        if self.railway:
            self.railway.end()
            self.railway = None
        connection.close()

    close = clear

    def _snapshot(self, scenario: str, step: str) -> Snapshot:
        if scenario not in self._snapshots:
            self._snapshots[scenario] = snapshots.take(
                SCENARIOS[scenario], self._databases, self._folder, self._scale
            )
        return self._snapshots[scenario][step]


class Railway:
    """A local Railway in a process of its own, led by its control panel."""

    def __init__(self, state_file: Path, scale: float) -> None:
        self._state_file = state_file
        self._scale = scale
        self._http = httpx.Client(trust_env=False, timeout=STARTS_WITHIN)
        self._process: ForkProcess
        self.start()

    def start(self) -> None:
        # A copy of this process must not hold on to its connection.
        connection.close()
        ours, theirs = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=_serve, args=(self._state_file, self._scale, theirs))
        self._process.start()
        theirs.close()
        assert ours.poll(STARTS_WITHIN), "the local Railway does not start"
        self.url, self._control = ours.recv()
        settings.RAILWAY_API_URL = os.environ["RAILWAY_BACKBOARD_URL"] = self.url

    def signal(self, number: signal.Signals) -> None:
        assert self._process.pid, "it was not started"
        os.kill(self._process.pid, number)

    def wait(self) -> None:
        self._process.join()

    def end(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()
        self._http.close()

    def add_fault(self, **fault: Any) -> None:
        self._post("faults", fault)

    def add_project(self, name: str) -> None:
        self._post("project", {"name": name})

    def is_holding(self) -> bool:
        return bool(self._http.get(f"{self._control}/held").json())

    def release(self) -> None:
        self._post("held/release", {})

    def drop(self) -> None:
        self._post("held/drop", {})

    def _post(self, what: str, body: dict[str, Any]) -> None:
        self._http.post(f"{self._control}/{what}", json=body).raise_for_status()

    def look_inside(self) -> LocalRailway:
        """Return what it has written down, as an object that does not run."""
        return LocalRailway(state_file=self._state_file, time_scale=self._scale)


def _serve(state_file: Path, scale: float, ready: Connection) -> None:
    announce: Callable[[LocalRailway], None] = lambda railway: ready.send(  # noqa: E731
        (railway.url, railway.control_url)
    )
    serve(state_file=state_file, time_scale=scale, port=0, account_token=TOKEN, announce=announce)
