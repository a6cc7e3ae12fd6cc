"""The local Railway as one object: start it, talk to it, look inside, stop it."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from instances.simulator import gateway_answers, projects, repositories, seeding
from instances.simulator.budget import Budget, Edge
from instances.simulator.clock import Clock
from instances.simulator.control import PREFIX, Control
from instances.simulator.exchange import Exchange
from instances.simulator.faults import Faults
from instances.simulator.gateways import Gateways
from instances.simulator.http_server import LocalServer
from instances.simulator.messages import Reply, Request, json_reply
from instances.simulator.mishaps import Mishaps
from instances.simulator.record import Records, RequestRecord
from instances.simulator.state import Project
from instances.simulator.tokens import Token, default_tokens
from instances.simulator.world import World

GRAPHQL_PATH = "/graphql/v2"
WORKSPACE = "Luthien"


class LocalRailway:
    """A Railway on this machine. With a state file, a later one continues where this one was."""

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        time_scale: float = 0.05,
        clock: Clock | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        tokens: Mapping[str, Token] | None = None,
        workspaces: Iterable[str] = (WORKSPACE,),
        page_cap: int = 100,
        hourly_limit: int = 10_000,
        gateway_ports: Iterable[int] | None = None,
    ) -> None:
        self.faults = Faults()
        self.world = World(
            clock=clock or Clock(time_scale), faults=self.faults, state_file=state_file
        )
        for name in workspaces:
            self.world.add_workspace(name)
        repositories.repository(self.world, repositories.GATEWAY_REPOSITORY)
        self._records = Records()
        self._stopping = threading.Event()
        self._host, self._port = host, port or self.world.state.port
        self._server: LocalServer | None = None
        mishaps = Mishaps(self.faults.holding, self._stopping)
        self._gateways = Gateways(self.world, host, gateway_ports, mishaps)
        self._control = Control(self.world, self.faults, self._records)
        self._exchange = Exchange(
            world=self.world,
            tokens=default_tokens() if tokens is None else tokens,
            budget=Budget(hourly_limit, self.world.clock),
            edge=Edge(),
            mishaps=mishaps,
            records=self._records,
            page_cap=page_cap,
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self._running().port}{GRAPHQL_PATH}"

    @property
    def control_url(self) -> str:
        return f"http://localhost:{self._running().port}{PREFIX}"

    @property
    def requests(self) -> list[RequestRecord]:
        return self._records.snapshot()

    @property
    def is_idle(self) -> bool:
        """Return whether nobody is connected, so that `requests` is complete."""
        return self._running().is_idle

    def start(self) -> None:
        server = LocalServer(self._host, self._port)
        server.start(self._answer)
        self._server = server
        with self.world.lock:
            self.world.state.port = server.port
            self._gateways.reopen()
            self.world.save()

    def stop(self) -> None:
        self._stopping.set()
        self.faults.holding.close()
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._gateways.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def seed_projects(
        self, count: int, prefix: str = "other-", workspace: str | None = None
    ) -> list[Project]:
        """Put other people's projects there, visible at once."""
        return seeding.seed_projects(self.world, count, prefix, workspace)

    def add_project(
        self,
        name: str,
        workspace: str | None = None,
        description: str = "",
        services: Iterable[str] = (),
    ) -> Project:
        """Make a project behind the app's back, visible at once."""
        return seeding.add_project(self.world, name, workspace, description, services)

    def add_instance(
        self,
        name: str,
        workspace: str | None = None,
        description: str | None = None,
        variables: Mapping[str, str] | None = None,
        *,
        address: bool = True,
    ) -> Project:
        """Make an instance as the old tool left it, running for an hour."""
        return seeding.add_instance(
            self.world, name, workspace, description, variables, address=address
        )

    def seed_instances(
        self, count: int, prefix: str = "tenant-", workspace: str | None = None
    ) -> list[Project]:
        """Make many of them, without addresses."""
        return seeding.seed_instances(self.world, count, prefix, workspace)

    def edit(self, project_id: str, **changes: str) -> None:
        """Change a project's name or description behind the app's back."""
        with self.world.lock:
            project = self.world.projects[project_id]
            projects.update(
                self.world,
                project,
                name=changes.get("name"),
                description=changes.get("description"),
            )
            self.world.save()

    def vanish(self, project_id: str) -> None:
        """Have a project be no more, without a trace."""
        with self.world.lock:
            self.world.projects.pop(project_id)
            self.world.save()

    def deployed(self, domain_or_project_id: str) -> dict[str, str] | None:
        """Return the variables that the live gateway runs with, by its domain or its project."""
        with self.world.lock:
            project = self.world.projects.get(domain_or_project_id)
            hosts = (
                [domain_or_project_id.removeprefix("https://").removeprefix("http://")]
                if project is None
                else [one.host for each in project.services.values() for one in each.domains]
            )
            found = (gateway_answers.find(self.world, host) for host in hosts)
            return next((dict(gateway.variables) for gateway in found if gateway), None)

    def _running(self) -> LocalServer:
        if self._server is None:
            raise RuntimeError("the local Railway is not running")
        return self._server

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if request.path == GRAPHQL_PATH and request.method == "POST":
            return self._exchange.answer(request)
        return json_reply(404, {"error": "Not Found"})
