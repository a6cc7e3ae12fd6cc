"""The control panel over HTTP: look at what happened, and make things happen."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from instances.simulator import deployments, execution, projects, repositories, seeding
from instances.simulator.faults import Fault, Faults
from instances.simulator.messages import Reply, Request, json_reply
from instances.simulator.record import Records, without_secrets
from instances.simulator.state import Project, Service
from instances.simulator.world import World

PREFIX = "/control"


class Unacceptable(Exception):
    """A control request that cannot be understood."""


@dataclass(frozen=True)
class Control:
    world: World
    faults: Faults
    records: Records

    def answer(self, request: Request) -> Reply:
        name = request.path.removeprefix(PREFIX).strip("/")
        act = self._actions().get((request.method, name))
        if act is None:
            return json_reply(404, {"error": f"no {request.method} {request.path}"})
        try:
            wanted = json.loads(request.body or b"{}")
            with self.world.lock:
                return json_reply(200, act(wanted))
        except (Unacceptable, LookupError, TypeError, ValueError) as error:
            return json_reply(400, {"error": str(error)})

    def _actions(self) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
        return {
            ("GET", "requests"): lambda _wanted: self._requests(),
            ("DELETE", "requests"): lambda _wanted: self.records.clear(),
            ("GET", "faults"): lambda _wanted: [asdict(one) for one in self.faults.active()],
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _wanted: self.faults.clear(),
            ("GET", "held"): lambda _wanted: self._held(),
            ("POST", "held/release"): lambda one: self.faults.release(one.get("id")),
            ("POST", "held/drop"): lambda one: self.faults.drop(one.get("id")),
            ("GET", "state"): lambda _wanted: self._state(),
            ("POST", "seed"): self._seed,
            ("POST", "seed/instances"): self._seed_instances,
            ("POST", "project"): self._add_project,
            ("POST", "instance"): self._add_instance,
            ("POST", "push"): self._push,
            ("POST", "edit"): self._edit,
            ("POST", "schema"): self._drop_fields,
        }

    def _requests(self) -> list[dict[str, Any]]:
        return [
            asdict(record) | {"variables": without_secrets(record.variables)}
            for record in self.records.snapshot()
        ]

    def _add_fault(self, wanted: dict[str, Any]) -> dict[str, Any]:
        fault = Fault(**wanted)
        self.faults.add(fault)
        return asdict(fault)

    def _held(self) -> list[dict[str, Any]]:
        return [
            {"id": held.id, "operation": held.operation, "stage": held.stage}
            for held in self.faults.held()
        ]

    def _seed(self, wanted: dict[str, Any]) -> list[str]:
        return [project.id for project in seeding.seed_projects(self.world, **wanted)]

    def _seed_instances(self, wanted: dict[str, Any]) -> list[str]:
        return [project.id for project in seeding.seed_instances(self.world, **wanted)]

    def _add_instance(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return self._project(seeding.add_instance(self.world, **wanted))

    def _add_project(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return self._project(seeding.add_project(self.world, **wanted))

    def _push(self, wanted: dict[str, Any]) -> dict[str, Any]:
        commit = repositories.push(
            self.world,
            wanted["repo"],
            wanted.get("branch"),
            wanted.get("message", "A change"),
        )
        self.world.save()
        return asdict(commit)

    def _edit(self, wanted: dict[str, Any]) -> dict[str, Any]:
        project = self._found(wanted["project"])
        name, description = wanted.get("name"), wanted.get("description")
        projects.update(self.world, project, name=name, description=description)
        if wanted.get("delete"):
            projects.delete(self.world, project)
        if wanted.get("scheduleDelete"):
            projects.schedule_deletion(self.world, project)
        if wanted.get("restore"):
            projects.cancel_deletion(project)
        self.world.save()
        return self._project(project)

    def _drop_fields(self, wanted: dict[str, Any]) -> list[str]:
        """Have the schema be without these fields, named as Type.field, from now on."""
        without = frozenset(wanted["without"])
        execution.schema(without)
        self.world.schema_without = without
        return sorted(without)

    def _found(self, id_or_name: str) -> Project:
        for project in self.world.projects.values():
            if id_or_name in (project.id, project.name):
                return project
        raise Unacceptable(f"no project {id_or_name!r}")

    def _state(self) -> dict[str, Any]:
        workspaces = self.world.workspaces.values()
        return {
            "workspaces": [{"id": one.id, "name": one.name} for one in workspaces],
            "projects": [self._project(project) for project in self.world.projects.values()],
        }

    def _project(self, project: Project) -> dict[str, Any]:
        return {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "workspaceId": project.workspace_id,
            "environmentId": project.environment_id,
            "deletedAt": project.deleted_at,
            "services": [self._service(service) for service in project.services.values()],
        }

    def _service(self, service: Service) -> dict[str, Any]:
        now = self.world.now()
        return {
            "id": service.id,
            "name": service.name,
            "isVisible": service.visible_at <= now,
            "repo": service.repo,
            "branch": service.branch,
            "image": service.image,
            "variables": sorted(service.variables),
            "domains": [domain.host for domain in service.domains],
            "deployments": [
                {
                    "id": one.id,
                    "status": deployments.status(service, one, now).status,
                    "commit": one.commit,
                }
                for one in deployments.known(service, now)
            ],
        }
