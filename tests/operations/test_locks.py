"""Races that PostgreSQL's locks decide: whatever several want at once, one of them gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ

from instances import queue
from instances.exceptions import NotPossible
from instances.models import Gate, Instance, LogLine, Operation
from instances.operations import gate, lease, places
from instances.operations.lease import LeaseLost
from instances.operations.run import Run
from instances.operations.turn import Turn
from instances.services import creation, dispatch, recovery, redeployment
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.timing import Timing
from tests.racing import ROUNDS, Outcomes, race, rounds

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TIMING = Timing(1.0)
ONE_WINS = {(True, False), (False, True)}
ONE_IS_REFUSED = {(None, NotPossible), (NotPossible, None)}

# What is raced for.
OPERATIONS = "SELECT FROM instances_operation FOR UPDATE"
GATES = "SELECT FROM instances_gate FOR UPDATE"
NUDGES = "SELECT FROM django_q_ormq FOR UPDATE"
NEW_GATES = "LOCK TABLE instances_gate IN SHARE MODE"
NEW_INSTANCES = "LOCK TABLE instances_instance IN SHARE MODE"

Ask = Callable[[], Operation]
Begin = Callable[[], Run]


@pytest.fixture
def ask(requester: Requester) -> Ask:
    """Ask for one more instance, each time."""
    return lambda: creation.request(Wish(f"acme-{Instance.objects.count()}"), requester)


@pytest.fixture
def begin(ask: Ask) -> Begin:
    """Ask for one more instance and take up its operation, each time."""

    def run() -> Run:
        operation = ask()
        claimed = lease.claim(operation.pk, TIMING)
        assert claimed
        return Run(Operation.objects.get(pk=operation.pk), claimed[0], TIMING)

    return run


def claim(operation: Operation) -> bool:
    return lease.claim(operation.pk, TIMING) is not None


def let_lease_run_out(run: Run) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Operation.objects.filter(pk=run.operation.pk).update(lease_expires_at=past)


def passes(run: Run, key: str) -> bool:
    return gate.enter(run, gate.PROJECTS, key, seconds=5) is None


def fresh(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


# The lease.


def test_of_two_claims_of_a_due_operation_one_wins(ask: Ask) -> None:
    def play() -> Outcomes:
        operation = ask()
        return race([lambda: claim(operation)] * 2, over=OPERATIONS)

    assert rounds(play) == ONE_WINS


def test_of_two_who_take_over_from_a_dead_worker_one_wins(begin: Begin) -> None:
    def play() -> Outcomes:
        dead = begin()
        let_lease_run_out(dead)
        return race([lambda: claim(dead.operation)] * 2, over=OPERATIONS)

    assert rounds(play) == ONE_WINS


def test_a_late_worker_keeps_its_operation_or_loses_it_to_a_successor(begin: Begin) -> None:
    def play() -> Outcomes:
        late = begin()
        let_lease_run_out(late)
        return race(
            [lambda: late.record(made="it"), lambda: claim(late.operation)], over=OPERATIONS
        )

    assert rounds(play) == {(None, False), (LeaseLost, True)}


# The queue.


def test_a_nudge_is_handed_to_one_of_two_brokers(ask: Ask) -> None:
    def play() -> Outcomes:
        operation = ask()
        OrmQ.objects.all().delete()
        queue.nudge(operation.pk)
        return race([lambda: bool(get_broker().dequeue())] * 2, over=NUDGES)

    assert rounds(play) == ONE_WINS


def test_an_operation_that_is_handed_out_twice_is_worked_on_once(ask: Ask, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = ""  # So that the first turn is the last, and needs no Railway.

    def play() -> Outcomes:
        operation = ask()
        return race([lambda: dispatch.advance(operation.pk)] * 2, over=OPERATIONS)

    assert rounds(play) == ONE_WINS
    assert LogLine.objects.filter(text__startswith="The operation has ended").count() == ROUNDS


# Places.


def test_of_two_who_ask_for_the_last_place_one_gets_it(requester: Requester, settings: Any) -> None:
    settings.BULK_OPERATIONS_AT_ONCE = 1

    def play() -> Outcomes:
        Operation.objects.update(has_place=False, is_bulk=False)
        one, other = (ask_together(requester) for _ in range(2))
        return race([one, other], over=GATES)

    Gate.objects.create(key=places.KEY)
    assert rounds(play) == ONE_WINS


def ask_together(requester: Requester) -> Callable[[], bool]:
    """Return what asks for a redeploy of many, and tells whether that has got a place."""
    name = f"acme-{Instance.objects.count()}"
    instance = Instance.objects.create(
        name=name,
        status=Instance.Status.RUNNING,
        ownership=Instance.Ownership.CREATED,
        project_id=name,
    )

    def play() -> bool:
        asked = redeployment.request(instance, replace(requester, for_many=True))
        return Operation.objects.get(pk=asked.pk).has_place

    return play


def test_a_place_that_becomes_free_is_given_to_one(requester: Requester, settings: Any) -> None:
    settings.BULK_OPERATIONS_AT_ONCE = 1

    def play() -> Outcomes:
        Operation.objects.update(has_place=False, is_bulk=False)
        for _ in range(4):
            ask_together(requester)()
        ended = Operation.objects.filter(has_place=True)
        ended.update(state=Operation.State.SUCCEEDED, has_place=False)
        operation = Operation.objects.filter(state=Operation.State.SUCCEEDED).latest("pk")
        race([lambda: places.hand_on(operation, TIMING)] * 2, over=GATES)
        return (Operation.objects.filter(has_place=True).count(),)

    assert rounds(play) == {(1,)}


# The gate.


def test_of_two_whose_turn_it_is_the_gate_lets_one_pass(begin: Begin) -> None:
    def play() -> Outcomes:
        overtaken, next_in_line = begin(), begin()
        key = str(overtaken.operation.instance)
        shut = Gate.objects.create(key=key, opens_at=timezone.now() + timedelta(hours=1))
        assert not passes(overtaken, key)
        assert not passes(next_in_line, key)
        let_lease_run_out(overtaken)
        Gate.objects.filter(pk=shut.pk).update(opens_at=timezone.now())
        return race([lambda: passes(overtaken, key), lambda: passes(next_in_line, key)], over=GATES)

    assert rounds(play) == ONE_WINS


def test_of_two_who_are_the_first_at_a_gate_one_passes(begin: Begin) -> None:
    def play() -> Outcomes:
        one, other = begin(), begin()
        key = str(one.operation.instance)
        return race([lambda: passes(one, key), lambda: passes(other, key)], over=NEW_GATES)

    assert rounds(play) <= ONE_WINS
    assert Gate.objects.count() == ROUNDS


# People.


def test_a_cancel_wins_or_the_point_of_no_return_does(begin: Begin, requester: Requester) -> None:
    def play() -> Outcomes:
        run = begin()
        return race(
            [
                lambda: recovery.cancel(fresh(run.operation), requester),
                Turn(run, creation.PLAN)._pass_no_return,
            ],
            over=OPERATIONS,
        )

    assert rounds(play) == {(None, False), (NotPossible, True)}
    both = Operation.objects.filter(past_no_return=True, cancel_requested_at__isnull=False)
    assert not both.exists()


@pytest.mark.parametrize("verb", [recovery.resume, recovery.roll_back, recovery.give_up])
def test_of_two_people_who_decide_at_once_one_is_refused(
    ask: Ask, requester: Requester, verb: Callable[[Operation, Requester], None]
) -> None:
    def play() -> Outcomes:
        operation = ask()
        Operation.objects.filter(pk=operation.pk).update(state=Operation.State.NEEDS_ATTENTION)
        return race([lambda: verb(fresh(operation), requester)] * 2, over=OPERATIONS)

    assert rounds(play) == ONE_IS_REFUSED


def test_of_two_who_ask_for_one_name_one_is_refused(requester: Requester) -> None:
    def play() -> Outcomes:
        wish = Wish(f"acme-{Instance.objects.count()}")
        return race([lambda: bool(creation.request(wish, requester).pk)] * 2, over=NEW_INSTANCES)

    assert rounds(play) <= {(True, NotPossible), (NotPossible, True)}
    assert Instance.objects.count() == ROUNDS
    assert Operation.objects.count() == ROUNDS
