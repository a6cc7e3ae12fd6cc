"""What people can do about an operation, and what the sweep does without them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ

from instances.exceptions import NotPossible
from instances.models import Instance, Operation, Step
from instances.services import adoption, creation, dispatch, recovery
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Create, run_until
from tests.looking import NOTHING, found_on

pytestmark = pytest.mark.django_db

NEVER = Fault("service:gateway", "never")


def fresh(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def stopped_while_rolling_back(railway: LocalRailway, requester: Requester) -> Operation:
    """Return a create whose project could not be removed."""
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    railway.faults.add(Fault("projectDelete", "error", message="No", times=None))
    recovery.cancel(operation, requester)
    run_until(operation)
    assert operation.state == Operation.State.NEEDS_ATTENTION, operation.message
    return operation


def test_a_cancel_is_looked_at_between_steps_and_undoes_what_was_made(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")

    recovery.cancel(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.CANCELLED
    assert operation.message == "Cancelled by ann."
    assert operation.steps.get(name="redis").state == Step.State.SKIPPED
    assert found_on(railway) == NOTHING
    assert Instance.objects.get().status == Instance.Status.DELETED


def test_a_cancel_before_anything_was_made_makes_nothing(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)

    recovery.cancel(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.CANCELLED
    assert not railway.world.projects


def test_a_cancel_wakes_a_waiting_operation_at_once(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    Operation.objects.update(due_at=timezone.now() + timedelta(hours=1))
    OrmQ.objects.all().delete()

    recovery.cancel(operation, requester)

    operation.refresh_from_db()
    assert operation.due_at <= timezone.now()
    assert OrmQ.objects.count() == 1


def test_past_its_point_of_no_return_a_create_cannot_be_cancelled(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="deployment")

    with pytest.raises(NotPossible, match="point of no return"):
        recovery.cancel(operation, requester)

    run_until(operation)
    assert operation.state == Operation.State.SUCCEEDED


def test_a_finished_operation_cannot_be_cancelled(create: Create, requester: Requester) -> None:
    operation = create("acme")

    with pytest.raises(NotPossible, match=r"succeeded\); there is nothing to stop"):
        recovery.cancel(operation, requester)


def test_a_second_cancel_names_who_was_first(railway: LocalRailway, requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    recovery.cancel(operation, requester)

    with pytest.raises(NotPossible, match="ann has cancelled it already"):
        recovery.cancel(operation, requester)


def test_resume_goes_on_at_the_step_that_stopped(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(NEVER)
    operation = create("acme")
    assert operation.state == Operation.State.NEEDS_ATTENTION
    for service in next(iter(railway.world.projects.values())).services.values():
        service.visible_at = 0

    recovery.resume(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert operation.steps.get(name="postgres").attempts == 1
    assert found_on(railway).services == ["Postgres", "Redis", "gateway"]


def test_roll_back_removes_what_was_made(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(NEVER)
    operation = create("acme")

    recovery.roll_back(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.FAILED
    assert found_on(railway) == NOTHING
    assert Instance.objects.get().status == Instance.Status.DELETED


def test_a_rollback_that_stopped_is_not_advised_to_be_rolled_back(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = stopped_while_rolling_back(railway, requester)

    assert "roll" not in recovery.advice(operation)
    assert recovery.why_not_cancel(operation) == (
        "It has stopped already; resume it, or give it up."
    )


def test_a_wait_that_was_too_long_while_rolling_back_says_how_to_go_on(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    recovery.cancel(operation, requester)
    railway.faults.add(Fault("project", "status", status=503, times=None))
    dispatch.advance(operation.pk)
    Step.objects.filter(name="remove_project").update(
        budget_from=timezone.now() - timedelta(hours=2)
    )
    run_until(operation)

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "You may resume or give up." in operation.message


def test_what_was_rolled_back_is_said_to_be_removed_whatever_became_of_its_row(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    operation = create("acme")
    Instance.objects.update(status=Instance.Status.FAILED)

    assert recovery.advice(fresh(operation)).startswith(
        "What was made is removed again, and the name is free."
    )


def test_a_project_that_was_kept_is_said_to_be_kept_though_its_row_was_forgotten(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    operation = create("acme", keep_on_failure=True)
    adoption.forget(operation.instance, requester, reason="looked at")

    assert recovery.advice(fresh(operation)).startswith("The project was kept as it stands")


def test_a_rollback_that_was_given_up_is_not_said_to_have_removed_anything(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = stopped_while_rolling_back(railway, requester)
    recovery.give_up(operation, requester)

    assert recovery.advice(fresh(operation)).startswith("The project was kept as it stands")


def test_what_was_given_up_before_anything_was_made_is_to_be_forgotten(
    requester: Requester,
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)
    recovery.give_up(fresh(operation), requester)

    assert recovery.advice(fresh(operation)) == (
        "Nothing was made on Railway. Forget the instance: that frees its name."
        " Put right what the message names, then create the instance again."
    )

    Instance.objects.update(status=Instance.Status.DELETED)
    assert "Forget" not in recovery.advice(fresh(operation))


def test_what_may_have_been_made_is_not_said_to_be_nothing(requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.FAILED)
    Step.objects.filter(name="project").update(attempt_at=timezone.now())

    assert recovery.advice(fresh(operation)).startswith(
        "Whether Railway has made its project is not known: look for luthien-acme there."
    )


def test_give_up_ends_it_and_leaves_the_project_on_a_row(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(NEVER)
    operation = create("acme")

    recovery.give_up(operation, requester)

    operation.refresh_from_db()
    instance = Instance.objects.get()
    assert operation.state == Operation.State.FAILED
    assert instance.status == Instance.Status.FAILED
    assert instance.project_id in railway.world.projects


@pytest.mark.parametrize("verb", [recovery.resume, recovery.roll_back, recovery.give_up])
def test_only_what_needs_attention_can_be_dealt_with(
    requester: Requester, verb: Callable[[Operation, Requester], None]
) -> None:
    operation = creation.request(Wish("acme"), requester)

    with pytest.raises(NotPossible, match="needs attention"):
        verb(operation, requester)


@pytest.mark.parametrize("verb", [recovery.resume, recovery.roll_back, recovery.give_up])
def test_of_two_people_who_decide_at_once_one_is_refused(
    requester: Requester, verb: Callable[[Operation, Requester], None]
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)
    operation.refresh_from_db()
    same = Operation.objects.get()
    verb(operation, requester)

    with pytest.raises(NotPossible, match="just dealt with"):
        verb(same, requester)


def test_the_sweep_takes_up_what_a_dead_worker_left_and_says_why(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(
        state=Operation.State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_owner="host:1",
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )

    call_command("sweep_operations", seconds=60)

    operation.refresh_from_db()
    assert operation.state == Operation.State.SUCCEEDED
    lines = list(operation.log_lines.values_list("text", flat=True))
    assert "Picked up by the sweep: the lease of its worker host:1 ran out." in lines
    assert "The worker host:1 stopped without a word; going on from here." in lines


def test_the_sweep_as_a_task_nudges_and_leaves_the_work_to_workers(
    requester: Requester,
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    OrmQ.objects.all().delete()

    found = dispatch.sweep()

    assert found == [operation]
    assert [nudge.args() for nudge in OrmQ.objects.all()] == [(operation.pk,)]


def test_the_sweep_leaves_alone_what_is_on_its_way(requester: Requester) -> None:
    creation.request(Wish("acme"), requester)

    assert dispatch.sweep() == []


def test_the_sweep_does_not_hasten_what_has_moved_on_since(requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    later = timezone.now() + timedelta(minutes=15)
    late = Operation.objects.get()
    Operation.objects.update(state=Operation.State.WAITING, due_at=later)

    dispatch._say_why(late)

    operation.refresh_from_db()
    assert operation.due_at == later
    assert not operation.log_lines.exists()


def test_resuming_takes_back_a_cancel_that_came_too_late_to_be_seen(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(NEVER)
    operation = create("acme")
    Operation.objects.update(cancel_requested_at=timezone.now(), cancelled_by_name="bob")

    recovery.resume(operation, requester)
    dispatch.advance(operation.pk)

    operation.refresh_from_db()
    assert operation.is_moving
    assert not operation.rolling_back
