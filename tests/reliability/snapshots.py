"""The database and the local Railway, as they are just before a step of an operation."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from instances import timing
from instances.models import Operation, Step
from instances.operations import engine
from instances.operations.plan import Plan, StepDefinition, Waiting
from instances.simulator.server import LocalRailway
from tests.conftest import make_railway
from tests.reliability.databases import Databases
from tests.reliability.scenarios import Scenario

HALTED = "Halted for the snapshot."
PORTS = 50
_claims: list[socket.socket] = []
# Real seconds.
REACHED_WITHIN = 60.0
LOOK_EVERY = 0.01


@dataclass(frozen=True)
class Snapshot:
    database: str
    state_file: Path
    operation: int


class Halt(StepDefinition[Any]):
    """Stands where the step is that nothing may have begun."""

    def observe(self, work: Any) -> Waiting:
        del work
        return Waiting(HALTED, 0.0)


def take(
    scenario: Scenario, databases: Databases, folder: Path, scale: float
) -> dict[str, Snapshot]:
    """Carry one operation on from step to step, and keep what there is before each."""
    databases.copy(databases.EMPTY, databases.WORK)
    databases.use(databases.WORK)
    state = folder / f"{_file_name(scenario.name)}.json"
    taken = {}
    with _local_railway(state, scale) as railway:
        operation = scenario.ask(railway)
        railway.faults.add(*(replace(cause) for cause in scenario.causes))
        for definition in scenario.steps:
            _carry_on(operation, scenario, definition)
            railway.faults.clear()
            taken[definition.name] = _keep(
                operation, definition.name, databases, railway, state, scenario
            )
    return taken


@cache
def gateway_ports() -> range:
    """Return this process's own ports, where the machine takes none for outgoing calls."""
    for first in range(15_000, 30_000, PORTS):
        with suppress(OSError):
            # As long as this process lives, nobody else takes these.
            _claims.append(socket.create_server(("127.0.0.1", first)))
            return range(first + 1, first + PORTS)
    raise RuntimeError("there are no free ports")


@contextmanager
def _local_railway(state: Path, scale: float) -> Iterator[LocalRailway]:
    ports = gateway_ports()
    with make_railway(scale, state_file=state, gateway_ports=ports) as railway:
        settings.RAILWAY_API_URL = os.environ["RAILWAY_BACKBOARD_URL"] = railway.url
        railway.seed_projects(2)
        railway.add_instance("neighbour")
        yield railway


def _carry_on(operation: Operation, scenario: Scenario, until: StepDefinition[Any]) -> None:
    plan = _halting(scenario.plan, until)
    deadline = time.monotonic() + REACHED_WITHIN
    while not operation.steps.filter(name=until.name, message=HALTED).exists():
        assert time.monotonic() < deadline, f"{scenario.name} does not reach {until.name}"
        engine.advance(operation.pk, lambda _: plan, timing.current())
        time.sleep(LOOK_EVERY)


def _halting(plan: Plan[Any], until: StepDefinition[Any]) -> Plan[Any]:
    halt = type("Halt", (Halt,), {"name": until.name, "title": until.title})()
    steps = [halt if step.name == until.name else step for step in plan.steps]
    back = [halt if step.name == until.name else step for step in plan.rollback]
    return replace(plan, steps=steps, rollback=back)


def _keep(
    operation: Operation,
    step: str,
    databases: Databases,
    railway: LocalRailway,
    state: Path,
    scenario: Scenario,
) -> Snapshot:
    Step.objects.filter(operation=operation, name=step).update(
        state=Step.State.PENDING, message="", started_at=None, budget_from=None
    )
    Operation.objects.filter(pk=operation.pk).update(waiting_for="")
    name = f"{_file_name(scenario.name)}_{step}"
    kept = Snapshot(name, state.with_name(f"{name}.json"), operation.pk)
    with railway.world.lock:
        railway.world.save()
        shutil.copy(state, kept.state_file)
    connection.close()
    databases.copy(databases.WORK, name)
    return kept


def _file_name(scenario: str) -> str:
    return scenario.replace(", ", "_").replace(" ", "_")
