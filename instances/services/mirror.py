"""Bring our copy of one instance up to date with Railway."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from instances import deletion_tag
from instances.models import Instance, Operation, Service
from instances.railway.client import Project, RailwayClient, ServiceInstance, Target, errors
from instances.services import statuses

logger = logging.getLogger(__name__)

ROLES = {role.label.casefold(): role for role in Service.Role}


def refresh(instance: Instance, railway: RailwayClient) -> bool:
    """
    Read the instance's project and store what it shows; False when that cannot be read.

    Only reads at Railway. A row with an open operation keeps its status: the operation
    knows better.
    """
    if not instance.project_id or instance.status == Instance.Status.DELETED:
        return True
    try:
        project = railway.project(instance.project_id)
        target = Target(project.id, project.environment_id)
        services = railway.services(target) if project.deleted_at is None else ()
    except errors.RailwayError as error:
        logger.warning("%s cannot be refreshed: %s", instance, error)
        return False
    _store(instance, project, services)
    return True


@transaction.atomic
def _store(instance: Instance, project: Project, services: tuple[ServiceInstance, ...]) -> None:
    instance.environment_id, instance.as_of = project.environment_id, timezone.now()
    instance.save(update_fields=["environment_id", "as_of"])
    known = dict(instance.services.values_list("service_id", "role"))
    for service in services:
        role = known.get(service.service_id) or ROLES.get(service.name.casefold())
        if role:
            mirror_service(instance, role, service)
    if not Operation.objects.open().filter(instance=instance).exists():
        due = deletion_tag.scheduled_at(project.description)
        instance.mark_seen(_status(instance, project, tagged=bool(due)), deletion_scheduled_at=due)


def _status(instance: Instance, project: Project, *, tagged: bool) -> str:
    if project.deleted_at is not None:
        return Instance.Status.DELETING
    if tagged:
        return Instance.Status.DELETION_SCHEDULED
    if instance.status == Instance.Status.FAILED:
        # What failed or was given up stays so until somebody deals with it.
        return Instance.Status.FAILED
    held = {s.role: Service.Status(s.status) for s in instance.services.all()}
    return statuses.instance_status(held, instance.status)


def mirror_service(instance: Instance, role: str, service: ServiceInstance | None) -> None:
    """Store what Railway shows of one service."""
    if service is None:
        return
    instance.as_of = timezone.now()
    if role == Service.Role.GATEWAY and service.host:
        instance.host = service.host
    instance.save(update_fields=["as_of", "host"])
    Service.objects.update_or_create(
        instance=instance,
        role=role,
        defaults={
            "service_id": service.service_id,
            "name": service.name,
            "status": statuses.service_status(service.deployment),
            "deployment_id": service.deployment.id if service.deployment else "",
            "host": service.host,
            "as_of": instance.as_of,
        },
    )
