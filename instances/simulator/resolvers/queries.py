"""The root fields that read."""

from collections.abc import Callable
from typing import Any

from instances.simulator import (
    deployments,
    logs,
    projects,
    repositories,
    templates,
    variables,
)
from instances.simulator.refusals import Refusal
from instances.simulator.resolvers.context import Arguments, Context, View, moment
from instances.simulator.resolvers.deployment_views import deployment_view, line_view
from instances.simulator.resolvers.project_views import (
    environment_view,
    project_view,
    user_view,
    workspace_view,
)
from instances.simulator.resolvers.service_views import domains_view, instance_view, service_view
from instances.simulator.state import Deployment, Project, Service

LOG_LIMIT = 100


def me(context: Context, _arguments: Arguments) -> View:
    context.caller.require("account")
    return user_view(context)


def api_token(context: Context, _arguments: Arguments) -> View:
    found = context.caller.workspaces()
    return {"workspaces": [{"id": one.id, "name": one.name} for one in found]}


def project_token(context: Context, _arguments: Arguments) -> View:
    project = context.caller.own_project()
    return {
        "id": f"token-of-{project.id}",
        "name": "local",
        "displayToken": "****",
        "createdAt": moment(project.created_at),
        "projectId": project.id,
        "environmentId": project.environment_id,
        "project": project_view(context, project),
        "environment": environment_view(context, project),
    }


def external_workspaces(context: Context, _arguments: Arguments) -> list[View]:
    context.caller.require("account")
    return []


def two_factor_info(context: Context, _arguments: Arguments) -> View:
    context.caller.require("account")
    return {"isVerified": False, "hasRecoveryCodes": False}


def projects_page(context: Context, arguments: Arguments) -> View:
    token = context.caller.require("account", "workspace")
    workspace_id = arguments.get("workspaceId")
    if workspace_id is not None:
        workspace_id = context.caller.workspace(workspace_id).id
    elif token.kind == "workspace":
        workspace_id = context.caller.workspaces()[0].id
    # Without a workspace, an account token is shown none of its projects (api-facts.md §1).
    deleted = bool(arguments.get("includeDeleted"))
    found = (
        projects.listed(context.world, workspace_id, include_deleted=deleted)
        if workspace_id
        else []
    )
    return context.page(found, arguments, lambda project: project_view(context, project))


def projects_by_ids(context: Context, arguments: Arguments) -> list[View]:
    context.caller.require()
    known = (context.world.projects.get(project_id) for project_id in arguments["ids"])
    return [
        project_view(context, project)
        for project in known
        if project is not None
        and context.caller.may_see(project)
        and projects.is_readable(project, context.now())
    ]


def project(context: Context, arguments: Arguments) -> View:
    return project_view(context, context.caller.project(arguments["id"]))


def environment(context: Context, arguments: Arguments) -> View:
    found = context.caller.environment(arguments["id"], arguments.get("projectId"))
    return environment_view(context, found)


def environments(context: Context, arguments: Arguments) -> View:
    found = context.caller.project(arguments["projectId"])
    return context.page([found], arguments, lambda one: environment_view(context, one))


def service(context: Context, arguments: Arguments) -> View:
    return service_view(*context.caller.service(arguments["id"]))


def service_instance(context: Context, arguments: Arguments) -> View:
    found = context.caller.service_to_change(arguments["serviceId"], arguments["environmentId"])
    return instance_view(context, *found)


def variables_map(context: Context, arguments: Arguments) -> dict[str, str]:
    owner = context.caller.project(arguments["projectId"])
    service_id = arguments.get("serviceId")
    raw = bool(arguments.get("unrendered"))
    if service_id is None:
        rendering = variables.Rendering(owner, context.now())
        return dict(owner.shared_variables) if raw else rendering.shared()
    _, found = context.caller.service(service_id, arguments["environmentId"])
    return dict(found.variables) if raw else variables.rendered(context.world, owner, found)


def variables_for_deployment(context: Context, arguments: Arguments) -> dict[str, str]:
    owner, found = context.caller.service(arguments["serviceId"], arguments["environmentId"])
    return variables.rendered(context.world, owner, found)


def domains(context: Context, arguments: Arguments) -> View:
    found = context.caller.service(arguments["serviceId"], arguments["environmentId"])
    return domains_view(context, *found)


def deployment(context: Context, arguments: Arguments) -> View:
    return deployment_view(context, *context.caller.deployment(arguments["id"]))


