"""Deployments and their logs as GraphQL shows them."""

from instances.simulator import deployments
from instances.simulator.logs import Line
from instances.simulator.resolvers.context import Context, View, moment
from instances.simulator.state import Deployment, Project, Service

_INSTANCE_STATUS = {
    "INITIALIZING": None,
    "QUEUED": None,
    "WAITING": None,
    "NEEDS_APPROVAL": None,
    "BUILDING": None,
    "SKIPPED": None,
    "DEPLOYING": "INITIALIZING",
    "SUCCESS": "RUNNING",
    "CRASHED": "CRASHED",
    "FAILED": "EXITED",
    "REMOVED": "REMOVED",
}


def deployment_view(
    context: Context, project: Project, service: Service, deployment: Deployment
) -> View:
    now = context.now()
    status = deployments.status(service, deployment, now)
    stopped = deployment.stopped_at is not None and deployment.stopped_at <= now
    host = service.domains[0].host if service.domains else None
    return {
        "id": deployment.id,
        "status": status.status,
        "createdAt": moment(deployment.created_at),
        "updatedAt": moment(max(status.at, deployment.created_at)),
        "statusUpdatedAt": moment(status.at),
        "deploymentStopped": stopped or status.status == "REMOVED",
        "canRedeploy": deployments.can_redeploy(service, deployment, now),
        "canRollback": status.status == "REMOVED" and deployment.build_error is None,
        "meta": _meta(deployment),
        "url": host,
        "staticUrl": host,
        "serviceId": service.id,
        "environmentId": project.environment_id,
        "projectId": project.id,
        "snapshotId": deployment.id,
        "suggestAddServiceDomain": not service.domains,
        "instances": _instances(deployment, status.status, stopped=stopped),
    }


def _instances(deployment: Deployment, status: str, *, stopped: bool) -> list[View]:
    shown = "STOPPED" if stopped else _INSTANCE_STATUS.get(status)
    return [{"id": f"{deployment.id}-0", "status": shown}] if shown else []


def _meta(deployment: Deployment) -> View:
    if deployment.repo is None:
        return {"image": deployment.image, "reason": deployment.reason}
    return {
        "repo": deployment.repo,
        "branch": deployment.branch,
        "commitHash": deployment.commit,
        "commitMessage": deployment.commit_message,
        "commitAuthor": "ann",
        "reason": deployment.reason,
        "serviceManifest": {
            "build": {"dockerfilePath": deployment.settings.get("dockerfilePath")},
            "deploy": {"healthcheckPath": deployment.settings.get("healthcheckPath")},
        },
    }


def line_view(line: Line) -> View:
    return {
        "timestamp": moment(line.at),
        "message": line.message,
        "severity": line.severity,
        "attributes": [{"key": "level", "value": f'"{line.severity}"'}],
        "tags": None,
    }
