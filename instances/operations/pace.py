"""How fast what can wait may go, so that what people ask for now is not kept waiting."""

from collections.abc import Callable
from dataclasses import dataclass

from instances.operations.plan import Waiting


@dataclass(frozen=True, slots=True)
class Pace:
    """`slower` multiplies the pauses between looks; with `hold` nothing is done for the moment."""

    slower: float = 1.0
    hold: Waiting | None = None


Pacing = Callable[[], Pace]


def full_pace() -> Pace:
    return Pace()
