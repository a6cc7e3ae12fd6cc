"""Operations and instances at the moment that a test is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from instances.models import Instance, Operation, Service
from instances.services import creation, people
from instances.services.creation import Wish
from instances.simulator.server import LocalRailway
from tests.admin.test_instance_verbs import make
from tests.conftest import run_until
from tests.looking import only_gateway

Role = Service.Role
Runs = Service.Status
Status = Instance.Status


def asked_for(account: User, name: str = "acme") -> Operation:
    return creation.request(Wish(name), people.person(account))


def waiting(account: User, name: str = "acme", *, step: str) -> Operation:
    """Return an operation that stays in this step; without a worker nobody carries it on."""
    operation = asked_for(account, name)
    run_until(operation, step=step)
    operation.due_at = timezone.now() + timedelta(seconds=12)
    operation.save(update_fields=["due_at"])
    return operation


def show_gateway(railway: LocalRailway) -> None:
    """End the wait of a create with a late gateway."""
    only_gateway(railway).visible_at = 0


def all_sorts() -> None:
    """Make instances in all sorts of states. They are not on Railway: nobody works at them."""
    now = timezone.now()
    _make("acme")
    _make(
        "bolt",
        status=Status.DELETION_SCHEDULED,
        deletion_scheduled_at=now + timedelta(days=6, hours=23, minutes=30),
    )
    _make("crow", status=Status.UNHEALTHY, gateway=Runs.FAILED)
    _make("deer", status=Status.DELETING, gone_at=now + timedelta(hours=30), gateway=Runs.STOPPED)
    _make("elk", ownership=Instance.Ownership.DISCOVERED)
    _make("fox", status=Status.MISSING, missed=3, as_of=now - timedelta(hours=4))
    _make("gull", problem="Its deletion tag has no time that can be read (soon).")
    _make("hare", missed=1, gateway=Runs.DEPLOYING)


def _make(name: str, *, gateway: str = Runs.RUNNING, **columns: Any) -> None:
    at = timezone.now() - timedelta(minutes=2)
    host = f"gateway-production-{name}.up.railway.app"
    instance = make(name, **{"as_of": at, "host": host, **columns})
    instance.services.update(status=gateway)
    for role in (Role.POSTGRES, Role.REDIS):
        Service.objects.create(
            instance=instance,
            role=role,
            service_id=f"{role}-of-{name}",
            name=str(role.label),
            status=Runs.RUNNING,
            as_of=at,
        )
