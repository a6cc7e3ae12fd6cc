"""Creates in line: what waiting costs, and who goes first when Railway says "later"."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from instances.models import Gate, Operation
from instances.operations import gate
from instances.services import creation, dispatch
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Create, run_until

pytestmark = pytest.mark.django_db

REFUSED = "Whoa there pal! You are creating volumes too quickly. Try again in a sec"


def hold(kind: gate.Kind, railway: LocalRailway) -> None:
    """Have somebody else hold the gate for a long call."""
    [workspace] = railway.world.state.workspaces
    until = timezone.now() + timedelta(minutes=5)
    Gate.objects.create(key=kind.key(workspace), held_by=uuid.uuid4(), held_until=until)


def look(operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
    dispatch.advance(operation.pk)
    operation.refresh_from_db()


@pytest.mark.parametrize(("kind", "step"), [(gate.PROJECTS, "project"), (gate.VOLUMES, "postgres")])
def test_waiting_in_line_asks_nothing_of_railway(
    railway: LocalRailway, requester: Requester, kind: gate.Kind, step: str
) -> None:
    operation = creation.request(Wish("acme"), requester)
    hold(kind, railway)
    run_until(operation, step=step)
    look(operation)
    before = len(railway.requests)

    look(operation)

    assert len(railway.requests) == before
    assert f"Railway allows {kind.allowed}; first in line." in operation.waiting_for


def test_one_whose_database_is_refused_keeps_its_place(
    railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(Fault("templateDeployV2", "error", message=REFUSED, times=None))
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="postgres")
    look(operation)

    [workspace] = railway.world.state.workspaces
    assert operation.gate == gate.VOLUMES.key(workspace)
    assert Gate.objects.get(key=operation.gate).held_by is None
    postgres = operation.steps.get(name="postgres")
    assert postgres.attempts == postgres.not_made > 0


def test_a_create_alone_waits_for_no_gate(create: Create) -> None:
    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert operation.gate == ""
    assert set(Gate.objects.values_list("held_by", flat=True)) == {None}
