"""One run: put back what there was, strike, wait until all is over, and judge."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from instances import queue
from instances.models import Operation
from instances.simulator.faults import Stage
from tests import death
from tests.reliability import judging, matrix
from tests.reliability.machine import Machine, Railway
from tests.reliability.matrix import Case
from tests.reliability.programs import Program
from tests.reliability.scenarios import SCENARIOS
from tests.reliability.strikes import FAULTS, Fault

# Real seconds.
REACHED_WITHIN = 30.0
OVER_WITHIN = 60.0
AWAKE_WITHIN = 20.0
LOOK_EVERY = 0.08
ANSWER_READ_AFTER = 0.3
# The supervisor looks so often; a cluster in which nobody answers for so long is hung.
SUPERVISES_EVERY = 3.0
ANSWERS_WITHIN = 2.0
STARTS_WITHIN = 5.0
# Cron's minute. It is left out where its sweep would find nothing late.
SWEEPS_AFTER = timedelta(seconds=5)


class Stuck(Exception):
    """Something that was waited for does not happen; the text says what."""


@dataclass
class Result:
    """`moved_after`: real seconds from the death to the operation's next sign of life."""

    scenario: str
    step: str
    call: str
    fault: str
    moment: str
    violations: list[str] = field(default_factory=list)
    state: str = ""
    message: str = ""
    moved_after: float | None = None
    restarts: int = 0
    sweeps: int = 0
    seconds: float = 0.0
    story: str = ""


class Scene:
    """The operation, and everything around it that can be struck."""

    def __init__(self, machine: Machine, case: Case, operation: int, railway: Railway) -> None:
        self.machine = machine
        self.railway = railway
        self.operation = Operation.objects.select_related("instance").get(pk=operation)
        self.cluster: Program
        self.restarts = 0
        self.sweeps = 0
        self.namesakes = 0
        self._call = case.call
        self._supervised_at = time.monotonic()

    def start_cluster(self) -> None:
        self.cluster = self.machine.start("qcluster")

    def spoil_call(self, action: str, *, stage: Stage = "before") -> None:
        """Have the call of the case go wrong."""
        call = self._call
        self.railway.add_fault(
            operation=call.operation, action=action, client=call.client, stage=stage, skip=call.skip
        )

    def wait_until_held(self) -> None:
        self.wait_for(self.railway.is_holding, REACHED_WITHIN, f"{self._call} is not reached")

    def busy_worker(self) -> int:
        """Return the process that holds the lease."""
        self.operation.refresh_from_db()
        return int(self.operation.lease_owner.rpartition(":")[2])

    def workers(self) -> list[int]:
        """Return the workers of the cluster: those that its own processes call so."""
        busy = self.busy_worker()
        guard = parent(busy)
        # The guard's children: the workers first, then the one that writes down and the one
        # that fetches.
        return sorted(children(guard))[:2]

    def is_in_doubt(self) -> bool:
        doubts = self.operation.log_lines.filter(text__contains="Looking whether")
        return doubts.filter(step_name=self._call.step).exists()

    def signs_of_life(self) -> object:
        """Return what changes whenever somebody works on the operation."""
        row = Operation.objects.filter(pk=self.operation.pk).values_list("state", "lease_token")
        steps = self.operation.steps.values_list("state", "looks", "attempts", "answered_at")
        return list(row), list(steps)

    def wait_until_over(self) -> None:
        self.wait_for(self._is_over, OVER_WITHIN, "the operation does not come to its end")

    def wait_for(
        self, condition: Callable[[], bool], seconds: float, complaint: str = "it takes too long"
    ) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise Stuck(complaint)
            time.sleep(LOOK_EVERY)

    def _is_over(self) -> bool:
        self.operation.refresh_from_db()
        if self.operation.is_moving and time.monotonic() > self._supervised_at + SUPERVISES_EVERY:
            self._supervised_at = time.monotonic()
            self._supervise()
        return not self.operation.is_moving

    def _supervise(self) -> None:
        """Do what systemd does, with a watchdog, and what cron does every minute."""
        if self.operation.state != Operation.State.RUNNING and not self._is_cluster_alive():
            self.cluster.kill()
            self.start_cluster()
            self._supervised_at += STARTS_WITHIN
            self.restarts += 1
        late = timezone.now() - SWEEPS_AFTER
        if Operation.objects.due(late).exists():
            self.machine.start("sweep_operations").wait()
            self.sweeps += 1

    def _is_cluster_alive(self) -> bool:
        return not self.cluster.has_ended and queue.worker_answers(ANSWERS_WITHIN) is not None


def run(case: Case, machine: Machine) -> Result:
    begun = time.monotonic()
    call = case.call
    result = Result(case.scenario, call.step, call.operation, case.fault, case.moment)
    scene = Scene(machine, case, *machine.put_back(case.scenario, call.step))
    before = judging.others(scene.railway.look_inside())
    fault = FAULTS[case.fault]()
    try:
        _play(scene, case, fault, result)
    except Stuck as stuck:
        result.violations.append(str(stuck))
    result.violations += judging.violations(scene, SCENARIOS[case.scenario], before)
    result.state, result.message = scene.operation.state, scene.operation.message
    result.restarts, result.sweeps = scene.restarts, scene.sweeps
    result.seconds = time.monotonic() - begun
    if result.violations:
        result.story = f"{death.report(scene.operation)}\n{machine.log.read_text()[-4000:]}"
    machine.clear()
    return result


def _play(scene: Scene, case: Case, fault: Fault, result: Result) -> None:
    fault.prepare(scene)
    if case.moment != matrix.DURING:
        scene.spoil_call("hold", stage="before" if case.moment == matrix.BEFORE else "after")
    scene.start_cluster()
    if case.moment == matrix.DURING and not fault.holds:
        scene.wait_until_over()
        return
    scene.wait_until_held()
    with ExitStack() as stack:
        if case.moment == matrix.ANSWERED:
            stack.enter_context(death.nobody_else_writes())
            scene.railway.release()
            _wait_until_read(scene)
        seen = scene.signs_of_life()
        struck_at = time.monotonic()
        fault.strike(scene)
        fault.let_go(scene)
    fault.mend(scene)
    scene.wait_for(lambda: scene.signs_of_life() != seen, OVER_WITHIN, "nobody goes on")
    result.moved_after = time.monotonic() - struck_at
    scene.wait_until_over()
    if fault.freezes:
        _wake(scene, fault, result)


def _wait_until_read(scene: Scene) -> None:
    scene.wait_for(lambda: not death.cli_processes(scene.railway.url), 10.0, "the CLI goes on")
    time.sleep(ANSWER_READ_AFTER)


def _wake(scene: Scene, fault: Fault, result: Result) -> None:
    written = death.rows()
    fault.wake()
    # One whose cluster was started again is no more.
    with suppress(Stuck):
        scene.wait_for(lambda: death.is_queue_empty() or scene.restarts > 0, AWAKE_WITHIN)
    if death.rows() != written:
        result.violations.append("the one that woke up has written something")


def parent(pid: int) -> int:
    return int(_status(pid)["PPid"])


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in tasks]


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
