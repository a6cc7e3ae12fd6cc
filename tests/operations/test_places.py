"""Places: so many at once, the others in line, and nobody who is gone keeps one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from instances.models import Instance, Operation
from instances.operations import lease, places
from instances.operations.run import Run
from instances.services import dispatch, recovery, redeployment
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.timing import Timing
from tests.conftest import Stand, carry_out

pytestmark = pytest.mark.django_db

State = Operation.State
TIMING = Timing(0.05)
USUAL = 100.0


@pytest.fixture(autouse=True)
def two_at_once(settings: Any) -> None:
    settings.BULK_OPERATIONS_AT_ONCE = 2


def ask(*names: str, requester: Requester, together: bool = True) -> list[Operation]:
    """Ask for redeploys of instances that are there, together or singly."""
    who = replace(requester, for_many=together)
    return [redeployment.request(_instance(name), who) for name in names]


def _instance(name: str) -> Instance:
    return Instance.objects.create(
        name=name,
        ownership=Instance.Ownership.CREATED,
        status=Instance.Status.RUNNING,
        project_id=f"project-{name}",
    )


def fresh(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def take_up(operation: Operation) -> Run:
    claimed = lease.claim(operation.pk, TIMING)
    assert claimed
    return Run(fresh(operation), claimed[0], TIMING)


def goes_on(run: Run) -> bool:
    return places.goes_on(run, usual=USUAL)


def with_place() -> list[str]:
    found = Operation.objects.filter(has_place=True).order_by("pk")
    return list(found.values_list("instance__name", flat=True))


def end(operation: Operation) -> None:
    """Have it end, as a turn does."""
    ended = {"state": State.SUCCEEDED, "has_place": False, "finished_at": timezone.now()}
    Operation.objects.filter(pk=operation.pk).update(**lease.release(**ended))
    places.hand_on(fresh(operation), TIMING)


def wake(*operations: Operation) -> None:
    keys = [operation.pk for operation in operations]
    Operation.objects.filter(pk__in=keys).update(due_at=timezone.now())


def test_so_many_get_a_place_and_the_others_stand_in_line(requester: Requester) -> None:
    _, second, third, fourth = ask("one", "two", "three", "four", requester=requester)

    assert with_place() == ["one", "two"]
    assert (fresh(second).state, fresh(second).waiting_for) == (State.QUEUED, "")
    assert fresh(third).state == fresh(fourth).state == State.WAITING
    assert "2 are under way at once; first in line." in fresh(third).waiting_for
    assert "second in line." in fresh(fourth).waiting_for


def test_what_is_asked_for_singly_needs_no_place(requester: Requester) -> None:
    ask("one", "two", "three", requester=requester)

    [single] = ask("four", requester=requester, together=False)

    assert fresh(single).state == State.QUEUED
    assert goes_on(take_up(single))


def test_a_place_that_becomes_free_goes_to_the_first_in_line_at_once(requester: Requester) -> None:
    first, _, third, _ = ask("one", "two", "three", "four", requester=requester)

    end(first)

    assert with_place() == ["two", "three"]
    assert fresh(third).due_at <= timezone.now()
    assert fresh(third).waiting_for == ""
    assert goes_on(take_up(third))


def test_nobody_else_is_woken_when_a_place_becomes_free(requester: Requester) -> None:
    first, *_ = ask("one", "two", "three", "four", "five", requester=requester)
    OrmQ.objects.all().delete()

    end(first)

    assert [row.name() for row in OrmQ.objects.all()] == [
        f"advance:{Operation.objects.get(instance__name='three').pk}"
    ]


def test_those_in_line_look_the_more_seldom_the_farther_back_they_stand(
    requester: Requester,
) -> None:
    *_, third, fourth = ask("one", "two", "three", "four", requester=requester)

    pauses = [row.due_at - row.created_at for row in (fresh(third), fresh(fourth))]

    assert timedelta(seconds=places.LEAST_LOOK) < pauses[0] < pauses[1]


def test_the_turn_is_expected_by_how_many_are_ahead(requester: Requester) -> None:
    *_, third, fourth, fifth = ask("one", "two", "three", "four", "five", requester=requester)

    rows = [fresh(operation) for operation in (third, fourth, fifth)]
    waits = [
        round((row.expected_at - row.created_at) / timedelta(seconds=1))
        for row in rows
        if row.expected_at
    ]

    usual = round(Timing(0.05).span(180).total_seconds())
    assert waits == [usual, usual, 2 * usual]


def test_one_that_looks_too_early_goes_back_in_line(requester: Requester) -> None:
    *_, third = ask("one", "two", "three", requester=requester)
    wake(third)

    assert not goes_on(take_up(third))

    assert fresh(third).state == State.WAITING
    assert "first in line" in fresh(third).waiting_for


def test_looking_from_the_line_is_cheap_and_asks_nothing_of_railway(
    railway: LocalRailway, requester: Requester
) -> None:
    *_, third = ask("one", "two", "three", requester=requester)
    wake(third)

    with CaptureQueriesContext(connection) as queries:
        assert dispatch.advance(third.pk)

    statements = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= 22
    assert railway.requests == []


def test_one_whose_worker_died_loses_its_place_to_the_next(requester: Requester) -> None:
    first, _, third = ask("one", "two", "three", requester=requester)
    take_up(first)
    long_ago = timezone.now() - timedelta(minutes=5)
    Operation.objects.filter(pk=first.pk).update(lease_expires_at=long_ago)
    wake(third)

    assert goes_on(take_up(third))

    assert with_place() == ["two", "three"]
    assert not goes_on(take_up(first)), "it must not come back as a third one"


def test_one_that_no_worker_comes_for_loses_its_place_to_the_next(requester: Requester) -> None:
    first, _, third = ask("one", "two", "three", requester=requester)
    long_ago = timezone.now() - timedelta(minutes=5)
    Operation.objects.filter(pk=first.pk).update(due_at=long_ago)
    wake(third)

    assert goes_on(take_up(third))


def test_one_that_is_only_a_little_late_keeps_its_place(requester: Requester) -> None:
    first, _, third = ask("one", "two", "three", requester=requester)
    just_now = timezone.now() - timedelta(seconds=5)
    Operation.objects.filter(pk=first.pk).update(due_at=just_now)
    wake(third)

    assert not goes_on(take_up(third))


def test_one_that_is_cancelled_in_line_leaves_it_at_once(
    railway: LocalRailway, requester: Requester
) -> None:
    *_, third, fourth = ask("one", "two", "three", "four", requester=requester)

    recovery.cancel(third, requester)
    carry_out(third)
    wake(fourth)

    assert fresh(third).state == State.CANCELLED
    assert not goes_on(take_up(fourth))
    assert "first in line" in fresh(fourth).waiting_for


def test_one_that_needs_a_person_gives_its_place_to_the_next(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    many = replace(requester, for_many=True)
    rows = [stand(name, address=False) for name in ("one", "two", "three")]
    first, _, third = (redeployment.request(row, many) for row in rows)
    railway.faults.add(Fault("deployment", "needs_approval"))

    carry_out(first)

    assert first.state == State.NEEDS_ATTENTION, first.message
    assert with_place() == ["two", "three"]
    assert fresh(third).due_at <= timezone.now()


def test_one_that_a_person_resumes_by_itself_no_longer_waits_for_others(
    requester: Requester,
) -> None:
    *_, third = ask("one", "two", "three", requester=requester)
    Operation.objects.filter(pk=third.pk).update(state=State.NEEDS_ATTENTION)

    recovery.resume(fresh(third), requester)

    assert (fresh(third).state, fresh(third).is_bulk) == (State.QUEUED, False)


def test_those_that_are_resumed_together_stand_in_line(requester: Requester) -> None:
    *_, third = ask("one", "two", "three", requester=requester)
    Operation.objects.filter(pk=third.pk).update(state=State.NEEDS_ATTENTION)

    recovery.resume(fresh(third), replace(requester, for_many=True))

    assert (fresh(third).state, fresh(third).is_bulk) == (State.WAITING, True)
    assert "first in line" in fresh(third).waiting_for


def test_more_places_are_used_as_soon_as_they_are_there(
    settings: Any, requester: Requester
) -> None:
    *_, third, fourth = ask("one", "two", "three", "four", requester=requester)
    settings.BULK_OPERATIONS_AT_ONCE = 4
    wake(fourth)

    assert goes_on(take_up(fourth))

    assert with_place() == ["one", "two", "three", "four"]
    assert fresh(third).due_at <= timezone.now()
