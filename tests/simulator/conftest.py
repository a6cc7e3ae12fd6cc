"""A local Railway of a test's own, and clients for its three faces."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from instances.simulator.clock import Clock
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service

ROOT = Path(__file__).resolve().parents[2]
LIVE_SCALE = 0.004
Json = Any
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SteppedClock(Clock):
    """Time that passes only when a test says so; a second is a second."""

    def __init__(self) -> None:
        super().__init__(scale=1.0)
        self.at = time.time()

    def now(self) -> float:
        return self.at

    def step(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Json:
        return json.loads(self.text)

    @property
    def data(self) -> Json:
        assert "errors" not in self.json, self.text
        return self.json["data"]

    @property
    def message(self) -> str:
        return str(self.json["errors"][0]["message"])


def http(
    method: str,
    url: str,
    body: Json = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> Answer:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers or {}, method=method)  # noqa: S310
    try:
        with OPENER.open(request, timeout=timeout) as response:
            return Answer(response.status, dict(response.headers), response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read().decode())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Client:
    """Speaks GraphQL as the app does."""

    railway: LocalRailway
    headers: dict[str, str] = field(default_factory=lambda: bearer("account-token"))
    query_string: str = "?source=tests"
    timeout: float = 10.0

    def __call__(self, query: str, **variables: Json) -> Answer:
        body = {"query": query, "variables": variables or None}
        return http("POST", self.railway.url + self.query_string, body, self.headers, self.timeout)


@dataclass
class Running:
    """A stand-in that has been started."""

    process: subprocess.Popen[str]

    def finish(self, stdin: str = "") -> subprocess.CompletedProcess[str]:
        out, err = self.process.communicate(stdin, timeout=20)
        return subprocess.CompletedProcess([], self.process.returncode, out, err)


@dataclass
class Cli:
    """Starts the stand-in as the app does: its own home and directory, a bare environment."""

    home: Path
    directory: Path
    environment: dict[str, str]

    def __call__(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.start(*words).finish(stdin)

    def start(self, *words: str) -> Running:
        return Running(
            subprocess.Popen(
                [sys.executable, "-m", "instances.simulator.stand_in", *words],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def json(self, *words: str, stdin: str = "") -> Json:
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def link(self, project: Project, service: Service | None = None) -> None:
        """Write the link file, as the app does."""
        entry = {
            "projectPath": str(self.directory),
            "name": None,
            "project": project.id,
            "environment": project.environment_id,
            "environmentName": None,
            "service": service.id if service else None,
        }
        folder = self.home / ".railway"
        folder.mkdir(exist_ok=True)
        content = {"projects": {str(self.directory): entry}, "user": {}}
        (folder / "config.json").write_text(json.dumps(content))


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def railway(clock: SteppedClock) -> Iterator[LocalRailway]:
    """A local Railway in which time stands still until it is stepped."""
    with LocalRailway(clock=clock) as running:
        yield running


@pytest.fixture
def live_scale() -> float:
    """How fast time passes in `live`; a test may parametrize it."""
    return LIVE_SCALE


@pytest.fixture
def live(live_scale: float) -> Iterator[LocalRailway]:
    """A local Railway in which time passes, quickly."""
    with LocalRailway(time_scale=live_scale) as running:
        yield running


@pytest.fixture
def ask(railway: LocalRailway) -> Client:
    return Client(railway)


MakeCli = Callable[..., Cli]


@pytest.fixture
def make_cli(tmp_path: Path) -> MakeCli:
    def make(railway: LocalRailway, **changes: str | None) -> Cli:
        number = len(list(tmp_path.glob("home*")))
        home, directory = tmp_path / f"home{number}", tmp_path / f"work{number}"
        home.mkdir()
        directory.mkdir()
        environment: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "RAILWAY_API_TOKEN": "account-token",
            "RAILWAY_BACKBOARD_URL": railway.url,
            "RAILWAY_NO_TELEMETRY": "1",
            "RAILWAY_TIME_SCALE": "0.01",
            **changes,
        }
        given = {name: value for name, value in environment.items() if value is not None}
        return Cli(home, Path(os.path.realpath(directory)), given)

    return make


@pytest.fixture
def cli(make_cli: MakeCli, railway: LocalRailway) -> Cli:
    return make_cli(railway)


def eventually(condition: Callable[[], Json], seconds: float = 10.0) -> Json:
    """Return what the condition returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "this never became true"
        time.sleep(0.01)
    return found


def service_named(project: Project, name: str) -> Service:
    return next(service for service in project.services.values() if service.name == name)
