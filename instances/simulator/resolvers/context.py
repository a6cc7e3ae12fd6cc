"""What every resolver of one request shares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from instances.simulator import paging
from instances.simulator.access import Caller
from instances.simulator.budget import Budget
from instances.simulator.world import World

Item = TypeVar("Item")
View = dict[str, Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    caller: Caller
    budget: Budget
    page_cap: int

    @property
    def world(self) -> World:
        return self.caller.world

    def now(self) -> float:
        return self.world.now()

    def page(
        self, items: Sequence[Item], arguments: Arguments, view: Callable[[Item], View]
    ) -> View:
        return paging.connection(items, arguments, cap=self.page_cap, view=view)

    def rate_limit(self) -> View:
        key = self.caller.credential.key
        return {
            "remainingPoints": self.budget.remaining(key),
            "resetsAt": moment(self.budget.resets_at(key)),
        }


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_or_none(at: float | None) -> str | None:
    return None if at is None else moment(at)
