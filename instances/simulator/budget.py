"""Two limits on requests: an hourly one per token, and the edge's per second (api-facts.md §2)."""

import math
import threading
import time
from collections import deque

from instances.simulator.clock import Clock

HOUR = 3600.0
EDGE_REQUESTS_PER_SECOND = 10


class Budget:
    """Requests that a token may still send in its current hour, which the scale shortens too."""

    def __init__(self, hourly_limit: int, clock: Clock) -> None:
        self.hourly_limit = hourly_limit
        self._clock = clock
        self._lock = threading.Lock()
        self._hours: dict[str, tuple[float, int]] = {}

    def spend(self, key: str) -> bool:
        """Count one request; return whether it was still within the budget."""
        with self._lock:
            begun, used = self._hour(key)
            if used >= self.hourly_limit:
                return False
            self._hours[key] = (begun, used + 1)
            return True

    def remaining(self, key: str) -> int:
        with self._lock:
            return max(0, self.hourly_limit - self._hour(key)[1])

    def resets_at(self, key: str) -> float:
        with self._lock:
            return self._hour(key)[0] + self._clock.span(HOUR)

    def headers(self, key: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.hourly_limit),
            "X-RateLimit-Remaining": str(self.remaining(key)),
            "X-RateLimit-Reset": str(math.ceil(self.resets_at(key))),
        }

    def _hour(self, key: str) -> tuple[float, int]:
        now = self._clock.now()
        begun, used = self._hours.get(key, (now, 0))
        return (now, 0) if now >= begun + self._clock.span(HOUR) else (begun, used)


class Edge:
    """Turns away clients without a query string that send more than ten requests a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[float] = deque()

    def admits(self) -> bool:
        now = time.monotonic()
        with self._lock:
            while self._seen and self._seen[0] <= now - 1.0:
                self._seen.popleft()
            self._seen.append(now)
            return len(self._seen) <= EDGE_REQUESTS_PER_SECOND
