"""Our copy of what Railway shows of one instance: read, and stored."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from instances.models import Instance, Operation, Service
from instances.railway.client import Picture, RailwayClient, ServiceInstance, Target, errors
from instances.services import people, statuses
from instances.services.difference import Difference, difference, service_values
from instances.services.lag import better_than_read

logger = logging.getLogger(__name__)

Status = Instance.Status


def refresh(instance: Instance, railway: RailwayClient) -> bool:
    """
    Read the instance's project and store what it shows; False when that cannot be read.

    Only reads at Railway. A row that an operation is at, or has just changed, keeps its
    status: the operation knows better.
    """
    if not instance.project_id or instance.status == Status.DELETED:
        return True
    asked_at = timezone.now()
    try:
        picture = take_picture(instance.project_id, railway)
    except errors.RailwayError as error:
        logger.warning("%s cannot be refreshed: %s", instance, error)
        return False
    store(instance, picture, asked_at=asked_at)
    return True


def take_picture(project_id: str, railway: RailwayClient) -> Picture:
    """Read one project with its services. Raise RailwayError."""
    project = railway.project(project_id)
    is_alive = project.deleted_at is None
    target = Target(project.id, project.environment_id)
    # Without an environment there is nothing to ask about.
    services = railway.services(target) if is_alive and target.environment_id else None
    return Picture(
        id=project.id,
        name=project.name,
        description=project.description,
        created_at=project.created_at,
        deleted_at=project.deleted_at,
        environment_id=project.environment_id,
        services=services,
    )


@transaction.atomic
def store(
    instance: Instance,
    picture: Picture,
    *,
    asked_at: datetime,
    by_operation: Operation | None = None,
) -> bool:
    """
    Write what Railway shows of one instance; `by_operation` is the one that looked.

    Return False when the status was left to another operation, which knows better than what
    was asked for at `asked_at`.
    """
    now = timezone.now()
    locked = Instance.objects.select_for_update().get(pk=instance.pk)
    if locked.status == Status.DELETED:
        return True
    is_left = _is_left(instance, asked_at, by_operation)
    found = difference(locked, locked.services.all(), picture, now, is_left=is_left)
    _write(locked, found, now)
    if by_operation is None or by_operation.kind == Operation.Kind.SYNC:
        # What another operation has changed itself is no news.
        for note in found.notes:
            people.note_seen(locked, note)
    instance.refresh_from_db()
    return not is_left


def _is_left(instance: Instance, asked_at: datetime, by_operation: Operation | None) -> bool:
    """Tell whether another operation knows better; of all, one that changes things knows best."""
    if by_operation and by_operation.kind != Operation.Kind.SYNC:
        return False
    others = better_than_read(asked_at).filter(instance=instance)
    if by_operation:
        others = others.exclude(pk=by_operation.pk)
    return others.exists()


def _write(instance: Instance, found: Difference, now: datetime) -> None:
    fields = {**found.fields, "as_of": now}
    status = fields.pop("status", instance.status)
    instance.mark_seen(status, **fields)
    Service.objects.bulk_create(found.new_services)
    for service in found.changed_services:
        service.save()
    instance.services.update(as_of=now)


def leave_failed(instance: Instance) -> None:
    """Let an instance that failed be what its services say, now that somebody has dealt with it."""
    if instance.status == Status.FAILED:
        states = {s.role: Service.Status(s.status) for s in instance.services.all()}
        instance.mark_seen(statuses.instance_status(states, Status.UNKNOWN))


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
        defaults={**service_values(service), "as_of": instance.as_of},
    )
