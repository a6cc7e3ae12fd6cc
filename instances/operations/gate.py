"""
Narrow places that operations pass one at a time, in the order in which they were asked for.

Railway allows one new project per 30 s in a workspace, and one new volume in some 15 s
(railway/api-facts.md section 2). A gate is a row, held under a lease during the call, so it
holds across workers and machines; the next one may pass after the kind's interval, and is
woken then. The others sleep, the longer the farther back they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from instances import queue
from instances.models import Gate, Operation
from instances.operations.ordinals import ordinal
from instances.operations.plan import Waiting
from instances.operations.run import Run

# Seconds at scale 1.
LOOK_AGAIN = 10.0
# Looking once in so many seconds for each one ahead keeps the place that is shown about right.
LOOK_LATER = 5.0
HELD_LOOK_AGAIN = 2.0
# Whoever does not come when it is their turn does not keep the others waiting.
LATE = 15.0

State = Operation.State


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What one passes at a time. Of one `name` and place there is one gate.

    `interval`: seconds at scale 1 to the next one, counted from the call's end, or from its
    start where the call itself waits for what was begun.
    """

    name: str
    allowed: str
    interval: float
    from_start: bool = False

    def key(self, place: str) -> str:
        return f"{place}{self.name}"


PROJECTS = Kind("", "one new project per 30 s", 31.0)
VOLUMES = Kind("/volumes", "one new database per 15 s", 16.0, from_start=True)


def enter(run: Run, kind: Kind, place: str, *, seconds: float) -> Waiting | None:
    """
    Pass the gate and hold it for a call of up to `seconds` (real), or wait in line.

    None means that the gate is held; call leave() when the call is over.
    """
    gate, _ = Gate.objects.get_or_create(key=kind.key(place))
    now = timezone.now()
    _join_line(run, gate.key, now)
    earlier = Q(pk__lt=run.operation.pk)
    ahead = _answering(run, gate, now).filter(earlier).count()
    if not ahead and _take(run, gate, kind, now, seconds):
        return None
    gate.refresh_from_db()
    return _in_line(run, gate, kind, ahead)


def leave(
    run: Run, kind: Kind, place: str, *, begun: datetime | None, refused: bool = False
) -> None:
    """
    Let the next one pass after the interval, whether the call succeeded or not.

    `begun`: when the call was made; None when it was not, or `refused` when it was told to
    come again: then the gate opens at once, and the place in line is kept.
    """
    key, now = kind.key(place), timezone.now()
    stays = refused or begun is None
    opens_at = now if stays else _opens_at(run, kind, begun or now, now)
    with transaction.atomic():
        held = Gate.objects.filter(key=key, held_by=run.lease.token)
        was_ours = held.update(held_by=None, held_until=None, opens_at=opens_at)
        if not stays:
            # A successor may be in line already; its place is not ours to give up.
            ours = Operation.objects.filter(pk=run.operation.pk, lease_token=run.lease.token)
            ours.update(gate="", gate_since=None)
    if not stays:
        run.operation.gate, run.operation.gate_since = "", None
        if was_ours:
            _wake_the_next(run, key, opens_at)


def _opens_at(run: Run, kind: Kind, begun: datetime, now: datetime) -> datetime:
    interval = run.timing.span(kind.interval)
    return max(begun + interval, now) if kind.from_start else now + interval


def _wake_the_next(run: Run, key: str, opens_at: datetime) -> None:
    """Have the first in line come when the gate opens, instead of when it would have looked."""
    line = _answering(run, Gate.objects.get(key=key), timezone.now())
    first = line.order_by("pk").first()
    if first is None:
        return
    asleep = Operation.objects.filter(
        pk=first.pk, state__in=State.idle(), gate=key, due_at=first.due_at
    )
    if asleep.update(due_at=opens_at):
        queue.nudge(first.pk, at=opens_at)


def _join_line(run: Run, key: str, now: datetime) -> None:
    if run.operation.gate != key:
        run.lease.write(gate=key, gate_since=now)
        run.operation.gate, run.operation.gate_since = key, now


def _answering(run: Run, gate: Gate, now: datetime) -> QuerySet[Operation]:
    """Return the others in line who come when they are called."""
    late = now - max(run.timing.span(LATE), timedelta(seconds=2))
    away = now + run.timing.span(LOOK_AGAIN) + run.timing.lease_margin
    gone = (
        Q(state__in=State.idle(), due_at__lt=late)
        # Asleep for long, and not because of this line: only that has an expected end.
        | Q(state__in=State.idle(), due_at__gt=away, expected_at=None)
        | Q(state=State.RUNNING, lease_expires_at__lt=now)
        | Q(rolling_back=True)
    )
    in_line = Operation.objects.filter(gate=gate.key, state__in=State.moving())
    if gate.held_by is not None:
        in_line = in_line.exclude(lease_token=gate.held_by)
    return in_line.exclude(gone).exclude(pk=run.operation.pk)


def _take(run: Run, gate: Gate, kind: Kind, now: datetime, seconds: float) -> bool:
    """Hold the gate by one guarded UPDATE; a dead holder's call counts until its lease's end."""
    interval = run.timing.span(kind.interval)
    is_free = Q(held_by__isnull=True, opens_at__lte=now) | Q(held_until__lte=now - interval)
    return bool(
        Gate.objects.filter(is_free, pk=gate.pk).update(
            held_by=run.lease.token,
            held_until=now + timedelta(seconds=seconds) + run.timing.lease_margin,
        )
    )


def _in_line(run: Run, gate: Gate, kind: Kind, ahead: int) -> Waiting:
    seconds = (gate.opens_at - timezone.now()).total_seconds()
    until_open = max(seconds / run.timing.scale, 0.0)
    held = gate.held_by is not None
    about = (kind.interval if held else until_open) + ahead * kind.interval
    if ahead:
        pause = max(LOOK_AGAIN, ahead * LOOK_LATER)
    else:
        pause = HELD_LOOK_AGAIN if held else min(until_open, LOOK_AGAIN) or HELD_LOOK_AGAIN
    return Waiting(
        f"Waiting for its turn: Railway allows {kind.allowed}; {ordinal(ahead + 1)} in line.",
        seconds=pause,
        in_line=True,
        about=about,
    )
