"""How far what Railway shows may lag behind what was done, and who knows better meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from instances import timing
from instances.models import Operation

# Seconds at scale 1 (railway/api-facts.md sections 2 and 6): of a list of projects, and of
# what is read by its id.
LISTING_LAG = 60.0
READ_LAG = 15.0

Kind = Operation.Kind
OF_DELETION = (Kind.SCHEDULE_DELETION, Kind.CANCEL_DELETION, Kind.DELETE)


def better_than_list(asked_at: datetime) -> QuerySet[Operation]:
    """
    Return the operations that know better than a list asked for at that moment.

    They are open, or have changed something so short a time before that the list may lag
    behind.
    """
    has_changed = Q(past_no_return=True) | Q(kind=Kind.CREATE)
    return _open_or_late(asked_at, LISTING_LAG, has_changed)


def better_than_read(asked_at: datetime) -> QuerySet[Operation]:
    """
    Return the operations that know better than one project read at that moment.

    Only what is said of its deletion is at stake: a state that lags is renewed by the next
    look, a tag that was taken away must not come back.
    """
    return _open_or_late(asked_at, READ_LAG, Q(past_no_return=True, kind__in=OF_DELETION))


def _open_or_late(asked_at: datetime, lag: float, has_changed: Q) -> QuerySet[Operation]:
    since = asked_at - timing.current().span(lag)
    return Operation.objects.filter(
        Q(state__in=Operation.State.unfinished()) | (has_changed & Q(finished_at__gte=since))
    )
