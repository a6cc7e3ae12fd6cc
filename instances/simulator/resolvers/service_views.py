"""Services, their instances, domains and volumes as GraphQL shows them."""

from instances.simulator import deployments, domains
from instances.simulator.resolvers.context import Context, View, moment, moment_or_none
from instances.simulator.resolvers.deployment_views import deployment_view
from instances.simulator.state import Domain, Project, Service

_SETTINGS: View = {
    "builder": "RAILPACK",
    "buildCommand": None,
    "startCommand": None,
    "preDeployCommand": None,
    "dockerfilePath": None,
    "rootDirectory": None,
    "healthcheckPath": None,
    "healthcheckTimeout": None,
    "restartPolicyType": "ON_FAILURE",
    "restartPolicyMaxRetries": 10,
    "numReplicas": 1,
    "region": None,
    "cronSchedule": None,
    "sleepApplication": None,
    "drainingSeconds": None,
    "overlapSeconds": None,
    "watchPatterns": [],
    "ipv6EgressEnabled": None,
}


def service_view(project: Project, service: Service) -> View:
    return {
        "id": service.id,
        "name": service.name,
        "createdAt": moment(service.created_at),
        "updatedAt": moment(service.updated_at),
        "deletedAt": moment_or_none(service.deleted_at),
        "icon": None,
        "projectId": project.id,
        "templateId": service.template_id,
        "templateServiceId": service.template_service_id,
        "templateThreadSlug": None,
    }


def instance_view(context: Context, project: Project, service: Service) -> View:
    settings = {name: service.settings.get(name, usual) for name, usual in _SETTINGS.items()}
    return settings | {
        "id": service.instance_id,
        "serviceId": service.id,
        "serviceName": service.name,
        "environmentId": project.environment_id,
        "createdAt": moment(service.created_at),
        "updatedAt": moment(service.updated_at),
        "deletedAt": None,
        "nextCronRunAt": None,
        "railwayConfigFile": None,
        "upstreamUrl": None,
        "isUpdatable": False,
        "tracingEnabled": False,
        "autoInstrumentationEnabled": False,
        "source": {"repo": service.repo, "image": service.image} if service.has_source else None,
        "domains": lambda _info: domains_view(context, project, service),
        "service": lambda _info: service_view(project, service),
        "latestDeployment": lambda _info: _latest(context, project, service),
        "activeDeployments": lambda _info: _active(context, project, service),
    }


def _latest(context: Context, project: Project, service: Service) -> View | None:
    begun = deployments.known(service, context.now())
    return deployment_view(context, project, service, begun[0]) if begun else None


def _active(context: Context, project: Project, service: Service) -> list[View]:
    live = deployments.live(service, context.now())
    return [deployment_view(context, project, service, live)] if live else []


def domains_view(context: Context, project: Project, service: Service) -> View:
    shown = [domain_view(context, project, service, domain) for domain in service.domains]
    return {"serviceDomains": shown, "customDomains": []}


def domain_view(context: Context, project: Project, service: Service, domain: Domain) -> View:
    return {
        "id": domain.id,
        "domain": domain.host,
        "suffix": "localhost",
        "environmentId": project.environment_id,
        "serviceId": service.id,
        "projectId": project.id,
        "targetPort": domain.target_port,
        "syncStatus": domains.sync_status(domain, context.now()),
        "createdAt": moment(domain.created_at),
        "updatedAt": moment(domain.created_at),
        "deletedAt": None,
        "edgeId": None,
    }


def volume_view(context: Context, project: Project, service: Service) -> View:
    if service.volume is None:
        raise LookupError(f"{service.name} has no volume")
    return {
        "id": service.volume.id,
        "name": service.volume.name,
        "createdAt": moment(service.volume.created_at),
        "projectId": project.id,
        "volumeInstances": lambda _info, **arguments: context.page(
            [service], arguments, lambda one: volume_instance_view(context, project, one)
        ),
    }


def volume_instance_view(context: Context, project: Project, service: Service) -> View:
    volume = service.volume
    if volume is None:
        raise LookupError(f"{service.name} has no volume")
    return {
        "id": f"{volume.id}-0",
        "serviceId": service.id,
        "mountPath": volume.mount_path,
        "environmentId": project.environment_id,
        "currentSizeMB": 12.5,
        "sizeMB": 50000,
        "state": "READY",
        "createdAt": moment(volume.created_at),
        "deletedAt": None,
        "isPendingDeletion": False,
        "region": "us-west2",
        "externalId": None,
        "volumeId": volume.id,
        "volume": lambda _info: volume_view(context, project, service),
    }
