"""
The faults: how each strikes, what a supervisor does about it, and what comes to in the end.

A strike happens while the call is held by the local Railway, or has been answered and is
not recorded. What the supervisor does is what systemd would: start again what has ended,
and what does not answer.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from instances.simulator.clock import PROPAGATION
from instances.simulator.faults import Stage
from instances.timing import DEADLINE_FLOOR
from tests import death

if TYPE_CHECKING:
    from tests.reliability.case import Scene

# Real seconds.
TERMINATION = 0.3
OUTAGE = 0.5
CLUSTER_STOPS_WITHIN = 20.0
# Longer than any call of the scenarios may take.
TOO_LATE = DEADLINE_FLOOR + 1.5


class Fault:
    """Nothing goes wrong: the call is let go on."""

    # The frozen one writes nothing when it wakes up.
    freezes = False
    # The call is held while it strikes.
    holds = True

    def prepare(self, scene: Scene) -> None:
        """Arrange for what happens by itself, before a worker comes."""

    def strike(self, scene: Scene) -> None:
        """Strike while the call is in mid-air."""

    def let_go(self, scene: Scene) -> None:
        scene.railway.release()

    def mend(self, scene: Scene) -> None:
        """Do what a supervisor does."""

    def wake(self) -> None:
        """Let what is frozen go on, when all is over."""


@dataclass
class WorkerStruck(Fault):
    """The worker that makes the call, or one that does nothing."""

    number: signal.Signals
    is_busy: bool

    def __post_init__(self) -> None:
        self.freezes = self.number == signal.SIGSTOP

    def strike(self, scene: Scene) -> None:
        busy = scene.busy_worker()
        self._pid = busy if self.is_busy else next(w for w in scene.workers() if w != busy)
        os.kill(self._pid, self.number)

    def let_go(self, scene: Scene) -> None:
        scene.railway.drop() if self.is_busy else scene.railway.release()

    def wake(self) -> None:
        if self.freezes:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGCONT)


@dataclass
class ClusterKilled(Fault):
    def strike(self, scene: Scene) -> None:
        scene.cluster.kill()

    def let_go(self, scene: Scene) -> None:
        scene.railway.drop()

    def mend(self, scene: Scene) -> None:
        scene.start_cluster()


class ClusterTerminated(Fault):
    """As systemd stops it with KillMode=mixed: the main process is asked, then all are killed."""

    def strike(self, scene: Scene) -> None:
        os.kill(scene.cluster.pid, signal.SIGTERM)
        time.sleep(TERMINATION)

    def mend(self, scene: Scene) -> None:
        scene.cluster.wait(CLUSTER_STOPS_WITHIN)
        scene.cluster.kill()
        scene.start_cluster()


class ClusterFrozen(Fault):
    """A machine that is gone for a while; another one takes over."""

    freezes = True

    def strike(self, scene: Scene) -> None:
        self._frozen = scene.cluster
        self._frozen.signal(signal.SIGSTOP)

    def let_go(self, scene: Scene) -> None:
        scene.railway.drop()

    def mend(self, scene: Scene) -> None:
        scene.start_cluster()

    def wake(self) -> None:
        self._frozen.signal(signal.SIGCONT)


@dataclass
class CliStruck(Fault):
    number: signal.Signals

    def strike(self, scene: Scene) -> None:
        [pid] = death.cli_processes(scene.railway.url)
        os.kill(pid, self.number)
        if self.number == signal.SIGSTOP:
            # Until its deadline, at which the runner kills it.
            scene.wait_for(lambda: not Path(f"/proc/{pid}").exists(), 3 * TOO_LATE)

    def let_go(self, scene: Scene) -> None:
        scene.railway.drop()


@dataclass
class DatabaseRestarted(Fault):
    how: signal.Signals

    def strike(self, scene: Scene) -> None:
        scene.machine.restart_database(self.how)


@dataclass
class RailwayRestarted(Fault):
    number: signal.Signals

    def strike(self, scene: Scene) -> None:
        scene.railway.signal(self.number)
        scene.railway.wait()

    def let_go(self, scene: Scene) -> None:
        """What was held has gone with it."""

    def mend(self, scene: Scene) -> None:
        time.sleep(OUTAGE)
        scene.railway.start()


class RailwayFrozen(Fault):
    """It answers nobody until after every deadline, and then does what it was asked first."""

    def strike(self, scene: Scene) -> None:
        scene.railway.signal(signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            # In its queue before anything that is asked while it is frozen.
            released = pool.submit(scene.railway.release)
            time.sleep(TOO_LATE)
            scene.railway.signal(signal.SIGCONT)
            released.result()

    def let_go(self, scene: Scene) -> None:
        """It is let go already."""


class AnswerLost(Fault):
    """Done, and not answered; what was made is seen `seen_after` seconds (scale 1) later."""

    holds = False

    def __init__(self, seen_after: float = PROPAGATION) -> None:
        self._later = seen_after - PROPAGATION

    def prepare(self, scene: Scene) -> None:
        for what in ("listing", "service"):
            scene.railway.add_fault(operation=what, action="late", seconds=self._later, times=None)
        scene.spoil_call("cut", stage="after")


class Namesake(Fault):
    """Done, and not answered; and somebody else has made a project with the instance's name."""

    def prepare(self, scene: Scene) -> None:
        scene.spoil_call("hold", stage="after")

    def strike(self, scene: Scene) -> None:
        scene.railway.add_project(scene.operation.instance.project_name)
        scene.namesakes += 1

    def let_go(self, scene: Scene) -> None:
        scene.railway.drop()


