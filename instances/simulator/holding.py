"""Requests that are held in mid-air until somebody lets them go."""

import itertools
import threading
from dataclasses import dataclass, field


@dataclass
class Held:
    """One held request. `dropped` is decided once, by `release` or `drop`."""

    id: int
    operation: str
    stage: str
    dropped: bool = False
    decided: threading.Event = field(default_factory=threading.Event, repr=False)


class Holding:
    """The requests held now; safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[int, Held] = {}
        self._ids = itertools.count(1)
        self._closed = False

    def held(self) -> list[Held]:
        with self._changed:
            return list(self._held.values())

    def wait_held(self, timeout: float, count: int = 1) -> list[Held]:
        """Wait until this many requests are held; return those that are, enough or not."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) >= count, timeout)
            return list(self._held.values())

    def hold(self, operation: str, stage: str) -> bool:
        """Block until the request is released (True) or dropped (False)."""
        with self._changed:
            held = Held(next(self._ids), operation, stage, dropped=self._closed)
            if self._closed:
                return False
            self._held[held.id] = held
            self._changed.notify_all()
        held.decided.wait()
        return not held.dropped

    def release(self, held_id: int | None = None) -> int:
        return self._decide(held_id, dropped=False)

    def drop(self, held_id: int | None = None) -> int:
        return self._decide(held_id, dropped=True)

    def close(self) -> None:
        with self._changed:
            self._closed = True
        self.drop()

    def _decide(self, held_id: int | None, *, dropped: bool) -> int:
        with self._changed:
            chosen = [key for key in self._held if held_id in (None, key)]
            for key in chosen:
                held = self._held.pop(key)
                held.dropped = dropped
                held.decided.set()
            self._changed.notify_all()
        return len(chosen)
