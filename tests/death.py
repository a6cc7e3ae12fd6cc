"""Workers that die at a chosen moment, and what there is when all is over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.core.serializers import serialize
from django.db import connection
from django.db.models import Model
from django_q.models import OrmQ

from instances.models import Instance, LogLine, Operation, Service, Step
from instances.services import credentials
from instances.simulator import deployments
from instances.simulator.faults import Fault, Stage
from instances.simulator.server import LocalRailway
from tests.conftest import StartWorker, kill

# Real seconds.
REACHED_WITHIN = 40.0
OVER_WITHIN = 60.0
LOOK_EVERY = 0.02
# For a worker to read an answer that has been sent.
ANSWER_READ_AFTER = 0.3
# For the nudge that watches over a lease to be handed out while the call still runs.
WATCH_HANDED_OUT_AFTER = 1.5

LOCK = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0;"
    " LOCK TABLE instances_operation, instances_step IN EXCLUSIVE MODE",
}


@dataclass(frozen=True)
class Call:
    """
    The call during which the step's worker dies.

    `skip` leaves out the first ones of the operation.
    """

    step: str
    operation: str
    client: Literal["app", "cli"] | None = None
    skip: int = 0


class Scene:
    """One create, the local Railway it runs on, and the cluster that carries it out."""

    def __init__(
        self, railway: LocalRailway, operation: Operation, start_worker: StartWorker
    ) -> None:
        self.railway = railway
        self.operation = operation
        self._start_worker = start_worker
        self._cluster = start_worker()

    def hold(self, call: Call, stage: Stage) -> None:
        """Hold the step's call in mid-air; the same call in other steps goes through."""
        fault = Fault(
            call.operation, "hold", client=call.client, stage=stage, skip=call.skip, times=None
        )
        self.railway.faults.add(fault)
        self.wait_for(lambda: self._is_held(call), REACHED_WITHIN, f"{call.step} was not reached")
        self.railway.faults.clear()

    def hold_everybody(self, operation: str, count: int) -> None:
        """Hold this call of `count` operations until each of their watches has been handed out."""
        self.railway.faults.add(Fault(operation, "hold", times=None))
        held = self.railway.faults.wait_held(REACHED_WITHIN, count)
        assert len(held) == count, report(self.operation)
        time.sleep(WATCH_HANDED_OUT_AFTER)
        self.railway.faults.clear()

    def kill_cluster(self) -> None:
        kill(self._cluster)

    def start_again(self) -> None:
        self._cluster = self._start_worker()

    def signal_worker(self, pid: int, number: signal.Signals) -> None:
        assert os.getpgid(pid) == self._cluster.pid, "not one of ours"
        os.kill(pid, number)

    def worker(self) -> int:
        """Return the process that holds the lease."""
        self.operation.refresh_from_db()
        return int(self.operation.lease_owner.rpartition(":")[2])

    def state_of(self, step: str) -> str:
        return self.operation.steps.get(name=step).state

    def wait_until_over(self) -> None:
        self.wait_for(self._is_over, OVER_WITHIN, "the operation still moves")

    def wait_for(self, condition: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{complaint}\n{report(self.operation)}"
            time.sleep(LOOK_EVERY)

    def _is_held(self, call: Call) -> bool:
        faults = self.railway.faults
        if not faults.wait_held(LOOK_EVERY):
            return False
        if self.state_of(call.step) == Step.State.RUNNING:
            return True
        faults.release()
        return False

    def _is_over(self) -> bool:
        self.operation.refresh_from_db()
        return not self.operation.is_moving


def before_the_call(scene: Scene, call: Call) -> None:
    """Die when the call is on its way; it never arrives."""
    scene.hold(call, "before")
    scene.kill_cluster()
    scene.railway.faults.drop()


def when_the_work_is_done(scene: Scene, call: Call) -> None:
    """Die when the server has done what was asked; its answer is lost."""
    scene.hold(call, "after")
    scene.kill_cluster()
    scene.railway.faults.drop()


def before_recording(scene: Scene, call: Call) -> None:
    """Die with the answer in hand, before any of it is written down."""
    scene.hold(call, "after")
    with nobody_else_writes():
        scene.railway.faults.release()
        scene.wait_for(lambda: not cli_processes(scene.railway.url), 10.0, "the CLI goes on")
        time.sleep(ANSWER_READ_AFTER)
        scene.kill_cluster()


@contextmanager
def nobody_else_writes() -> Iterator[None]:
    """Keep the database's lock for writing on a connection of its own; reading goes on."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(LOCK[other.vendor])
            yield
    finally:
        other.close()


def cli_processes(railway_url: str) -> list[int]:
    """Return the stand-ins that talk to this local Railway."""
    address = f"RAILWAY_BACKBOARD_URL={railway_url}".encode()
    return [
        pid
        for pid in (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
        if b"railway-stand-in" in _read(pid, "cmdline") and address in _read(pid, "environ")
    ]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def found_on(railway: LocalRailway) -> dict[str, Any]:
    """Return all there is on the local Railway, what was deleted or replaced included."""
    with railway.world.lock:
        projects = list(railway.world.projects.values())
        services = [service for project in projects for service in project.services.values()]
        gateways = [service for service in services if service.repo]
        now = railway.world.now()
        return {
            "projects": [project.name for project in projects],
            "services": sorted(service.name for service in services),
            "domains": [domain.host for service in services for domain in service.domains],
            "deployments": [len(gateway.deployments) for gateway in gateways],
            "live": [bool(deployments.live(gateway, now)) for gateway in gateways],
        }


def one_of_everything(instance: Instance) -> dict[str, Any]:
    return {
        "projects": [instance.project_name],
        "services": ["Postgres", "Redis", "gateway"],
        "domains": [instance.host],
        "deployments": [1],
        "live": [True],
    }


def stored_keys(instance: Instance) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in credentials.of(instance).items()}


def deployed_keys(railway: LocalRailway, instance: Instance) -> dict[str, str]:
    """Return the values that the live gateway has under the names of the stored keys."""
    deployed = railway.deployed(instance.project_id) or {}
    return {name: deployed.get(name, "") for name in credentials.of(instance)}


def rows() -> str:
    """Return everything that a worker may write about an operation."""
    models: tuple[type[Model], ...] = (Operation, Step, LogLine, Instance, Service)
    found = [row for model in models for row in model._default_manager.all()]
    return str(serialize("json", found))


def is_nothing_moving() -> bool:
    return not Operation.objects.filter(state__in=Operation.State.moving()).exists()


def is_queue_empty() -> bool:
    """Tell whether nothing is waiting, and nothing that was handed out is still under way."""
    return not OrmQ.objects.exists()


def report(operation: Operation) -> str:
    """Tell the operation's whole story, for the message of a failed assertion."""
    operation.refresh_from_db()
    head = f"{operation} is {operation.state}: {operation.message or operation.waiting_for}"
    steps = [
        f"  {step.name}: {step.state}, {step.attempts} changes, {step.looks} looks {step.message}"
        for step in operation.steps.all()
    ]
    lines = [f"  {line.at:%M:%S.%f} {line.text}" for line in operation.log_lines.all()]
    queue = [f"  in the queue: {row.task['args']}, due {row.lock}" for row in OrmQ.objects.all()]
    return "\n".join([head, *steps, *lines, *queue])
