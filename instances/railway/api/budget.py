"""How many requests the token has left, as Railway's headers say."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

# A smaller number in X-RateLimit-Reset is seconds from now, a larger one a moment.
EPOCH_FROM = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    limit: int
    remaining: int
    resets_at: datetime | None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self | None:
        """Return what the headers say, or None when they say nothing usable."""
        try:
            limit = int(headers["x-ratelimit-limit"])
            remaining = int(headers["x-ratelimit-remaining"])
        except (KeyError, ValueError):
            return None
        return cls(limit, remaining, _moment(headers.get("x-ratelimit-reset", "")))


# Called with what an answer says about the requests that are left.
NoteBudget = Callable[[Budget], None]


def keep_to_oneself(budget: Budget) -> None:
    """Note it nowhere."""
    del budget


def _moment(text: str) -> datetime | None:
    try:
        number = float(text)
        seconds = number if number > EPOCH_FROM else time.time() + number
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
