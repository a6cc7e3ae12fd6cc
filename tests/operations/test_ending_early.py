"""Operations that end before their goal: cancelled, called off, failed, given up, resumed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from instances.exceptions import NotPossible
from instances.models import Instance, Operation, Step
from instances.services import (
    adoption,
    deletion,
    dispatch,
    people,
    recovery,
    redeployment,
    rotation,
)
from instances.services.dispatch import PLANS
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.conftest import Stand, carry_out

pytestmark = pytest.mark.django_db

Kind = Operation.Kind
State = Operation.State
Ownership = Instance.Ownership
DUE = "deletion-scheduled:2026-01-01T00:00:00+00:00"
NEVER_READ = Fault("project", "error", message="Problem processing request", times=None)

Ask = Callable[[Instance, Requester], Operation]


@dataclass(frozen=True)
class Case:
    """One kind of operation on an instance; `change`: the first thing that it changes."""

    ask: Ask
    change: str = ""
    ownership: Ownership = Ownership.CREATED
    description: str | None = None


CASES = {
    Kind.SYNC: Case(adoption.sync),
    Kind.ADOPT: Case(
        lambda instance, by: adoption.adopt(instance, by, reason="from the old tool"),
        ownership=Ownership.DISCOVERED,
    ),
    Kind.REDEPLOY: Case(redeployment.request, "serviceInstanceDeploy"),
    Kind.ROTATE_KEYS: Case(rotation.request, "variableCollectionUpsert"),
    Kind.SCHEDULE_DELETION: Case(
        lambda instance, by: deletion.schedule(instance, by, reason="over"), "projectUpdate"
    ),
    Kind.CANCEL_DELETION: Case(deletion.cancel, "projectUpdate", description=DUE),
    Kind.DELETE: Case(
        lambda instance, by: deletion.delete(instance, by, reason="over"), "projectDelete"
    ),
}
WITHOUT_ROLLBACK = [kind for kind in CASES if not PLANS[kind].rollback]
CHANGING = [kind for kind in CASES if CASES[kind].change]

every_kind = pytest.mark.parametrize("kind", CASES)
every_one_without_rollback = pytest.mark.parametrize("kind", WITHOUT_ROLLBACK)
every_one_that_changes_something = pytest.mark.parametrize("kind", CHANGING)


@pytest.fixture
def scale() -> float:
    return 0.01


@pytest.fixture
def instance(stand: Stand, kind: Operation.Kind) -> Instance:
    case = CASES[kind]
    return stand(ownership=case.ownership, description=case.description)


@pytest.fixture
def operation(instance: Instance, kind: Operation.Kind, requester: Requester) -> Operation:
    """An operation of the kind, just asked for."""
    asked = CASES[kind].ask(instance, requester)
    assert asked.kind == kind
    return asked


def project(railway: LocalRailway, operation: Operation) -> Project:
    return copy.deepcopy(railway.world.projects[operation.instance.project_id])


def history(operation: Operation) -> str:
    return people.history(operation.instance)[0].get_change_message()


def advance(operation: Operation) -> Operation:
    """Take one turn."""
    dispatch.advance(operation.pk)
    operation.refresh_from_db()
    return operation


def log(operation: Operation) -> str:
    return "\n".join(operation.log_lines.values_list("text", flat=True))


def test_all_kinds_but_create_are_looked_at_here() -> None:
    assert set(CASES) == set(PLANS) - {Kind.CREATE}
    assert set(CASES) - set(WITHOUT_ROLLBACK) == {Kind.ROTATE_KEYS}


# Cancelled.


@every_one_without_rollback
def test_a_cancel_before_its_first_step_changes_nothing(
    operation: Operation, railway: LocalRailway, requester: Requester
) -> None:
    before, status = project(railway, operation), operation.instance.status

    recovery.cancel(operation, requester)
    carry_out(operation)

    assert operation.state == State.CANCELLED
    assert operation.message == "Cancelled by ann."
    assert history(operation).endswith(": ended without a change. Cancelled by ann.")
    assert project(railway, operation) == before
    assert operation.instance.status == status
    assert not operation.rolling_back


@every_one_without_rollback
def test_a_cancel_while_it_waits_leaves_out_the_step_and_all_after_it(
    operation: Operation, railway: LocalRailway, requester: Requester
) -> None:
    before = project(railway, operation)
    railway.faults.add(NEVER_READ)
    assert advance(operation).state == State.WAITING

    recovery.cancel(operation, requester)
    advance(operation)

    assert operation.state == State.CANCELLED
    assert operation.lease_token is None
    assert project(railway, operation) == before
    first, *others = operation.steps.all()
    assert first.state == Step.State.SKIPPED
    assert {step.state for step in others} == {Step.State.PENDING}


@every_kind
def test_a_cancelled_one_leaves_the_way_free_for_the_next(
    operation: Operation, kind: Operation.Kind, requester: Requester
) -> None:
    recovery.cancel(operation, requester)
    carry_out(operation)
    assert operation.state == State.CANCELLED, operation.message

    again = CASES[kind].ask(operation.instance, requester)

    assert again.state == State.QUEUED


@every_one_that_changes_something
def test_what_may_have_changed_something_cannot_be_cancelled(
    operation: Operation, kind: Operation.Kind, railway: LocalRailway, requester: Requester
) -> None:
    refused = Fault(CASES[kind].change, "error", message="Endpoint too recently updated")
    railway.faults.add(refused)
    advance(operation)
    assert (operation.state, operation.past_no_return) == (State.WAITING, True)

    with pytest.raises(NotPossible, match="no return: it may have changed something on Railway"):
        recovery.cancel(operation, requester)

    carry_out(operation)
    assert operation.state == State.SUCCEEDED, operation.message


@pytest.mark.parametrize("kind", [Kind.REDEPLOY, Kind.ROTATE_KEYS])
def test_what_may_have_changed_the_gateways_settings_cannot_be_cancelled(
    operation: Operation, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(Fault("serviceInstanceUpdate", "cut", stage="after"))
    assert advance(operation).state == State.WAITING

    with pytest.raises(NotPossible, match="past its point of no return"):
        recovery.cancel(operation, requester)


@pytest.mark.parametrize("kind", [Kind.SYNC, Kind.ADOPT])
def test_what_changes_nothing_can_be_cancelled_to_the_end(
    operation: Operation, railway: LocalRailway, requester: Requester
) -> None:
    ownership, keys = operation.instance.ownership, operation.instance.credentials.count()
    railway.faults.add(Fault("project", "error", message="Problem processing request", skip=1))
    advance(operation)

    recovery.cancel(operation, requester)
    carry_out(operation)

    assert operation.state == State.CANCELLED
    assert operation.instance.ownership == ownership
    assert operation.instance.credentials.count() == keys


# Called off.


def test_what_is_not_wanted_any_more_ends_as_cancelled_and_says_why(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = deletion.reap(stand(address=False, description=DUE), requester)
    railway.edit(operation.instance.project_id, description="Demo")
    before = project(railway, operation)

    carry_out(operation)

    assert operation.state == State.CANCELLED
    assert operation.message == "Kept: its deletion tag is gone from Railway."
    assert history(operation) == f"Delete: ended without a change. {operation.message}"
    assert operation.steps.get(name="delete").state == Step.State.SKIPPED
    assert project(railway, operation) == before
    assert not operation.steps.filter(rollback=True).exists()


def test_what_is_not_due_yet_when_it_is_carried_out_is_called_off(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = deletion.reap(stand(address=False, description=DUE), requester)
    railway.edit(
        operation.instance.project_id, description="deletion-scheduled:2099-01-01T00:00:00Z"
    )

    carry_out(operation)

    assert operation.state == State.CANCELLED
    assert operation.message.endswith("is not due before 2099-01-01 00:00 UTC.")


# Failed.


@pytest.mark.parametrize("kind", [kind for kind in CHANGING if kind in WITHOUT_ROLLBACK])
def test_what_is_refused_for_good_fails_and_nothing_is_rolled_back(
    operation: Operation, kind: Operation.Kind, railway: LocalRailway
) -> None:
    status = operation.instance.status
    railway.faults.add(Fault(CASES[kind].change, "error", message="This project is locked"))

    carry_out(operation)

    assert operation.state == State.FAILED
    assert operation.message == "Railway answered: This project is locked"
    assert history(operation) == f"{operation.get_kind_display()}: failed. {operation.message}"
    assert operation.instance.status == status
    assert not operation.rolling_back
    assert not operation.steps.filter(rollback=True).exists()
    assert "olling back" not in log(operation)


@every_one_without_rollback
def test_what_railway_does_not_show_fails_at_once_and_nothing_is_rolled_back(
    operation: Operation, railway: LocalRailway
) -> None:
    railway.vanish(operation.instance.project_id)

    carry_out(operation)

    assert operation.state == State.FAILED
    assert operation.steps.get(name="project").state == Step.State.FAILED
    assert not operation.steps.filter(rollback=True).exists()
    assert recovery.advice(operation) == "Put right what the message names, then ask for it again."


# Needs attention.


@pytest.fixture
def stuck(operation: Operation, railway: LocalRailway) -> Operation:
    """An operation of the kind that has waited for too long at its first step."""
    railway.faults.add(NEVER_READ)
    advance(operation)
    long_ago = timezone.now() - timedelta(hours=1)
    operation.steps.filter(name="project").update(budget_from=long_ago)
    carry_out(operation)
    railway.faults.clear()
    assert operation.state == State.NEEDS_ATTENTION
    assert "has gone on for too long" in operation.message
    return operation


@every_kind
def test_what_needs_attention_is_resumed_to_its_end(stuck: Operation, requester: Requester) -> None:
    recovery.resume(stuck, requester)
    carry_out(stuck)

    assert stuck.state == State.SUCCEEDED, stuck.message
    assert stuck.message == ""


@every_kind
def test_what_needs_attention_is_given_up_as_it_stands(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    before, status = project(railway, stuck), stuck.instance.status

    recovery.give_up(stuck, requester)

    stuck.refresh_from_db()
    stuck.instance.refresh_from_db()
    assert stuck.state == State.FAILED
    assert stuck.finished_at
    assert stuck.instance.status == status
    assert project(railway, stuck) == before
    assert history(stuck) == f"{stuck}: given up by ann."


@every_kind
def test_what_was_given_up_leaves_the_way_free_for_the_next(
    stuck: Operation, kind: Operation.Kind, requester: Requester
) -> None:
    recovery.give_up(stuck, requester)

    again = carry_out(CASES[kind].ask(stuck.instance, requester))

    assert again.state == State.SUCCEEDED, again.message


@every_kind
def test_nothing_else_is_asked_of_an_instance_that_needs_attention(
    stuck: Operation, requester: Requester
) -> None:
    with pytest.raises(NotPossible, match=r"needs attention .* Resume it, or give it up"):
        adoption.sync(stuck.instance, requester)


@every_one_without_rollback
def test_where_there_is_nothing_to_undo_a_roll_back_is_refused(
    stuck: Operation, requester: Requester
) -> None:
    with pytest.raises(NotPossible, match="nothing that could be rolled back: resume it, or give"):
        recovery.roll_back(stuck, requester)

    stuck.refresh_from_db()
    assert (stuck.state, stuck.rolling_back) == (State.NEEDS_ATTENTION, False)
    assert "roll back" not in recovery.advice(stuck)


@every_kind
def test_what_needs_attention_has_stopped_already(stuck: Operation, requester: Requester) -> None:
    with pytest.raises(NotPossible, match="It has stopped already"):
        recovery.cancel(stuck, requester)


@pytest.mark.parametrize("kind", [Kind.SCHEDULE_DELETION, Kind.DELETE])
def test_what_was_in_doubt_is_looked_at_first_when_it_is_resumed(
    operation: Operation, kind: Operation.Kind, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(Fault(CASES[kind].change, "cut", times=None))
    carry_out(operation)
    assert operation.state == State.NEEDS_ATTENTION
    railway.faults.clear()
    before = len(railway.requests)

    recovery.resume(operation, requester)
    carry_out(operation)

    assert operation.state == State.SUCCEEDED, operation.message
    calls = [request.operation for request in railway.requests[before:]]
    assert calls[0] == "project"
    assert calls.count(CASES[kind].change) == 1
