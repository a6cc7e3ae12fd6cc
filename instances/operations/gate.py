"""
A narrow place that operations pass one at a time, in the order they came.

Railway allows one new project per 30 s in a workspace (railway/api-facts.md section 2).
The gate is a row, held under a lease during the call, so it holds across workers and
machines; the next one may pass `INTERVAL` after the end of the last call.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from instances.models import Gate, Operation
from instances.operations.plan import Waiting
from instances.operations.run import Run

# Seconds at scale 1.
INTERVAL = 31.0
LOOK_AGAIN = 10.0
HELD_LOOK_AGAIN = 2.0
# Whoever does not come when it is their turn does not keep the others waiting.
LATE = 15.0
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def enter(run: Run, key: str, *, seconds: float) -> Waiting | None:
    """
    Pass the gate and hold it for a call of up to `seconds` (real), or wait in line.

    None means that the gate is held; call leave() when the call is over.
    """
    gate, _ = Gate.objects.get_or_create(key=key)
    now = timezone.now()
    _join_line(run, key, now)
    ahead = _ahead(run, gate, now).count()
    if not ahead and _take(run, gate, now, seconds):
        return None
    gate.refresh_from_db()
    return _in_line(run, gate, now, ahead)


def leave(run: Run, key: str) -> None:
    """Let the next one pass after the interval; whether the call succeeded does not matter."""
    opens_at = timezone.now() + run.timing.span(INTERVAL)
    with transaction.atomic():
        Gate.objects.filter(key=key, held_by=run.lease.token).update(
            held_by=None, held_until=None, opens_at=opens_at
        )
        # A successor may be in line already; its place is not ours to give up.
        ours = Operation.objects.filter(pk=run.operation.pk, lease_token=run.lease.token)
        ours.update(gate="", gate_since=None)
    run.operation.gate, run.operation.gate_since = "", None


def _join_line(run: Run, key: str, now: datetime) -> None:
    if run.operation.gate != key:
        run.lease.write(gate=key, gate_since=now)
        run.operation.gate, run.operation.gate_since = key, now


def _ahead(run: Run, gate: Gate, now: datetime) -> QuerySet[Operation]:
    """Return those in line who came earlier and answer when they are called."""
    since = run.operation.gate_since
    late = now - max(run.timing.span(LATE), timedelta(seconds=2))
    earlier = Q(gate_since__lt=since) | Q(gate_since=since, pk__lt=run.operation.pk)
    away = now + run.timing.span(LOOK_AGAIN) + run.timing.lease_margin
    gone = (
        Q(state__in=Operation.State.idle(), due_at__lt=late)
        | Q(state__in=Operation.State.idle(), due_at__gt=away)
        | Q(state=Operation.State.RUNNING, lease_expires_at__lt=now)
        | Q(rolling_back=True)
    )
    in_line = Operation.objects.filter(gate=gate.key, state__in=Operation.State.moving())
    if gate.held_by is not None:
        in_line = in_line.exclude(lease_token=gate.held_by)
    return in_line.filter(earlier).exclude(gone).exclude(pk=run.operation.pk)


def _take(run: Run, gate: Gate, now: datetime, seconds: float) -> bool:
    """Hold the gate by one guarded UPDATE; a dead holder's call counts until its lease's end."""
    interval = run.timing.span(INTERVAL)
    is_free = Q(held_by__isnull=True, opens_at__lte=now) | Q(held_until__lte=now - interval)
    return bool(
        Gate.objects.filter(is_free, pk=gate.pk).update(
            held_by=run.lease.token,
            held_until=now + timedelta(seconds=seconds) + run.timing.lease_margin,
        )
    )


def ordinal(place: int) -> str:
    """Return "first", …, "ninth", "10th", …, "21st"."""
    if place <= len(ORDINALS):
        return ORDINALS[place - 1]
    is_teen = place % 100 in {11, 12, 13}
    ending = "th" if is_teen else ENDINGS.get(place % 10, "th")
    return f"{place}{ending}"


def _in_line(run: Run, gate: Gate, now: datetime, ahead: int) -> Waiting:
    scale = run.timing.scale
    until_open = max((gate.opens_at - now).total_seconds() / scale, 0.0)
    held = gate.held_by is not None
    about = (INTERVAL if held else until_open) + ahead * INTERVAL
    place = ordinal(ahead + 1)
    pause = HELD_LOOK_AGAIN if held else until_open
    return Waiting(
        f"Waiting for its turn: Railway allows one new project per 30 s; {place} in line.",
        seconds=min(pause if not ahead else LOOK_AGAIN, LOOK_AGAIN) or HELD_LOOK_AGAIN,
        in_line=True,
        about=about,
    )
