"""Which instances a person should look at, and why."""

from __future__ import annotations

from django.db.models import Q

from instances.models import Instance, Operation
from instances.models.instance import InstanceQuerySet


def in_need(rows: InstanceQuerySet) -> InstanceQuerySet:
    """Keep those that are not as they should be, or have an operation that has stopped."""
    stopped = Operation.objects.filter(state=Operation.State.NEEDS_ATTENTION)
    return rows.filter(
        Q(status__in=Instance.Status.bad())
        | ~Q(problem="")
        | Q(missed__gt=0) & ~Q(status=Instance.Status.DELETED)
        | Q(pk__in=stopped.values("instance"))
    )
