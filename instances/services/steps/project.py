"""The Railway project: made once, in turn, and known by an id that came from our own call."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from instances.models import Instance, Step
from instances.operations import gate
from instances.operations.plan import Done, NeedsPerson, StepDefinition, Waiting
from instances.protection import is_protected
from instances.railway.client import ListedProject, TokenKind
from instances.services.lag import LISTING_LAG
from instances.services.steps.preflight import Preflight, expect_name_is_free
from instances.services.steps.work import Work, environment_unknown

# Railway's Date header counts whole seconds.
CLOCK_TOLERANCE = timedelta(seconds=2)


class CreateProject(StepDefinition[Work]):
    name = "project"
    title = "Create the Railway project"
    absent_after = 60.0

    def observe(self, work: Work) -> Done | None:
        facts = work.run.step.facts
        if facts.get("environment_id"):
            return Done()
        is_open = not facts.get("project_id") and is_in_doubt(work.run.step)
        if is_open and (found := find_lost_project(work)):
            self._record_project(work, found.id, inferred=True)
        return None

    def ensure(self, work: Work) -> Waiting | None:
        project_id = work.run.step.fact("project_id")
        if not project_id:
            return self._create_in_turn(work)
        project = work.railway.describe_project(project_id, description(work.instance))
        if not project.environment_id:
            raise environment_unknown(project.name)
        work.run.record(environment_id=project.environment_id)
        return None

    def doubt_window(self, work: Work) -> float:
        # Describing a project twice does no harm.
        return 0.0 if work.run.step.fact("project_id") else self.absent_after

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        instance = work.instance
        instance.environment_id = facts["environment_id"]
        instance.save(update_fields=["environment_id"])

    def _create_in_turn(self, work: Work) -> Waiting | None:
        workspace_id = work.run.facts("preflight")["workspace_id"]
        seconds = work.railway.creation_seconds
        if turn := gate.enter(work.run, gate.PROJECTS, workspace_id, seconds=seconds):
            return turn
        begun = None
        try:
            self._expect_name_still_free(work, workspace_id)
            if "asked_at" not in work.run.step.facts:
                # The first call counts: a project of any later one is newer than that.
                work.run.remember(asked_at=_railways_time(work).isoformat())
            begun = timezone.now()
            project_id = work.railway.create_project(
                work.instance.project_name,
                workspace_id=workspace_id,
                description=description(work.instance),
                kind=TokenKind(work.run.facts("preflight")["token_kind"]),
            )
            self._record_project(work, project_id, inferred=False)
        finally:
            gate.leave(work.run, gate.PROJECTS, workspace_id, begun=begun)
        return None

    def _expect_name_still_free(self, work: Work, workspace_id: str) -> None:
        """Look again when that was long ago: in line, after a lost call, in a restored database."""
        looked_at = next(s.finished_at for s in work.run.steps if s.name == Preflight.name)
        if looked_at is None or work.run.seconds_since(looked_at) > work.scaled(LISTING_LAG):
            expect_name_is_free(work, workspace_id, where="Railway's workspace")

    def _record_project(self, work: Work, project_id: str, *, inferred: bool) -> None:
        with work.run.lease.guarded():
            work.run.record(project_id=project_id, inferred=inferred)
            work.instance.project_id = project_id
            work.instance.save(update_fields=["project_id"])
        how = "found again as" if inferred else "is"
        work.run.log(f"The Railway project {work.instance.project_name} {how} {project_id}.")


def _railways_time(work: Work) -> datetime:
    """Return the present moment by Railway's clock: asked for only by whose turn it is."""
    if not work.railway.has_server_time:
        work.railway.workspaces()
    return work.railway.server_now


def description(instance: Instance) -> str:
    """Return what the old tool wrote too, so that both recognise each other's projects."""
    return f"Luthien Proxy instance: {instance.name}"


def is_in_doubt(step: Step) -> bool:
    """Tell whether a call was made, now or earlier, of which nobody knows what came of it."""
    return step.attempt_at is not None or step.attempts > step.not_made


def find_lost_project(work: Work) -> ListedProject | None:
    """
    Look for a project that a call of ours made, though its answer never came.

    It has our name, is not older than the call by Railway's own clock, has nothing in it
    and belongs to no row. Raise NeedsPerson when there are several.
    """
    facts = work.run.facts("project")
    asked_at = datetime.fromisoformat(facts["asked_at"]) - CLOCK_TOLERANCE
    found = [
        project
        for project in work.railway.iter_projects(work.run.facts("preflight")["workspace_id"])
        if project.name == work.instance.project_name
        and project.created_at >= asked_at
        and not project.has_services
        and not is_protected(project_id=project.id, name=project.name)
        and not Instance.objects.filter(project_id=project.id).exists()
    ]
    if len(found) > 1:
        ids = ", ".join(project.id for project in found)
        raise NeedsPerson(
            f"Railway has several new projects named {work.instance.project_name} ({ids}), and"
            " which one is ours cannot be told. Delete them there, then resume or roll back."
        )
    return found[0] if found else None
