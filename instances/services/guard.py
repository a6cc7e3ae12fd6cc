"""
How much one run without a person may touch.

A truncated list, another token, or a clock gone wrong looks exactly like "everything is
to be deleted". A run that would touch more than the limits stops, and says so.
"""

from __future__ import annotations

from django.conf import settings

from instances.exceptions import Held
from instances.models import Instance


def expect_few(touched: int, what: str) -> None:
    """Raise Held when `touched` instances are more than a run may touch; one always may."""
    living = Instance.objects.alive().count()
    limit = _limit(living)
    if touched > limit:
        raise Held(
            f"This run would {what} {touched} of {living} instances; {limit} at most may be"
            f" (GUARD_MOST_INSTANCES={settings.GUARD_MOST_INSTANCES},"
            f" GUARD_MOST_PERCENT={settings.GUARD_MOST_PERCENT:g}). Nothing was done."
            " Look at them, then let the run through with a reason."
        )


def _limit(living: int) -> int:
    share = int(living * settings.GUARD_MOST_PERCENT / 100)
    if settings.GUARD_MOST_PERCENT > 0:
        share = max(share, 1)
    return min(int(settings.GUARD_MOST_INSTANCES), share)


def expect_no_shrinkage(before: int, now: int) -> None:
    """Raise Held when Railway's listing shrank by more than it may; by one it always may."""
    lost = before - now
    if lost > 1 and lost > before * settings.GUARD_SHRINK_PERCENT / 100:
        raise Held(
            f"Railway lists {now} projects; {before} were listed before"
            f" (GUARD_SHRINK_PERCENT={settings.GUARD_SHRINK_PERCENT:g}). What is not listed was"
            " left as it is. Look whether token and workspace are the right ones, then let the"
            " run through with a reason."
        )
