"""Things that are there without having been asked for: other people's projects, old instances."""

import base64
import secrets
from collections.abc import Iterable, Mapping

from instances.simulator import deployments, domains, projects, services, templates
from instances.simulator.repositories import GATEWAY_REPOSITORY
from instances.simulator.state import Project, Workspace
from instances.simulator.world import World

# What was seeded has been running for so long, in real seconds.
AGE = 3600.0
DATABASES = (templates.POSTGRES, templates.REDIS)


def add_project(
    world: World,
    name: str,
    workspace: str | None = None,
    description: str = "",
    services: Iterable[str] = (),
) -> Project:
    """Make a project that everybody sees at once, in a workspace that is made where it is new."""
    with world.lock:
        owner = _workspace(world, workspace)
        project = projects.add(world, name=name, workspace_id=owner.id, description=description)
        _add_services(world, project, services)
        world.save()
        return project


def seed_projects(
    world: World, count: int, prefix: str = "other-", workspace: str | None = None
) -> list[Project]:
    with world.lock:
        owner = _workspace(world, workspace)
        made = [
            projects.add(world, name=f"{prefix}{number}", workspace_id=owner.id)
            for number in range(1, count + 1)
        ]
        for project in made:
            _add_services(world, project, ["web"])
        world.save()
        return made


def add_instance(
    world: World,
    name: str,
    workspace: str | None = None,
    description: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    address: bool = True,
) -> Project:
    """
    Make what the old tool made: a project `luthien-<name>` that has run for an hour.

    `variables` are added to the gateway's; without `address` it has no port of its own,
    so that there can be thousands.
    """
    with world.lock:
        project = _instance(world, name, workspace, description, variables or {})
        if address:
            gateway = next(s for s in project.services.values() if s.name == "gateway")
            domains.create(world, gateway, None)
        world.save()
        return project


def seed_instances(
    world: World, count: int, prefix: str = "tenant-", workspace: str | None = None
) -> list[Project]:
    with world.lock:
        made = [
            _instance(world, f"{prefix}{number}", workspace, None, {})
            for number in range(1, count + 1)
        ]
        world.save()
        return made


def _instance(
    world: World,
    name: str,
    workspace: str | None,
    description: str | None,
    variables: Mapping[str, str],
) -> Project:
    project = projects.add(
        world,
        name=f"luthien-{name}",
        workspace_id=_workspace(world, workspace).id,
        description=f"Luthien Proxy instance: {name}" if description is None else description,
    )
    begun = world.now() - AGE
    project.created_at = begun
    for template in DATABASES:
        database = services.add(world, project, template.service, at=begun, visible=True)
        templates.fill(world, project, database, template, template.variables, at=begun)
    gateway = services.add(world, project, "gateway", at=begun, visible=True)
    gateway.repo, gateway.branch = GATEWAY_REPOSITORY, "main"
    gateway.settings = {
        "dockerfilePath": "docker/Dockerfile.gateway",
        "healthcheckPath": "/health",
    }
    gateway.variables = {**_old_variables(), **variables}
    deployments.start(world, project, gateway, at=begun)
    return project


def _old_variables() -> dict[str, str]:
    """Return what a gateway of the old tool runs with."""
    return {
        "DATABASE_URL": "${{Postgres.DATABASE_URL}}",
        "REDIS_URL": "${{Redis.REDIS_URL}}",
        "CLIENT_API_KEY": secrets.token_hex(16),
        "ADMIN_API_KEY": secrets.token_hex(16),
        "CREDENTIAL_ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "LOCALHOST_AUTH_BYPASS": "false",
        "PORT": "8000",
    }


def _add_services(world: World, project: Project, names: Iterable[str]) -> None:
    for name in names:
        services.add(world, project, name, visible=True)


def _workspace(world: World, name_or_id: str | None) -> Workspace:
    try:
        return world.workspace(name_or_id)
    except LookupError:
        return world.add_workspace(name_or_id or "")
