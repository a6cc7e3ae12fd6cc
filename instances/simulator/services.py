"""Services: made, connected to a source, configured, deleted."""

from collections.abc import Mapping
from typing import Any

from instances.simulator import deployments, repositories, variables
from instances.simulator.clock import PROPAGATION
from instances.simulator.refusals import PROBLEM, Refusal
from instances.simulator.state import Project, Service
from instances.simulator.world import World, new_id

# Long enough to be "never" in any test, short enough to be a date.
NEVER = 100 * 365 * 24 * 3600.0
NAME_LIMIT = 32


def add(
    world: World, project: Project, name: str, *, at: float | None = None, visible: bool = False
) -> Service:
    """Make a service, to be seen once it has propagated (or at once, for what was always there)."""
    created_at = world.now() if at is None else at
    service = Service(
        id=new_id(),
        name=name,
        instance_id=new_id(),
        created_at=created_at,
        visible_at=created_at if visible else created_at + _lag(world, name),
        updated_at=created_at,
    )
    project.services[service.id] = service
    return service


def _lag(world: World, name: str) -> float:
    lag = world.clock.span(PROPAGATION)
    fault = world.faults.take({"service", f"service:{name}"})
    if fault is None:
        return lag
    return NEVER if fault.action == "never" else lag + world.clock.span(fault.seconds)


def names(project: Project) -> set[str]:
    alive = (service for service in project.services.values() if service.deleted_at is None)
    return {service.name for service in alive}


def visible(world: World, project: Project) -> list[Service]:
    now = world.now()
    return [
        service
        for service in project.services.values()
        if service.visible_at <= now and service.deleted_at is None
    ]


def create(world: World, project: Project, wanted: Mapping[str, Any]) -> Service:
    name = wanted.get("name") or f"service-{new_id()[:8]}"
    if len(name) > NAME_LIMIT:
        raise Refusal(f"Service name must be at most {NAME_LIMIT} characters")
    if name in names(project):
        raise Refusal(f'A service named "{name}" already exists in this project')
    source = wanted.get("source") or {}
    if source.get("repo"):
        _check_repository(source["repo"])
    service = add(world, project, name)
    variables.write(world, project, service, wanted.get("variables") or {})
    if source.get("repo") or source.get("image"):
        connect(world, project, service, source | {"branch": wanted.get("branch")})
    return service


def connect(world: World, project: Project, service: Service, source: Mapping[str, Any]) -> Service:
    """Give a service its source, which starts a deployment."""
    repo, image = source.get("repo"), source.get("image")
    if repo:
        _check_repository(repo)
        service.repo, service.image = repo, None
        service.branch = source.get("branch") or repositories.repository(world, repo).default_branch
    elif image:
        service.repo, service.branch, service.image = None, None, image
    else:
        raise Refusal(PROBLEM)
    service.updated_at = world.now()
    deployments.start(world, project, service)
    return service


def _check_repository(name: str) -> None:
    owner, slash, repo = name.partition("/")
    if not (owner and slash and repo) or "/" in repo:
        raise Refusal("Invalid repository name")


def disconnect(world: World, service: Service) -> Service:
    service.repo = service.branch = service.image = None
    service.updated_at = world.now()
    return service


def rename(world: World, project: Project, service: Service, name: str | None) -> Service:
    if name is not None and name != service.name:
        if name in names(project):
            raise Refusal(f'A service named "{name}" already exists in this project')
        service.name = name
    service.updated_at = world.now()
    return service


def configure(world: World, service: Service, settings: Mapping[str, Any]) -> None:
    if settings.get("railwayConfigFile"):
        raise Refusal("Config as Code is deprecated and cannot be enabled for new services")
    source = settings.get("source")
    if source:
        service.repo = source.get("repo") or service.repo
        service.image = source.get("image") or service.image
    service.settings |= {name: value for name, value in settings.items() if name != "source"}
    service.updated_at = world.now()


def delete(world: World, service: Service) -> None:
    service.deleted_at = world.now()


def redeploy_after_change(world: World, project: Project, service: Service) -> None:
    """Deploy what a write without `skipDeploys` deploys: a service that has a source."""
    if not service.has_source:
        return
    if service.deployments:
        deployments.deploy_commit(world, project, service, None)
    else:
        deployments.start(world, project, service)
