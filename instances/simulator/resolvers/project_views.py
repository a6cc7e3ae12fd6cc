"""Workspaces, projects and environments as GraphQL shows them."""

from typing import Any

from instances.simulator import deployments, projects, services
from instances.simulator.refusals import PROJECT_NOT_FOUND, Refusal
from instances.simulator.resolvers.context import Context, View, moment, moment_or_none
from instances.simulator.resolvers.deployment_views import deployment_view
from instances.simulator.resolvers.service_views import (
    instance_view,
    service_view,
    volume_instance_view,
    volume_view,
)
from instances.simulator.state import Project, Service, Workspace

USER_ID = "3c8f2f52-6d0e-4a0e-9d2b-7f1f7b0a0001"
USER_EMAIL = "ann@luthien.test"
USER_NAME = "Ann"


def user_view(context: Context) -> View:
    return {
        "id": USER_ID,
        "name": USER_NAME,
        "email": USER_EMAIL,
        "username": "ann",
        "avatar": None,
        "isVerified": True,
        "has2FA": False,
        "createdAt": moment(0),
        "apiTokenRateLimit": context.rate_limit(),
        "workspaces": [
            workspace_view(context, workspace) for workspace in context.caller.workspaces()
        ],
    }


def workspace_view(context: Context, workspace: Workspace) -> View:
    def count(_info: Any, **arguments: Any) -> int:
        deleted = bool(arguments.get("includeDeleted"))
        return len(projects.listed(context.world, workspace.id, include_deleted=deleted))

    return {
        "id": workspace.id,
        "name": workspace.name,
        "createdAt": moment(workspace.created_at),
        "updatedAt": moment(workspace.created_at),
        "avatar": None,
        "plan": "PRO",
        "preferredRegion": "us-west2",
        "projectCount": count,
        "apiTokenRateLimit": lambda _info: context.rate_limit(),
        "team": None,
        "projects": lambda _info, **arguments: context.page(
            projects.listed(context.world, workspace.id),
            arguments,
            lambda project: project_view(context, project),
        ),
    }


def project_view(context: Context, project: Project) -> View:
    return _project_scalars(project) | {
        "workspace": lambda _info: _workspace_of(context, project),
        "members": lambda _info: _members(project),
        "team": None,
        "environments": lambda _info, **arguments: context.page(
            [project], arguments, lambda one: environment_view(context, one)
        ),
        "services": lambda _info, **arguments: context.page(
            services.visible(context.world, project),
            arguments,
            lambda service: service_view(project, service),
        ),
        "volumes": lambda _info, **arguments: context.page(
            _with_volume(context, project),
            arguments,
            lambda service: volume_view(context, project, service),
        ),
        "buckets": lambda _info, **arguments: context.page([], arguments, dict),
    }


def _project_scalars(project: Project) -> View:
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "createdAt": moment(project.created_at),
        "updatedAt": moment(project.updated_at),
        "deletedAt": moment_or_none(project.deleted_at),
        "expiredAt": None,
        "workspaceId": project.workspace_id,
        "teamId": None,
        "primaryEnvironmentId": project.environment_id,
        "baseEnvironmentId": project.environment_id,
        "isPublic": False,
        "isTempProject": False,
        "prDeploys": False,
        "botPrEnvironments": False,
        "subscriptionType": "pro",
    }


def _workspace_of(context: Context, project: Project) -> View:
    # Refused for a project that is being deleted (cli-facts.md §10).
    if project.deleted_at is not None:
        raise Refusal(PROJECT_NOT_FOUND)
    return workspace_view(context, context.world.workspaces[project.workspace_id])


def _members(project: Project) -> list[View]:
    if project.deleted_at is not None:
        raise Refusal(PROJECT_NOT_FOUND)
    return [{"id": USER_ID, "name": USER_NAME, "email": USER_EMAIL, "role": "ADMIN"}]


def environment_view(context: Context, project: Project) -> View:
    return {
        "id": project.environment_id,
        "name": project.environment_name,
        "projectId": project.id,
        "createdAt": moment(project.created_at),
        "updatedAt": moment(project.created_at),
        "deletedAt": None,
        "isEphemeral": False,
        "canAccess": True,
        "unmergedChangesCount": 0,
        "config": lambda _info, **_arguments: {"services": {}},
        "serviceInstances": lambda _info, **arguments: context.page(
            services.visible(context.world, project),
            arguments,
            lambda service: instance_view(context, project, service),
        ),
        "volumeInstances": lambda _info, **arguments: context.page(
            _with_volume(context, project),
            arguments,
            lambda service: volume_instance_view(context, project, service),
        ),
        "deployments": lambda _info, **arguments: _deployments(context, project, arguments),
    }


def _deployments(context: Context, project: Project, arguments: Any) -> View:
    pairs = [
        (service, deployment)
        for service in services.visible(context.world, project)
        for deployment in deployments.known(service, context.now())
    ]
    pairs.sort(key=lambda pair: -pair[1].created_at)
    return context.page(
        pairs, arguments, lambda pair: deployment_view(context, project, pair[0], pair[1])
    )


def _with_volume(context: Context, project: Project) -> list[Service]:
    return [
        service
        for service in services.visible(context.world, project)
        if service.volume is not None
    ]
