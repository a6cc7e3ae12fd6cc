"""What must be true when all is over, whatever has happened."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from instances.models import Gate, Operation
from instances.simulator.server import LocalRailway
from tests.reliability.scenarios import SERVICES, End, Scenario

if TYPE_CHECKING:
    from tests.reliability.case import Scene

State = Operation.State


def others(railway: LocalRailway) -> dict[str, Any]:
    """Return everybody else's projects, whole."""
    projects = railway.world.projects.values()
    return {each.id: asdict(each) for each in projects if each.name != "luthien-acme"}


def violations(scene: Scene, scenario: Scenario, before: dict[str, Any]) -> list[str]:
    operation = scene.operation
    operation.refresh_from_db()
    operation.instance.refresh_from_db()
    end = End(operation, scene.railway.look_inside())
    found = [*_ending(operation), *_leases(operation), *_doubles(end, scene.namesakes)]
    if others(end.railway) != before:
        found.append("a project of somebody else has changed")
    if operation.state == scenario.ends_as:
        found += scenario.ending(end)
    elif operation.state != State.NEEDS_ATTENTION:
        found.append(f"it has ended as {operation.state}: {operation.message}")
    return found


def _ending(operation: Operation) -> list[str]:
    if operation.is_moving:
        return ["it still moves"]
    is_told = operation.state == State.SUCCEEDED or len(operation.message) > 20
    return [] if is_told else ["nobody is told what to do"]


def _leases(operation: Operation) -> list[str]:
    held = [f"its lease is held by {operation.lease_owner}"] * (operation.lease_token is not None)
    now = timezone.now()
    gates = Gate.objects.filter(held_until__gt=now).exclude(held_by=None)
    return held + [f"the gate is held until {gate.held_until}" for gate in gates]


def _doubles(end: End, namesakes: int) -> list[str]:
    """Nothing is there twice, however it has ended."""
    ours = len(end.projects) - namesakes
    found = [f"there are {ours} projects of ours"] * (ours > 1)
    for project in end.projects:
        names = sorted(each.name for each in project.services.values() if not each.deleted_at)
        if len(names) != len(set(names)) or not set(names) <= set(SERVICES):
            found.append(f"the project has the services {names}")
        domains = sum(len(each.domains) for each in project.services.values())
        found += [f"the project has {domains} domains"] * (domains > 1)
    return found
