"""What a row would have to change to show what Railway shows. Decides, and writes nothing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from instances import deletion_tag
from instances.models import Instance, Service
from instances.railway.client import Picture, ServiceInstance
from instances.services import shape, statuses
from instances.services.absence import ELSEWHERE

Status = Instance.Status
OVERDUE = (
    "Its deletion tag is overdue, and nobody here has asked for that, so it is kept. Cancel its"
    " deletion, or schedule it anew."
)
KEYS_DIFFER = (
    "Its keys on Railway are not those that are known here, so those do not open it: somebody has"
    " changed them there, or the database here was put back. Forget it, sync, and adopt it anew:"
    " that takes its keys over."
)
# What the services' states alone may leave as it is.
SETTLED = {Status.RUNNING, Status.UNHEALTHY, Status.UNKNOWN}


@dataclass
class Difference:
    """What a row would have to change to show what Railway shows; `notes` are for the history."""

    fields: dict[str, Any] = field(default_factory=dict)
    new_services: list[Service] = field(default_factory=list)
    changed_services: list[Service] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.new_services or self.changed_services)


def difference(
    instance: Instance,
    services: Iterable[Service],
    picture: Picture,
    now: datetime,
    *,
    is_left: bool = False,
    taken: Container[str] = (),
) -> Difference:
    """
    Compare the row and its services with what Railway shows.

    With `is_left`, status, name and deletion are somebody else's: an operation is at it.
    `taken` are names that other rows are about to get.
    """
    found = Difference()
    held = {service.role: service for service in services}
    _compare_services(found, instance, held, picture, now)
    if not is_left:
        _note_absent_services(found, held, picture, now)
    wanted: dict[str, Any] = {"environment_id": picture.environment_id or instance.environment_id}
    if picture.services is not None:
        gateway = _shown(held, picture).get(Service.Role.GATEWAY)
        host = gateway.host if gateway else ""
        # An address that it no longer has may be another's by now; a new one may not show yet.
        wanted["host"] = host or (instance.host if is_left else "")
    if not is_left:
        wanted |= _deletion(instance, picture)
        wanted |= {"status": _status(instance, held, picture), "missed": 0}
        wanted |= _name_and_problem(instance, picture, now, taken)
    found.fields = {k: v for k, v in wanted.items() if getattr(instance, k) != v}
    if "status" in found.fields:
        found.fields["status_changed_at"] = now
    found.notes = _notes(instance, found.fields)
    return found


def _shown(held: dict[str, Service], picture: Picture) -> dict[str, ServiceInstance]:
    known = {service.service_id: role for role, service in held.items()}
    return shape.by_role(picture.services or (), known)


def _compare_services(
    found: Difference,
    instance: Instance,
    held: dict[str, Service],
    picture: Picture,
    now: datetime,
) -> None:
    """Bring `held` up to date in memory, and note what has to be written."""
    if picture.services is None:
        return
    shown = _shown(held, picture)
    for role, service in shown.items():
        values = service_values(service)
        row = held.get(role)
        if row is None:
            row = held[role] = Service(instance=instance, role=role, as_of=now, **values)
            found.new_services.append(row)
        elif any(getattr(row, name) != value for name, value in values.items()):
            _set(row, as_of=now, **values)
            found.changed_services.append(row)


def _note_absent_services(
    found: Difference, held: dict[str, Service], picture: Picture, now: datetime
) -> None:
    """Say of a service that is not shown any more that it is unknown."""
    if picture.services is None:
        return
    shown = _shown(held, picture)
    for role, row in held.items():
        if role not in shown and row.status != Service.Status.UNKNOWN:
            _set(row, as_of=now, status=Service.Status.UNKNOWN)
            found.changed_services.append(row)


def service_values(service: ServiceInstance) -> dict[str, Any]:
    """Return what is stored of a service, by the names of the columns."""
    return {
        "service_id": service.service_id,
        "name": service.name,
        "status": statuses.service_status(service.deployment),
        "deployment_id": service.deployment.id if service.deployment else "",
        "commit": service.deployment.commit if service.deployment else "",
        "host": service.host,
    }


def _deletion(instance: Instance, picture: Picture) -> dict[str, Any]:
    tag = deletion_tag.read(picture.description)
    former = instance.former_description
    if tag is None:
        former = ""
    elif deletion_tag.read(instance.description) is None and not former:
        # It was tagged behind our back: what stood there before is put back by a cancel.
        former = instance.description
    return {
        "description": picture.description,
        "former_description": former,
        "deletion_scheduled_at": tag.at if tag else None,
        "gone_at": picture.deleted_at,
    }


def _status(instance: Instance, held: dict[str, Service], picture: Picture) -> str:
    if picture.deleted_at is not None:
        return Status.DELETING
    if deletion_tag.scheduled_at(picture.description):
        return Status.DELETION_SCHEDULED
    if instance.status in {Status.FAILED, Status.PROVISIONING}:
        # What failed or was given up stays so until somebody deals with it.
        return instance.status
    now = instance.status if instance.status in SETTLED else Status.UNKNOWN
    if picture.services is None:
        return now
    states = {role: Service.Status(row.status) for role, row in held.items()}
    return statuses.instance_status(states, now)


def _name_and_problem(
    instance: Instance, picture: Picture, now: datetime, taken: Container[str]
) -> dict[str, Any]:
    """
    Follow a project that was renamed, where the new name is one for an instance.

    Not one that is to be deleted: for that, name and tag have to agree.
    """
    name, problems = instance.name, []
    tag = deletion_tag.read(picture.description)
    if picture.name != instance.project_name:
        name = "" if tag else shape.instance_name(picture.name)
        if not name or name in taken or Instance.objects.alive().filter(name=name).exists():
            name = instance.name
            problems.append(
                f"Its Railway project is named {picture.name} now, so nothing is deleted."
                f" Rename it back to {instance.project_name} on Railway."
            )
    if tag and tag.problem:
        problems.append(f"{tag.problem} It will not be deleted by it.")
    is_there = picture.deleted_at is None
    if is_there and tag and tag.at and tag.at <= now and _is_nobodys(instance):
        problems.append(OVERDUE)
    if KEYS_DIFFER in instance.problem:
        # A list does not show keys; whoever syncs this one compares them.
        problems.append(KEYS_DIFFER)
    if is_there and picture.services is None:
        problems.append(
            "Not all of its services could be read."
            if picture.environment_id
            else "Which environment of its Railway project is meant cannot be told."
        )
    return {"name": name, "problem": " ".join(problems)}


def _is_nobodys(instance: Instance) -> bool:
    """
    Tell whether an overdue tag is none that was asked for here: a restored or adopted one's.

    Of what comes back from elsewhere that is not known any more, so a person has to say.
    """
    is_back = instance.status in {Status.DELETING, Status.MISSING}
    return is_back or OVERDUE in instance.problem or ELSEWHERE in instance.problem


def _notes(instance: Instance, fields: dict[str, Any]) -> list[str]:
    """Return what people should know of it, later, in the history."""
    notes = [*_deletion_notes(instance, fields)]
    if "name" in fields:
        notes.append(f"its project was renamed from {instance.name} to {fields['name']}.")
    if fields.get("status") and instance.status == Status.MISSING:
        notes.append("its project is there again.")
    if fields.get("problem"):
        notes.append(str(fields["problem"]))
    return notes


def _deletion_notes(instance: Instance, fields: dict[str, Any]) -> Iterator[str]:
    status, at = fields.get("status"), fields.get("deletion_scheduled_at")
    if status == Status.DELETION_SCHEDULED:
        yield f"tagged for deletion on {deletion_tag.date(at or instance.deletion_scheduled_at)}."
    elif at:
        yield f"its deletion was moved to {deletion_tag.date(at)}."
    elif instance.status == Status.DELETION_SCHEDULED and "deletion_scheduled_at" in fields:
        yield "its deletion tag is gone."
    if status == Status.DELETING:
        yield "Railway is deleting its project."
    elif status and instance.status == Status.DELETING:
        yield "its project was restored."


def _set(row: Service, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
