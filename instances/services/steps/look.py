"""Looking at a project that is there already, before and after something is done to it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from instances.models import Instance, Service
from instances.operations.plan import Done, Permanent, StepDefinition, Transient, Waiting
from instances.protection import is_protected
from instances.railway.client import Project, ServiceInstance, errors
from instances.services import mirror, shape
from instances.services.steps.gateway import GATEWAY
from instances.services.steps.work import Work


class LookAtProject(StepDefinition[Work]):
    """Read it by its id, which is all that is known for certain."""

    name = "project"
    title = "Look at the Railway project"

    def observe(self, work: Work) -> Done:
        project = read_project(work)
        return Done({"project_id": project.id, "environment_id": project.environment_id})


class LookAtOurProject(LookAtProject):
    """For whatever changes it: only what was created or adopted here may be changed."""

    def observe(self, work: Work) -> Done:
        project = read_project(work)
        expect_ours(work, project)
        return Done({"project_id": project.id, "environment_id": project.environment_id})


class LookAtAdoptable(LookAtProject):
    def observe(self, work: Work) -> Done:
        project = read_project(work)
        expect_unprotected(project)
        return Done({"project_id": project.id, "environment_id": project.environment_id})


class FindGateway(StepDefinition[Work]):
    """Its id, by the same name of the step as where a create makes it."""

    name = GATEWAY
    title = "Find the gateway's service"

    def observe(self, work: Work) -> Done:
        known = dict(work.instance.services.values_list("service_id", "role"))
        gateway = shape.by_role(work.services(), known).get(Service.Role.GATEWAY)
        if gateway is None:
            raise Permanent(
                f"The Railway project of {work.instance} has no service named gateway."
                " Look at the project on Railway."
            )
        return Done({"service_id": gateway.service_id})


class TakePicture(StepDefinition[Work]):
    """Read everything anew, so that the row shows what is there now."""

    name = "picture"
    title = "Read its state from Railway"

    def observe(self, work: Work) -> Done | Waiting:
        work.pictured_at = timezone.now()
        work.picture = mirror.take_picture(work.instance.project_id, work.railway)
        return Done()

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        del facts
        if work.picture is None:
            return
        is_stored = mirror.store(
            work.instance, work.picture, asked_at=work.pictured_at, by_operation=work.operation
        )
        if not is_stored:
            work.run.log(
                "Another operation has changed it just now, and Railway may not show that yet:"
                " its status is left as that has said."
            )


def deployment_id(service: ServiceInstance) -> str:
    return service.deployment.id if service.deployment else ""


def read_project(work: Work) -> Project:
    """Read the instance's project by its id; raise Permanent when Railway does not show it."""
    project_id = work.instance.project_id
    try:
        return work.railway.project(project_id)
    except (errors.RailwayNotFound, errors.RailwayUnauthorized):
        # Whether it is the token that is refused is told by asking for ourselves.
        work.railway.workspaces()
    if work.run.step.attempts:
        # Something was asked for, and whether it was done is seen only by looking.
        raise Transient(f"Railway does not show the project of {work.instance} for the moment.")
    raise Permanent(
        f"Railway does not show the project of {work.instance} ({project_id}) to this token, so it"
        " was left as it is. If it is gone for good, forget the instance."
    )


def expect_ours(work: Work, project: Project) -> None:
    """Raise Permanent unless id, name and ownership agree, read at this very moment."""
    instance = Instance.objects.get(pk=work.instance.pk)
    if not instance.is_ours:
        raise Permanent(f"{instance} was only discovered here and is left alone. Adopt it first.")
    expect_unprotected(project)
    if project.id != instance.project_id or project.name != instance.project_name:
        raise Permanent(
            f"The Railway project {project.id} is named {project.name}, not"
            f" {instance.project_name}, so it is left alone. Rename it back on Railway, or sync."
        )


def expect_unprotected(project: Project) -> None:
    if is_protected(project_id=project.id, name=project.name):
        raise Permanent(f"The Railway project {project.name} is protected, so it is left alone.")


def not_shown_yet(what: str) -> Waiting:
    return Waiting(f"{what}; Railway does not show it yet.", 2.0)
