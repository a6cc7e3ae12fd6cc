"""Things that are there without having been asked for: other people's projects."""

from collections.abc import Iterable

from instances.simulator import projects, services
from instances.simulator.state import Project, Workspace
from instances.simulator.world import World


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


def _add_services(world: World, project: Project, names: Iterable[str]) -> None:
    for name in names:
        services.add(world, project, name, visible=True)


def _workspace(world: World, name_or_id: str | None) -> Workspace:
    try:
        return world.workspace(name_or_id)
    except LookupError:
        return world.add_workspace(name_or_id or "")
