"""What the queue's schedules call: an expected failure is in the job's row, never a failed task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from instances import queue, tasks
from instances.models import Instance, Job, Operation
from instances.services import jobs
from instances.simulator.server import LocalRailway
from tests.conftest import Stand

pytestmark = pytest.mark.django_db


def test_sync_discovers(railway: LocalRailway) -> None:
    railway.seed_instances(2)

    tasks.sync()

    assert Instance.objects.count() == 2
    assert Job.objects.get(name=Job.Name.SYNC).result["created"] == 2


def test_a_sync_that_is_held_is_no_failed_task(railway: LocalRailway) -> None:
    tenants = railway.seed_instances(4)
    tasks.sync()
    for project in tenants[:3]:
        railway.vanish(project.id)

    tasks.sync()

    assert "does not show 3 of the 4" in Job.objects.get(name=Job.Name.SYNC).held_because


def test_a_sync_without_railway_says_so_in_its_row(db: None, settings: Any) -> None:
    settings.RAILWAY_API_URL = "http://localhost:9/graphql/v2"
    settings.RAILWAY_TIME_SCALE = 0.02

    tasks.sync()

    assert "cannot be reached" in Job.objects.get(name=Job.Name.SYNC).error


@pytest.mark.parametrize("name", [Job.Name.SYNC, Job.Name.REAP, Job.Name.SWEEP])
def test_a_task_that_finds_another_run_does_nothing(db: None, name: Job.Name) -> None:
    task = {Job.Name.SYNC: tasks.sync, Job.Name.REAP: tasks.reap, Job.Name.SWEEP: tasks.sweep}[name]
    with jobs.running(name) as run:
        task()
        run.extend()


def test_reap_asks_and_leaves_the_work_to_workers(stand: Stand) -> None:
    instance = stand(description="deletion-scheduled:2026-01-01T00:00:00+00:00", address=False)

    tasks.reap()

    operation = Operation.objects.get()
    assert (operation.instance, operation.state) == (instance, Operation.State.QUEUED)
    assert operation.requested_by_name == "cron"
    assert {row.func() for row in OrmQ.objects.all()} == {queue.ADVANCE}


def test_sweep_wakes_a_worker_for_what_was_left_lying(stand: Stand) -> None:
    late = timezone.now() - timedelta(minutes=1)
    Operation.objects.create(instance=stand(address=False), kind=Operation.Kind.SYNC, due_at=late)

    tasks.sweep()

    assert Job.objects.get(name=Job.Name.SWEEP).result == {"picked_up": 1}
    assert OrmQ.objects.count() == 1
