"""Operations at the moment that a test is about."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from instances.models import Operation
from instances.services import creation, people
from instances.services.creation import Wish
from instances.simulator.server import LocalRailway
from tests.conftest import run_until
from tests.looking import only_gateway


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