def deployments_page(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    found = [
        (owner, service, one)
        for owner, service in _services_of(context, wanted)
        for one in deployments.known(service, context.now())
        if _has_status(context, service, one, wanted.get("status") or {})
    ]
    found.sort(key=lambda entry: -entry[2].created_at)
    return context.page(found, arguments, lambda entry: deployment_view(context, *entry))


def _services_of(context: Context, wanted: Arguments) -> list[tuple[Project, Service]]:
    if wanted.get("serviceId"):
        return [context.caller.service(wanted["serviceId"], wanted.get("environmentId"))]
    if wanted.get("environmentId"):
        owner = context.caller.environment(wanted["environmentId"], wanted.get("projectId"))
    else:
        owner = context.caller.project(wanted.get("projectId") or "")
    now = context.now()
    return [(owner, one) for one in owner.services.values() if one.visible_at <= now]


def _has_status(context: Context, owner: Service, one: Deployment, wanted: Arguments) -> bool:
    status = deployments.status(owner, one, context.now()).status
    among, excluded = wanted.get("in"), wanted.get("notIn") or []
    return (among is None or status in among) and status not in excluded


def build_logs(context: Context, arguments: Arguments) -> list[View]:
    _, _, found = context.caller.deployment(arguments["deploymentId"])
    return _lines(logs.build(found, context.now()), arguments)


def deployment_logs(context: Context, arguments: Arguments) -> list[View]:
    _, _, found = context.caller.deployment(arguments["deploymentId"])
    return _lines(logs.deploy(found, context.now()), arguments)


def environment_logs(context: Context, arguments: Arguments) -> list[View]:
    """Return what runs prints; the build's lines only of a snapshot that the filter names."""
    owner = context.caller.environment(arguments["environmentId"])
    wanted = arguments.get("filter") or ""
    now = context.now()
    begun = [one for each in owner.services.values() for one in deployments.known(each, now)]
    found = [line for one in begun if one.id in wanted for line in logs.build(one, now)]
    if not found:
        found = [line for one in begun for line in logs.deploy(one, now)]
    limit = arguments.get("beforeLimit") or LOG_LIMIT
    return [line_view(line) for line in sorted(found, key=lambda line: line.at)][-limit:]


def _lines(found: list[logs.Line], arguments: Arguments) -> list[View]:
    limit = arguments.get("limit") or LOG_LIMIT
    words = arguments.get("filter") or ""
    return [line_view(line) for line in found if words in line.message][-limit:]


def workspace(context: Context, arguments: Arguments) -> View:
    return workspace_view(context, context.caller.workspace(arguments["workspaceId"]))


def workflow_status(context: Context, arguments: Arguments) -> View:
    context.caller.require()
    status, error = templates.workflow_status(context.world, arguments["workflowId"])
    return {"status": status, "error": error}


def template(_context: Context, arguments: Arguments) -> View:
    found = templates.find(code=arguments.get("code"), template_id=arguments.get("id"))
    return {
        "id": found.id,
        "code": found.code,
        "name": found.name,
        "description": None,
        "status": "PUBLISHED",
        "createdAt": moment(0),
        "serializedConfig": found.serialized_config(),
    }


def github_repo_branches(context: Context, arguments: Arguments) -> list[View]:
    context.caller.require("account", "workspace")
    name = f"{arguments['owner']}/{arguments['repo']}"
    branches = repositories.repository(context.world, name).branches
    return [{"name": branch} for branch in branches]


def github_repos(context: Context, _arguments: Arguments) -> list[View]:
    context.caller.require("account")
    return [
        {
            "id": number,
            "name": repository.name.partition("/")[2],
            "fullName": repository.name,
            "defaultBranch": repository.default_branch,
            "installationId": "1",
            "isPrivate": False,
        }
        for number, repository in enumerate(context.world.state.repositories.values(), 1)
    ]


def regions(context: Context, _arguments: Arguments) -> list[View]:
    context.caller.require()
    return [
        {
            "name": "us-west2",
            "region": "us-west2",
            "country": "US",
            "location": "US West",
            "workspaceId": None,
            "deploymentConstraints": None,
        }
    ]


def project_favorites(context: Context, _arguments: Arguments) -> list[str]:
    context.caller.require("account")
    return []


def not_imitated(_context: Context, _arguments: Arguments) -> Any:
    raise Refusal("The local Railway does not imitate this operation")


QUERIES: dict[str, Callable[[Context, Arguments], Any]] = {
    "me": me,
    "apiToken": api_token,
    "projectToken": project_token,
    "externalWorkspaces": external_workspaces,
    "twoFactorInfo": two_factor_info,
    "projects": projects_page,
    "projectsByIds": projects_by_ids,
    "project": project,
    "environment": environment,
    "environments": environments,
    "service": service,
    "serviceInstance": service_instance,
    "variables": variables_map,
    "variablesForServiceDeployment": variables_for_deployment,
    "domains": domains,
    "deployment": deployment,
    "deployments": deployments_page,
    "buildLogs": build_logs,
    "deploymentLogs": deployment_logs,
    "environmentLogs": environment_logs,
    "workspace": workspace,
    "workflowStatus": workflow_status,
    "template": template,
    "githubRepoBranches": github_repo_branches,
    "githubRepos": github_repos,
    "regions": regions,
    "projectFavorites": project_favorites,
}
