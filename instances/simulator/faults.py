"""Failures on demand: what goes wrong, for which operation, for whom and how often."""

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from instances.simulator.holding import Held, Holding

Stage = Literal["before", "after"]

REQUEST_ACTIONS = frozenset(
    {"error", "error_after", "status", "html", "timeout", "cut", "delay", "hold"}
)
WORLD_ACTIONS = {
    "workflow": frozenset({"fail", "hang", "lost"}),
    "deployment": frozenset(
        {"fail_build", "fail_deploy", "crash", "hang", "needs_approval", "skip", "remove"}
    ),
    "listing": frozenset({"late"}),
    "service": frozenset({"late", "never"}),
}


@dataclass
class Fault:
    """One thing that goes wrong.

    `operation` is a root field, an operation's name or `*` for a request;
    `gateway:/health` for what a gateway is asked under that path; `workflow`,
    `deployment` or `service`, alone or as `service:gateway`, for a rule of the world;
    `listing` for when a new project is listed.
    `stage` says whether the work is done before it goes wrong. `times=None` means always.
    """

    operation: str
    action: str
    message: str = ""
    client: Literal["app", "cli"] | None = None
    skip: int = 0
    times: int | None = 1
    stage: Stage = "before"
    status: int | None = None
    retry_after: int | None = None
    body: str | None = None
    seconds: float = 0.0
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def __post_init__(self) -> None:
        allowed = WORLD_ACTIONS.get(self.operation.partition(":")[0], REQUEST_ACTIONS)
        if self.action not in allowed:
            raise ValueError(f"{self.operation!r} cannot {self.action!r}: {sorted(allowed)}")

    def concerns(self, names: Iterable[str], client: str | None) -> bool:
        return self.operation in names and self.client in (None, client)

    def is_spent(self) -> bool:
        return self.times is not None and self.times <= 0


class Faults:
    """The faults in force, and the requests they hold; safe to use from any thread."""

    def __init__(self) -> None:
        self.holding = Holding()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def active(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, names: Iterable[str], client: str | None = None) -> Fault | None:
        """Return the first fault that concerns these names, counting it as used."""
        wanted = set(names)
        with self._lock:
            for fault in self._faults:
                if fault.concerns(wanted, client) and self._use(fault):
                    self._faults = [kept for kept in self._faults if not kept.is_spent()]
                    return fault
        return None

    def held(self) -> list[Held]:
        return self.holding.held()

    def wait_held(self, timeout: float, count: int = 1) -> list[Held]:
        """Wait until this many requests are held; return those that are, enough or not."""
        return self.holding.wait_held(timeout, count)

    def release(self, held_id: int | None = None) -> int:
        return self.holding.release(held_id)

    def drop(self, held_id: int | None = None) -> int:
        return self.holding.drop(held_id)

    @staticmethod
    def _use(fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.times is not None:
            fault.times -= 1
        return True
