"""Undo a create: delete the project, if this operation's own record proves that it made it."""

from instances.operations.plan import (
    STOOD_STILL,
    Done,
    NeedsPerson,
    Permanent,
    StepDefinition,
    Transient,
    Waiting,
)
from instances.protection import is_protected
from instances.railway.client import ListedProject, errors
from instances.services.steps.preflight import workspace
from instances.services.steps.project import CreateProject, find_lost_project, is_in_doubt
from instances.services.steps.work import Work

# Seconds at scale 1 within which a project that was just made may be invisible.
APPEARS = 120.0


class RemoveProject(StepDefinition[Work]):
    name = "remove_project"
    title = "Remove the Railway project"
    tries = 5

    def observe(self, work: Work) -> Done | Waiting | None:
        facts = work.run.facts("project")
        project_id = facts.get("project_id")
        if not project_id:
            return self._look_for_lost_project(work)
        if work.run.step.fact("deleted") or is_gone(work, project_id):
            return Done()
        if facts.get("inferred"):
            raise NeedsPerson(
                f"The Railway project {work.instance.project_name} ({project_id}) was found after a"
                " call without an answer; that it is ours is not proven, so it was not deleted."
                " Look at it, delete it on Railway, then resume."
            )
        if work.operation.config.get(STOOD_STILL):
            raise NeedsPerson(
                f"The Railway project {work.instance.project_name} ({project_id}) may be in use by"
                " now: nobody carried this operation on for long, or the database was put back. So"
                " it was not deleted. Look at it: delete it on Railway, then resume; or give up."
            )
        return None

    def ensure(self, work: Work) -> None:
        project_id = work.run.facts("project")["project_id"]
        if is_protected(project_id=project_id, name=work.instance.project_name):
            raise self._left(work, "It is protected.")
        try:
            deleted = work.railway.delete_project(project_id)
        except (errors.RailwayThrottled, errors.RailwayNotReady):
            raise
        except (errors.RailwayUnauthorized, errors.RailwayNotFound) as error:
            if self._may_not_be_visible_yet(work):
                raise Transient(f"{error} It may not be visible yet.") from None
            raise self._left(work, f"{error} Perhaps the token may not delete projects.") from None
        except errors.RailwayRefused as error:
            raise self._left(work, str(error)) from None
        if not deleted:
            raise self._left(work, "Railway did not say why.")
        work.run.record(deleted=True)

    def _left(self, work: Work, why: str) -> Permanent:
        project_id = work.run.facts("project")["project_id"]
        return Permanent(
            f"The Railway project {work.instance.project_name} ({project_id}) could not be removed:"
            f" {why} Delete it on Railway, then resume."
        )

    def _may_not_be_visible_yet(self, work: Work) -> bool:
        started_at = work.run.step.started_at
        return started_at is not None and work.run.seconds_since(started_at) < work.scaled(APPEARS)

    def _look_for_lost_project(self, work: Work) -> Done | Waiting:
        """A create whose answer was lost may still appear; wait as long as it can take."""
        step = next(step for step in work.run.steps if step.name == CreateProject.name)
        if not is_in_doubt(step):
            return Done({"nothing_was_made": True})
        if (found := find_lost_project(work)) is not None:
            raise NeedsPerson(
                f"The Railway project {found.name} ({found.id}) has appeared after a call without"
                " an answer; that it is ours is not proven, so it was not deleted. Look at it,"
                " delete it on Railway, then resume."
            )
        window = work.scaled(CreateProject.absent_after)
        if step.attempt_at and work.run.seconds_since(step.attempt_at) < window:
            return Waiting("Looking whether the lost call has made a project.", 5.0)
        return Done({"nothing_was_made": True})


def is_gone(work: Work, project_id: str) -> bool:
    """
    Tell whether Railway itself says that the project is deleted.

    Not being shown proves nothing (railway/api-facts.md section 3): it may not be visible
    yet, or the token may be another's. Only after a delete of ours whose answer was lost
    does absence from the workspace's complete listing count.
    """
    try:
        return work.railway.project(project_id).deleted_at is not None
    except (errors.RailwayNotFound, errors.RailwayUnauthorized):
        listed = find_listed(work, project_id)
    if listed is None:
        return work.run.step.attempt_at is not None
    return listed.deleted_at is not None


def find_listed(work: Work, project_id: str) -> ListedProject | None:
    """Return the project from the workspace's complete listing, where it may be deleted."""
    workspace_id = work.run.facts("preflight").get("workspace_id") or workspace(work.railway).id
    listing = work.railway.iter_projects(workspace_id, include_deleted=True)
    # To its end: a list that breaks off says nothing about what it did not show.
    return next((project for project in list(listing) if project.id == project_id), None)
