"""
How much one run without a person may touch.

A truncated list, another token, or a clock gone wrong looks exactly like "everything is
to be deleted". A run that would touch more than the limits stops, and says so. What a
person has let through does not count any more: `is_passed` tells, by a row's key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.conf import settings

from instances.exceptions import Held
from instances.models import Instance

IsPassed = Callable[[int], bool]


def expect_few(touched: Collection[Instance], what: str, *, of: int, is_passed: IsPassed) -> None:
    """
    Raise Held when more of the `of` instances are touched than a run may; one always may.

    With it go all that are touched, so that a person lets through what was shown.
    """
    new = [row for row in touched if not is_passed(row.pk)]
    limit = _limit(of)
    if len(new) > limit:
        raise Held(
            f"This run would {what} {len(new)} of {of} instances; {limit} at most may be"
            f" (GUARD_MOST_INSTANCES={settings.GUARD_MOST_INSTANCES},"
            f" GUARD_MOST_PERCENT={settings.GUARD_MOST_PERCENT:g}). None of them was touched."
            " Look at them, then let the run through with a reason.",
            rows=[row.pk for row in touched],
        )


def _limit(living: int) -> int:
    share = int(living * settings.GUARD_MOST_PERCENT / 100)
    if settings.GUARD_MOST_PERCENT > 0:
        share = max(share, 1)
    return min(int(settings.GUARD_MOST_INSTANCES), share)


def expect_no_shrinkage(lost: Collection[Instance], *, before: int, is_passed: IsPassed) -> None:
    """
    Raise Held when Railway's list lost more than it may of what it showed before.

    Only instances that are known here count: others' projects come and go. One always may.
    """
    new = [row for row in lost if not is_passed(row.pk)]
    if len(new) > 1 and len(new) > before * settings.GUARD_SHRINK_PERCENT / 100:
        raise Held(
            f"Railway's list does not show {len(new)} of the {before} instances that it showed"
            f" before (GUARD_SHRINK_PERCENT={settings.GUARD_SHRINK_PERCENT:g}). They were left as"
            " they are. Look whether token and workspace are the right ones, then let the run"
            " through with a reason.",
            rows=[row.pk for row in lost],
        )
