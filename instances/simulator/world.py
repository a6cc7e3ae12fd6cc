"""The state together with its clock, its faults and the lock that every request works under."""

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from instances.simulator import storage
from instances.simulator.clock import Clock
from instances.simulator.faults import Faults
from instances.simulator.state import Deployment, Domain, Project, Service, Workspace


def new_id() -> str:
    return str(uuid.uuid4())


class World:
    """All that exists in the local Railway, and what is needed to change it."""

    def __init__(self, *, clock: Clock, faults: Faults, state_file: Path | None = None) -> None:
        self.clock = clock
        self.faults = faults
        self.lock = threading.RLock()
        self.state = storage.load(state_file)
        # Fields, as Type.field, that the schema has lost.
        self.schema_without: frozenset[str] = frozenset()
        self.host_of_new_domain: Callable[[], tuple[str, int]] = _no_ports
        self._state_file = state_file

    @property
    def projects(self) -> dict[str, Project]:
        return self.state.projects

    @property
    def workspaces(self) -> dict[str, Workspace]:
        return self.state.workspaces

    def now(self) -> float:
        return self.clock.now()

    def save(self) -> None:
        if self._state_file is not None:
            storage.save(self.state, self._state_file)

    def add_workspace(self, name: str) -> Workspace:
        # Derived from the name, so that a demo's settings stay right when its state is thrown away.
        workspace_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.workspace"))
        workspace = Workspace(workspace_id, name, created_at=self.now())
        return self.state.workspaces.setdefault(workspace_id, workspace)

    def workspace(self, name_or_id: str | None = None) -> Workspace:
        """Return the workspace of this name or id; without one, the first."""
        for workspace in self.state.workspaces.values():
            if name_or_id in (None, workspace.id, workspace.name):
                return workspace
        raise LookupError(f"no workspace {name_or_id!r}")

    def services(self) -> Iterator[tuple[Project, Service]]:
        for project in self.state.projects.values():
            for service in project.services.values():
                yield project, service

    def find_service(self, service_id: str) -> tuple[Project, Service] | None:
        for project in self.state.projects.values():
            if service_id in project.services:
                return project, project.services[service_id]
        return None

    def find_deployment(self, deployment_id: str) -> tuple[Project, Service, Deployment] | None:
        for project, service in self.services():
            for deployment in service.deployments:
                if deployment.id == deployment_id:
                    return project, service, deployment
        return None

    def find_domain(self, id_or_host: str) -> tuple[Project, Service, Domain] | None:
        for project, service in self.services():
            for domain in service.domains:
                if id_or_host in (domain.id, domain.host):
                    return project, service, domain
        return None


def _no_ports() -> tuple[str, int]:
    raise RuntimeError("this world has no gateways")
