"""
The only module that knows which task queue is in use.

The queue only wakes somebody up: a nudge that is lost, late or doubled does no harm
(docs/queue.md). It lives in the same database, so it commits with the row it is about.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

ADVANCE = "instances.tasks.advance"
SWEEP = "instances.tasks.sweep"
SYNC = "instances.tasks.sync"
REAP = "instances.tasks.reap"
CANARY = "instances.tasks.canary"
# Seconds.
CANARY_LOOK = 0.05
# Name, what is called, and how often, in minutes.
SCHEDULES = (("sweep", SWEEP, 1), ("sync", SYNC, 5), ("reap", REAP, 60))


class OldestFirst(ORM):  # type: ignore[misc]
    """
    Hands out what is due in the order of its moments.

    The library's own one names no order: on PostgreSQL what came first could wait for ever
    behind what is put back again and again.
    """

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        return ORM.get_connection(list_key).order_by("lock", "pk")


class DelayedBroker(OldestFirst):
    """Stores a queue row that the cluster hands out when its moment has come."""

    def __init__(self, at: datetime) -> None:
        super().__init__(list_key=Conf.CLUSTER_NAME)
        self._at = at
        self.row_id = 0

    def enqueue(self, task: str) -> int:
        # The broker hands out rows whose lock lies in the past.
        row = self.get_connection().create(key=self.list_key, payload=task, lock=self._at)
        self.row_id = int(row.pk)
        return self.row_id


def nudge(operation_id: int, *, at: datetime | None = None) -> int:
    """Have a worker look at the operation, at once or at `at`; return the row's id."""
    broker = DelayedBroker(at or timezone.now())
    async_task(ADVANCE, operation_id, task_name=f"advance:{operation_id}", broker=broker)
    return broker.row_id


def put_off(row_id: int | None, *, until: datetime) -> bool:
    """Move a nudge to another moment; False if it is no more, or was handed out."""
    handed_out = timezone.now() + timedelta(seconds=Conf.RETRY / 2)
    return bool(OrmQ.objects.filter(pk=row_id, lock__lt=handed_out).update(lock=until))


def withdraw(row_id: int | None) -> None:
    """Take back a nudge that has not been handed out."""
    OrmQ.objects.filter(pk=row_id).delete()


def worker_answers(within: float) -> float | None:
    """
    Have a worker do nothing, and return after how many seconds it had; None when none came.

    `within` are real seconds. What nobody came for is withdrawn.
    """
    broker = DelayedBroker(timezone.now())
    begun = time.monotonic()
    task_id = async_task(CANARY, task_name="canary", broker=broker)
    while (passed := time.monotonic() - begun) < within:
        if Task.objects.filter(pk=task_id).exists():
            return passed
        time.sleep(CANARY_LOOK)
    withdraw(broker.row_id)
    return None


def set_schedules() -> list[dict[str, Any]]:
    """Have the cluster run sync, reap and sweep; one that is set already keeps its next run."""
    for name, func, minutes in SCHEDULES:
        wanted = {"name": name, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        ours = Schedule.objects.filter(func=func).order_by("pk")
        first = ours.first() or Schedule(func=func)
        ours.exclude(pk=first.pk).delete()
        for field, value in {**wanted, "repeats": -1}.items():
            setattr(first, field, value)
        first.save()
    return [{"name": name, "minutes": minutes} for name, _, minutes in SCHEDULES]


def remove_schedules() -> list[str]:
    found = Schedule.objects.filter(func__in=[func for _, func, _ in SCHEDULES])
    names = sorted(found.values_list("name", flat=True))
    found.delete()
    return names