class ErrorThoughDone(Fault):
    holds = False

    def prepare(self, scene: Scene) -> None:
        scene.spoil_call("error_after")


class Late(Fault):
    """Let go when the caller has just given up: the answer, or the work itself."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def prepare(self, scene: Scene) -> None:
        scene.spoil_call("hold", stage=self._stage)

    def strike(self, scene: Scene) -> None:
        scene.wait_for(scene.is_in_doubt, 3 * TOO_LATE)


FAULTS: dict[str, Callable[[], Fault]] = {
    "busy worker killed": lambda: WorkerStruck(signal.SIGKILL, is_busy=True),
    "busy worker terminated": lambda: WorkerStruck(signal.SIGTERM, is_busy=True),
    "busy worker frozen": lambda: WorkerStruck(signal.SIGSTOP, is_busy=True),
    "idle worker killed": lambda: WorkerStruck(signal.SIGKILL, is_busy=False),
    "idle worker terminated": lambda: WorkerStruck(signal.SIGTERM, is_busy=False),
    "idle worker frozen": lambda: WorkerStruck(signal.SIGSTOP, is_busy=False),
    "cluster killed": ClusterKilled,
    "cluster terminated": ClusterTerminated,
    "cluster frozen": ClusterFrozen,
    "CLI killed": lambda: CliStruck(signal.SIGKILL),
    "CLI terminated": lambda: CliStruck(signal.SIGTERM),
    "CLI frozen": lambda: CliStruck(signal.SIGSTOP),
    "database restarted": lambda: DatabaseRestarted(signal.SIGINT),
    "database crashed": lambda: DatabaseRestarted(signal.SIGQUIT),
    "Railway killed": lambda: RailwayRestarted(signal.SIGKILL),
    "Railway terminated": lambda: RailwayRestarted(signal.SIGTERM),
    "Railway frozen": RailwayFrozen,
    "answer lost": AnswerLost,
    "answer late": lambda: Late("after"),
    "work late": lambda: Late("before"),
    "error though done": ErrorThoughDone,
    "answer lost, seen after 30 s": lambda: AnswerLost(30.0),
    "answer lost, seen after 60 s": lambda: AnswerLost(60.0),
    "answer lost, a namesake": Namesake,
}
