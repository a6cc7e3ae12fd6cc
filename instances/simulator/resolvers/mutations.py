"""The root fields that change something."""

from collections.abc import Callable
from typing import Any

from instances.simulator import deployments, domains, projects, services, templates, variables
from instances.simulator.refusals import PROBLEM, Refusal
from instances.simulator.resolvers.context import Arguments, Context, View
from instances.simulator.resolvers.deployment_views import deployment_view
from instances.simulator.resolvers.project_views import project_view
from instances.simulator.resolvers.queries import not_imitated
from instances.simulator.resolvers.service_views import domain_view, service_view


def project_create(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    context.caller.require("account", "workspace")
    if not wanted.get("workspaceId"):
        raise Refusal(projects.NO_WORKSPACE)
    made = projects.create(
        context.world,
        name=wanted.get("name"),
        workspace_id=context.caller.workspace(wanted["workspaceId"]).id,
        description=wanted.get("description") or "",
    )
    return project_view(context, made)


def project_update(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    changed = projects.update(
        context.world,
        context.caller.project(arguments["id"]),
        name=wanted.get("name"),
        description=wanted.get("description"),
    )
    return project_view(context, changed)


def project_delete(context: Context, arguments: Arguments) -> bool:
    projects.delete(context.world, context.caller.project(arguments["id"]))
    return True


def project_schedule_delete(context: Context, arguments: Arguments) -> bool:
    projects.schedule_deletion(context.world, context.caller.project(arguments["id"]))
    return True


def project_schedule_delete_cancel(context: Context, arguments: Arguments) -> bool:
    projects.cancel_deletion(context.caller.project(arguments["id"]))
    return True


def service_create(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    owner = context.caller.project(wanted["projectId"])
    if owner.deleted_at is not None:
        raise Refusal(PROBLEM)
    return service_view(owner, services.create(context.world, owner, wanted))


def service_update(context: Context, arguments: Arguments) -> View:
    owner, found = context.caller.service_to_change(arguments["id"])
    renamed = services.rename(context.world, owner, found, arguments["input"].get("name"))
    return service_view(owner, renamed)


def service_connect(context: Context, arguments: Arguments) -> View:
    owner, found = context.caller.service_to_change(arguments["id"])
    # A project token may not connect a source (api-facts.md §1).
    context.caller.require("account", "workspace")
    connected = services.connect(context.world, owner, found, arguments["input"])
    return service_view(owner, connected)


def service_disconnect(context: Context, arguments: Arguments) -> View:
    owner, found = context.caller.service_to_change(arguments["id"])
    return service_view(owner, services.disconnect(context.world, found))


def service_delete(context: Context, arguments: Arguments) -> bool:
    _, found = context.caller.service_to_change(arguments["id"], arguments.get("environmentId"))
    services.delete(context.world, found)
    return True


def service_instance_update(context: Context, arguments: Arguments) -> bool:
    _, found = context.caller.service_to_change(
        arguments["serviceId"], arguments.get("environmentId")
    )
    services.configure(context.world, found, arguments["input"])
    return True


def service_instance_deploy(context: Context, arguments: Arguments) -> bool:
    owner, found = context.caller.service_to_change(
        arguments["serviceId"], arguments["environmentId"]
    )
    deployments.deploy_commit(
        context.world,
        owner,
        found,
        arguments.get("commitSha"),
        latest=bool(arguments.get("latestCommit")),
    )
    return True


def service_instance_deploy_v2(context: Context, arguments: Arguments) -> str:
    owner, found = context.caller.service_to_change(
        arguments["serviceId"], arguments["environmentId"]
    )
    sha = arguments.get("commitSha")
    return deployments.deploy_commit(context.world, owner, found, sha).id


def service_instance_redeploy(context: Context, arguments: Arguments) -> bool:
    owner, found = context.caller.service_to_change(
        arguments["serviceId"], arguments["environmentId"]
    )
    deployments.redeploy(context.world, owner, found)
    return True


def deployment_redeploy(context: Context, arguments: Arguments) -> View:
    owner, service, _ = context.caller.deployment(arguments["id"])
    made = deployments.redeploy(context.world, owner, service)
    return deployment_view(context, owner, service, made)


def deployment_restart(context: Context, arguments: Arguments) -> bool:
    _, service, found = context.caller.deployment(arguments["id"])
    deployments.restart(context.world, service, found)
    return True


def deployment_remove(context: Context, arguments: Arguments) -> bool:
    deployments.remove(context.world, context.caller.deployment(arguments["id"])[2])
    return True


def deployment_stop(context: Context, arguments: Arguments) -> bool:
    deployments.stop(context.world, context.caller.deployment(arguments["id"])[2])
    return True


def deployment_approve(context: Context, arguments: Arguments) -> bool:
    _, service, found = context.caller.deployment(arguments["id"])
    deployments.approve(context.world, service, found)
    return True


def variable_collection_upsert(context: Context, arguments: Arguments) -> bool:
    wanted = arguments["input"]
    return _write(context, wanted, wanted["variables"], replace=bool(wanted.get("replace")))


def variable_upsert(context: Context, arguments: Arguments) -> bool:
    wanted = arguments["input"]
    return _write(context, wanted, {wanted["name"]: wanted["value"]})


def _write(
    context: Context, wanted: Arguments, values: dict[str, Any], *, replace: bool = False
) -> bool:
    owner = context.caller.project(wanted["projectId"])
    if not wanted.get("serviceId"):
        variables.write(context.world, owner, None, values, replace=replace)
        return True
    _, found = context.caller.service_to_change(wanted["serviceId"], wanted["environmentId"])
    variables.write(context.world, owner, found, values, replace=replace)
    if not wanted.get("skipDeploys"):
        services.redeploy_after_change(context.world, owner, found)
    return True


def variable_delete(context: Context, arguments: Arguments) -> bool:
    wanted = arguments["input"]
    owner = context.caller.project(wanted["projectId"])
    if not wanted.get("serviceId"):
        owner.shared_variables.pop(wanted["name"], None)
        return True
    _, found = context.caller.service_to_change(wanted["serviceId"], wanted["environmentId"])
    found.variables.pop(wanted["name"], None)
    services.redeploy_after_change(context.world, owner, found)
    return True


def service_domain_create(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    owner, found = context.caller.service_to_change(wanted["serviceId"], wanted["environmentId"])
    made = domains.create(context.world, found, wanted.get("targetPort"))
    return domain_view(context, owner, found, made)


def template_deploy(context: Context, arguments: Arguments) -> View:
    wanted = arguments["input"]
    owner = context.caller.project(wanted.get("projectId") or "")
    chosen = templates.find(template_id=wanted["templateId"])
    workflow = templates.deploy(context.world, owner, chosen, wanted["serializedConfig"])
    return {"projectId": owner.id, "workflowId": workflow.id}


def cli_event_track(context: Context, _arguments: Arguments) -> bool:
    context.caller.require()
    return True


MUTATIONS: dict[str, Callable[[Context, Arguments], Any]] = {
    "projectCreate": project_create,
    "projectUpdate": project_update,
    "projectDelete": project_delete,
    "projectScheduleDelete": project_schedule_delete,
    "projectScheduleDeleteCancel": project_schedule_delete_cancel,
    "projectScheduleDeleteForce": project_delete,
    "serviceCreate": service_create,
    "serviceUpdate": service_update,
    "serviceConnect": service_connect,
    "serviceDisconnect": service_disconnect,
    "serviceDelete": service_delete,
    "serviceInstanceUpdate": service_instance_update,
    "serviceInstanceDeploy": service_instance_deploy,
    "serviceInstanceDeployV2": service_instance_deploy_v2,
    "serviceInstanceRedeploy": service_instance_redeploy,
    "deploymentRedeploy": deployment_redeploy,
    "deploymentRestart": deployment_restart,
    "deploymentRemove": deployment_remove,
    "deploymentCancel": deployment_remove,
    "deploymentStop": deployment_stop,
    "deploymentApprove": deployment_approve,
    "variableUpsert": variable_upsert,
    "variableCollectionUpsert": variable_collection_upsert,
    "variableDelete": variable_delete,
    "serviceDomainCreate": service_domain_create,
    "templateDeployV2": template_deploy,
    "cliEventTrack": cli_event_track,
    "serviceDomainDelete": not_imitated,
    "customDomainCreate": not_imitated,
    "environmentCreate": not_imitated,
    "environmentDelete": not_imitated,
    "twoFactorInfoValidate": not_imitated,
}
