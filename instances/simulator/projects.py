"""Projects: made, renamed, listed, deleted."""

from instances.simulator.clock import DELETION_GRACE, PROJECT_COOLDOWN, PROPAGATION
from instances.simulator.refusals import Refusal
from instances.simulator.state import Project
from instances.simulator.world import World, new_id

COOLDOWN = (
    "You are creating projects too quickly. "
    "This workspace allows 1 project per 30 seconds. Try again shortly."
)
NO_WORKSPACE = "You must specify a workspaceId to create a project"


def create(world: World, *, name: str | None, workspace_id: str, description: str) -> Project:
    workspace = world.workspaces[workspace_id]
    now = world.now()
    last = workspace.last_project_at
    if last is not None and now < last + world.clock.span(PROJECT_COOLDOWN):
        raise Refusal(COOLDOWN)
    workspace.last_project_at = now
    project_id = new_id()
    project = add(
        world,
        name=name or f"generated-{project_id[:8]}",
        workspace_id=workspace_id,
        description=description,
    )
    project.listed_at = now + _lag(world)
    return project


def _lag(world: World) -> float:
    """Return the real seconds until a new project is listed; a fault adds to them."""
    fault = world.faults.take({"listing"})
    return world.clock.span(PROPAGATION + (fault.seconds if fault else 0.0))


def add(world: World, *, name: str, workspace_id: str, description: str = "") -> Project:
    """Put a project there at once, without a cooldown and visible to everybody."""
    now = world.now()
    project = Project(
        id=new_id(),
        name=name,
        workspace_id=workspace_id,
        environment_id=new_id(),
        created_at=now,
        updated_at=now,
        listed_at=now,
        description=description,
    )
    world.projects[project.id] = project
    return project


def update(world: World, project: Project, *, name: str | None, description: str | None) -> Project:
    if name is not None:
        project.name = name
    if description is not None:
        project.description = description
    project.updated_at = world.now()
    return project


def delete(world: World, project: Project) -> None:
    """Gone at once; `includeDeleted` still knows it for the time of the grace."""
    now = world.now()
    project.deleted_at = now
    project.removed_at = now
    project.forgotten_at = now + world.clock.span(DELETION_GRACE)


def schedule_deletion(world: World, project: Project) -> None:
    """Announce the deletion; the moment is when it will happen (backboard-for-the-cli.md §3)."""
    due = world.now() + world.clock.span(DELETION_GRACE)
    project.deleted_at = due
    project.removed_at = due
    project.forgotten_at = due


def cancel_deletion(project: Project) -> None:
    project.deleted_at = None
    project.removed_at = None
    project.forgotten_at = None


def is_readable(project: Project, now: float) -> bool:
    return project.removed_at is None or now < project.removed_at


def is_listed(project: Project, now: float, *, include_deleted: bool) -> bool:
    if now < project.listed_at:
        return False
    if project.deleted_at is None:
        return True
    return include_deleted and project.forgotten_at is not None and now < project.forgotten_at


def listed(world: World, workspace_id: str, *, include_deleted: bool = False) -> list[Project]:
    """Return a workspace's projects as a listing shows them, the newest first."""
    now = world.now()
    found = [
        project
        for project in world.projects.values()
        if project.workspace_id == workspace_id
        and is_listed(project, now, include_deleted=include_deleted)
    ]
    return sorted(found, key=lambda project: (-project.created_at, project.id))
