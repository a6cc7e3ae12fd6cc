"""Leases: one worker at a time, and a worker that lost its lease writes nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from instances import timing
from instances.models import LogLine, Operation, Step
from instances.operations import lease
from instances.operations.lease import LeaseLost
from instances.operations.run import Run
from instances.services import creation, dispatch
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from instances.timing import Timing
from tests.conftest import Create, run_until

pytestmark = pytest.mark.django_db

TIMING = Timing(1.0)


@pytest.fixture
def operation(requester: Requester) -> Operation:
    return creation.request(Wish("acme"), requester)


@pytest.fixture
def run(operation: Operation) -> Run:
    claimed = lease.claim(operation.pk, TIMING)
    assert claimed
    return Run(Operation.objects.get(pk=operation.pk), claimed[0], TIMING)


def lose(run: Run) -> None:
    Operation.objects.filter(pk=run.operation.pk).update(lease_token=uuid.uuid4())


def test_a_due_operation_is_claimed_once(operation: Operation) -> None:
    assert lease.claim(operation.pk, TIMING) is not None
    assert lease.claim(operation.pk, TIMING) is None


def test_what_is_not_due_is_not_claimed(operation: Operation) -> None:
    Operation.objects.update(due_at=timezone.now() + timedelta(seconds=5))

    assert lease.claim(operation.pk, TIMING) is None


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "needs_attention"])
def test_what_does_not_move_is_not_claimed(operation: Operation, state: str) -> None:
    Operation.objects.update(state=state)

    assert lease.claim(operation.pk, TIMING) is None


def test_a_lease_that_ran_out_is_taken_over(run: Run) -> None:
    Operation.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    claimed = lease.claim(run.operation.pk, TIMING)

    assert claimed is not None
    assert claimed[1].lease_owner == lease.owner()


def test_a_call_holds_the_lease_until_ten_seconds_after_its_deadline(run: Run) -> None:
    run.before_call(changes=True, seconds=120)

    run.operation.refresh_from_db()
    assert run.operation.lease_expires_at is not None
    left = run.operation.lease_expires_at - timezone.now()
    assert timedelta(seconds=129) < left <= timedelta(seconds=130)


def test_the_watch_wakes_somebody_when_the_lease_has_run_out(run: Run) -> None:
    OrmQ.objects.filter(pk=run.lease.watch).update(lock=timezone.now() + timedelta(days=1))

    run.before_call(changes=True, seconds=120)

    run.operation.refresh_from_db()
    assert run.operation.lease_expires_at is not None
    late = OrmQ.objects.get(pk=run.lease.watch).lock - run.operation.lease_expires_at
    assert timedelta() < late < timedelta(seconds=1)


def test_a_turn_takes_its_watch_back(operation: Operation, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = ""
    OrmQ.objects.all().delete()

    dispatch.advance(operation.pk)

    assert not OrmQ.objects.exists()


def test_a_watch_that_was_handed_out_is_replaced(run: Run) -> None:
    handed_out = run.lease.watch
    OrmQ.objects.filter(pk=handed_out).update(lock=timezone.now() + timedelta(days=1))

    run.before_call(changes=True, seconds=120)

    run.operation.refresh_from_db()
    assert run.lease.watch != handed_out
    assert run.operation.watch == run.lease.watch


def test_a_watch_stands_in_for_a_nudge_that_was_lost(
    operation: Operation, railway: LocalRailway
) -> None:
    run_until(operation, step="redis")

    assert operation.state == Operation.State.WAITING
    watch = OrmQ.objects.get(pk=operation.watch)
    assert watch.lock - operation.due_at == timing.current().lease_margin
    assert OrmQ.objects.filter(lock=operation.due_at).exists()


def test_what_has_ended_leaves_no_watch_behind(create: Create) -> None:
    operation = create()

    assert operation.watch
    assert not OrmQ.objects.filter(pk=operation.watch).exists()


@pytest.mark.postgres
def test_a_session_that_is_frozen_within_a_transaction_is_ended() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("10s",)


def test_a_call_that_changes_something_is_counted_before_it_is_made(run: Run) -> None:
    run.before_call(changes=True, seconds=1)

    step = Step.objects.get(pk=run.step.pk)
    assert (step.attempts, step.looks) == (1, 0)
    assert step.attempt_at is not None


def test_a_recorded_call_is_no_longer_in_doubt(run: Run) -> None:
    run.before_call(changes=True, seconds=1)
    run.record(made="it")

    step = Step.objects.get(pk=run.step.pk)
    assert (step.attempt_at, step.facts) == (None, {"made": "it"})


def test_without_its_lease_a_worker_makes_no_call(run: Run) -> None:
    lose(run)

    with pytest.raises(LeaseLost):
        run.before_call(changes=True, seconds=1)

    assert Step.objects.get(pk=run.step.pk).attempts == 0


def test_without_its_lease_a_worker_writes_nothing(run: Run) -> None:
    lose(run)

    with pytest.raises(LeaseLost):
        run.record(made="it")
    with pytest.raises(LeaseLost):
        run.finish_step(Step.State.DONE)
    with pytest.raises(LeaseLost):
        run.log("late")

    assert Step.objects.get(pk=run.step.pk).facts == {}
    assert not LogLine.objects.exists()


def test_a_running_operation_without_a_lease_is_forbidden_by_the_database(
    operation: Operation,
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.update(state=Operation.State.RUNNING)


def test_two_open_operations_on_one_instance_are_forbidden_by_the_database(
    operation: Operation,
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.create(instance=operation.instance, kind=Operation.Kind.CREATE)
