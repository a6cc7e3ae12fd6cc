"""What Railway's words for a deployment mean for a service and for its instance."""

from collections.abc import Mapping

from instances.models import Instance, Service
from instances.railway.client import Deployment

# Every value of Railway's enum (railway/api-facts.md section 5); tested against the schema.
DEPLOYMENT_STATUSES: Mapping[str, Service.Status] = {
    "INITIALIZING": Service.Status.DEPLOYING,
    "QUEUED": Service.Status.DEPLOYING,
    "WAITING": Service.Status.DEPLOYING,
    "NEEDS_APPROVAL": Service.Status.DEPLOYING,
    "BUILDING": Service.Status.DEPLOYING,
    "DEPLOYING": Service.Status.DEPLOYING,
    "SUCCESS": Service.Status.RUNNING,
    "SLEEPING": Service.Status.RUNNING,
    "FAILED": Service.Status.FAILED,
    "CRASHED": Service.Status.FAILED,
    "SKIPPED": Service.Status.UNKNOWN,
    "REMOVING": Service.Status.STOPPED,
    "REMOVED": Service.Status.STOPPED,
}


def service_status(deployment: Deployment | None) -> Service.Status:
    if deployment is None:
        return Service.Status.UNKNOWN
    status = DEPLOYMENT_STATUSES.get(deployment.status, Service.Status.UNKNOWN)
    if status is Service.Status.RUNNING and deployment.stopped:
        # All its instances have stopped: completed, not running (api-facts.md section 5).
        return Service.Status.STOPPED
    return status


def instance_status(services: Mapping[str, Service.Status], now: str) -> str:
    """Return what the services say about the instance; `now` when they say nothing new."""
    gateway = services.get(Service.Role.GATEWAY)
    if gateway is None:
        return Instance.Status.UNKNOWN
    if gateway is Service.Status.DEPLOYING:
        return now
    complete = set(services) >= set(Service.Role.values)
    all_run = all(status is Service.Status.RUNNING for status in services.values())
    return Instance.Status.RUNNING if complete and all_run else Instance.Status.UNHEALTHY
