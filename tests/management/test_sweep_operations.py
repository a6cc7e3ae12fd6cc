"""`sweep_operations`: what cron runs. What it picks up is tested with the recovery."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from instances.models import Job, LogLine, Operation
from instances.services import creation, jobs
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


def run(*argv: str) -> str:
    out = StringIO()
    call_command("sweep_operations", "--seconds", "0", *argv, stdout=out)
    return out.getvalue()


def left_lying(requester: Requester) -> Operation:
    """Return an operation whose worker died."""
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(
        state=Operation.State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )
    return operation


def test_nothing_to_do_is_said_and_is_no_error(db: None) -> None:
    assert run() == "Nothing was left lying.\n"
    assert json.loads(run("--json")) == {"picked_up": []}


def test_what_was_picked_up_is_named(requester: Requester) -> None:
    operation = left_lying(requester)

    answer = json.loads(run("--json"))

    assert answer == {"picked_up": [{"operation": operation.pk, "instance": "acme"}]}
    assert run() == f"Picked up operation {operation.pk} (acme).\n"


def test_while_another_sweep_is_at_it_nothing_is_done_and_that_is_no_error(
    requester: Requester,
) -> None:
    left_lying(requester)

    with jobs.running(Job.Name.SWEEP):
        answer, text = json.loads(run("--json")), run()

    assert set(answer) == {"busy"}
    assert "a run is at it already" in answer["busy"]
    assert text.endswith("This one did nothing.\n")
    assert not LogLine.objects.exists()


def test_a_sweep_that_is_through_lets_the_next_one_in_and_leaves_its_result(
    requester: Requester,
) -> None:
    left_lying(requester)

    run()

    job = Job.objects.get(name=Job.Name.SWEEP)
    assert (job.locked_by, job.is_running, job.error) == (None, False, "")
    assert job.result == {"picked_up": 1}
    assert job.complete_at


def test_a_dead_sweeps_lock_is_taken_over(requester: Requester) -> None:
    operation = left_lying(requester)
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.create(name=Job.Name.SWEEP, locked_by=uuid.uuid4(), locked_until=past)

    assert run() == f"Picked up operation {operation.pk} (acme).\n"
