"""
The requests that Railway still allows, and what can wait for more of them.

Every client notes what Railway's answers say, in one row per token. While there is plenty
everything goes at full pace. Below half of the limit, what can wait (operations that were
asked for together, the sync) slows down; below the reserve it waits for the next hour, so
that what a person asks for now still goes through.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.crypto import salted_hmac

from instances import timing
from instances.exceptions import PutOff
from instances.models import RequestBudget
from instances.operations.pace import Pace
from instances.operations.plan import Waiting
from instances.railway.client import Budget

logger = logging.getLogger(__name__)

# Shares of the limit.
PLENTY = 0.5
# How much longer the pauses are just above the reserve.
SLOWEST = 5.0
# Real seconds: a process writes no more often than that, unless something follows from it.
WRITE_EVERY = 1.0
# Real seconds after the announced moment: Railway's clock is not ours.
RESET_MARGIN = timedelta(seconds=1)
# Seconds at scale 1 after which to look again where Railway does not say when the hour ends.
LOOK_AGAIN = 60.0
HOUR = 3600.0
# What fits the column; Railway's own figures are far below.
MOST = 2_000_000_000


class Level(Enum):
    PLENTY = "plenty"
    SCARCE = "scarce"
    RESERVE = "reserve"


@dataclass(slots=True)
class _Written:
    at: float
    level: Level


# What this process has written last, by token.
_written: dict[str, _Written] = {}


def note_for(token: str) -> Callable[[Budget], None]:
    """Return what notes the budget that an answer to a request with `token` tells."""
    key = _key(token)

    def note(budget: Budget) -> None:
        limit, left = _clipped(budget.limit), _clipped(budget.remaining)
        now, level = time.monotonic(), _level(limit, left)
        last = _written.get(key)
        if last and last.level is level and now < last.at + WRITE_EVERY:
            return
        _written[key] = _Written(now, level)
        try:
            _write(key, limit=limit, remaining=left, resets_at=budget.resets_at)
        except DatabaseError as error:
            # The answer itself is worth more than what it says about the next ones.
            logger.warning("The requests left could not be noted: %s", type(error).__name__)

    return note


def pace() -> Pace:
    """Return how fast what can wait may go at this moment."""
    found = _current()
    if found is None:
        return Pace()
    if _level(found.limit, found.remaining) is Level.RESERVE:
        until = _goes_on_at(found)
        seconds = (until - timezone.now()).total_seconds() / timing.current().scale
        return Pace(hold=Waiting(_sentence(found), max(seconds, 0.0), in_line=True))
    return Pace(slower=_slower(found.limit, found.remaining))


def expect_plenty() -> None:
    """Raise PutOff when what is left is kept for what people ask for now."""
    if hold := pace().hold:
        raise PutOff(hold.reason)


def _key(token: str) -> str:
    return salted_hmac("instances.budget", token, algorithm="sha256").hexdigest()


def _write(key: str, *, limit: int, remaining: int, resets_at: datetime | None) -> None:
    """Store it, unless something newer is there already."""
    now = timezone.now()
    told = {"limit": limit, "remaining": remaining, "resets_at": resets_at, "as_of": now}
    if not RequestBudget.objects.filter(token=key, as_of__lt=now).update(**told):
        RequestBudget.objects.get_or_create(token=key, defaults=told)


def _current() -> RequestBudget | None:
    """Return what is known about the hour that is running."""
    now = timezone.now()
    found = RequestBudget.objects.filter(token=_key(settings.RAILWAY_API_TOKEN)).first()
    if found is None or found.is_over(now - RESET_MARGIN):
        return None
    return None if found.as_of + timing.current().span(HOUR) < now else found


def _goes_on_at(found: RequestBudget) -> datetime:
    if found.resets_at is None:
        return timezone.now() + timing.current().span(LOOK_AGAIN)
    return found.resets_at + RESET_MARGIN


def _reserve() -> float:
    return float(settings.RAILWAY_BUDGET_RESERVE) / 100


def _level(limit: int, remaining: int) -> Level:
    if remaining < limit * _reserve():
        return Level.RESERVE
    return Level.SCARCE if remaining < limit * PLENTY else Level.PLENTY


def _slower(limit: int, remaining: int) -> float:
    """Return 1 with plenty, growing towards SLOWEST as the reserve comes near."""
    above = PLENTY - _reserve()
    if _level(limit, remaining) is Level.PLENTY or above <= 0:
        return 1.0
    return 1.0 + (SLOWEST - 1.0) * (PLENTY - remaining / limit) / above


def _sentence(found: RequestBudget) -> str:
    when = f" It goes on at {_goes_on_at(found):%H:%M} UTC." if found.resets_at else ""
    return (
        f"Railway allows {found.limit:,} requests per hour; {found.remaining:,} are left and are"
        f" kept for what people ask for now.{when}"
    )


def _clipped(number: int) -> int:
    return min(max(number, 0), MOST)
