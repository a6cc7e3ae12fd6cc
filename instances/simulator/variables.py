"""Variables: stored as written, rendered on demand (api-facts.md §11)."""

import re
import secrets
import string
from collections.abc import Mapping

from instances.simulator.state import Deployment, Project, Service
from instances.simulator.world import World

REFERENCE = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")
GENERATOR = re.compile(r"\$\{\{\s*secret\((\d+)[^{}]*\)\s*\}\}")
# Variables that refer to each other in a circle end somewhere.
DEPTH = 8


def write(
    world: World,
    project: Project,
    service: Service | None,
    values: Mapping[str, object],
    *,
    replace: bool = False,
) -> None:
    store = project.shared_variables if service is None else service.variables
    if replace:
        store.clear()
    store.update({name: str(value) for name, value in values.items() if value is not None})
    if service is not None:
        service.updated_at = world.now()


def provided(project: Project, service: Service) -> dict[str, str]:
    """Return what Railway itself hands to a service."""
    values = {
        "RAILWAY_PROJECT_ID": project.id,
        "RAILWAY_PROJECT_NAME": project.name,
        "RAILWAY_ENVIRONMENT_ID": project.environment_id,
        "RAILWAY_ENVIRONMENT_NAME": project.environment_name,
        "RAILWAY_ENVIRONMENT": project.environment_name,
        "RAILWAY_SERVICE_ID": service.id,
        "RAILWAY_SERVICE_NAME": service.name,
        "RAILWAY_PRIVATE_DOMAIN": service.private_host,
    }
    if service.domains:
        values["RAILWAY_PUBLIC_DOMAIN"] = service.domains[0].host
    if service.volume is not None:
        values["RAILWAY_VOLUME_NAME"] = service.volume.name
        values["RAILWAY_VOLUME_MOUNT_PATH"] = service.volume.mount_path
    if service.repo:
        owner, _, name = service.repo.partition("/")
        values |= {"RAILWAY_GIT_REPO_OWNER": owner, "RAILWAY_GIT_REPO_NAME": name}
        values["RAILWAY_GIT_BRANCH"] = service.branch or "main"
    return values | (of_commit(service.deployments[-1]) if service.deployments else {})


def of_commit(deployment: Deployment) -> dict[str, str]:
    if deployment.commit is None:
        return {}
    return {
        "RAILWAY_GIT_COMMIT_SHA": deployment.commit,
        "RAILWAY_GIT_COMMIT_MESSAGE": deployment.commit_message or "",
    }


class Rendering:
    """Resolves references between the services of one project, as they are at one moment."""

    def __init__(self, project: Project, now: float) -> None:
        self._project = project
        self._services = {
            service.name: service
            for service in project.services.values()
            if service.created_at <= now and service.deleted_at is None
        }

    def shared(self) -> dict[str, str]:
        raw = self._project.shared_variables
        return {name: self._text(value, raw, DEPTH) for name, value in raw.items()}

    def service(self, service: Service, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        raw = provided(self._project, service) | dict(extra or {}) | service.variables
        return {name: self._text(value, raw, DEPTH) for name, value in sorted(raw.items())}

    def _text(self, value: str, own: Mapping[str, str], depth: int) -> str:
        # An unresolvable reference is an empty string, silently (api-facts.md §11).
        return REFERENCE.sub(lambda found: self._value(found[1], own, depth - 1), value)

    def _value(self, reference: str, own: Mapping[str, str], depth: int) -> str:
        if depth < 0:
            return ""
        owner, dot, name = reference.partition(".")
        scope = self._scope(owner) if dot else own
        found = scope.get(name if dot else reference)
        return "" if found is None else self._text(found, scope, depth)

    def _scope(self, owner: str) -> Mapping[str, str]:
        if owner == "shared":
            return self._project.shared_variables
        service = self._services.get(owner)
        if service is None:
            return {}
        return provided(self._project, service) | service.variables


def rendered(world: World, project: Project, service: Service) -> dict[str, str]:
    return Rendering(project, world.now()).service(service)


def generated(value: str) -> str:
    """Fill in what a template leaves to chance."""
    alphabet = string.ascii_letters + string.digits
    return GENERATOR.sub(
        lambda found: "".join(secrets.choice(alphabet) for _ in range(int(found[1]))), value
    )
