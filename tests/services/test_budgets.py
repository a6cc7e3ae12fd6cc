"""What Railway says about the requests that are left, and who waits for more of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from instances import timing
from instances.models import Instance, Job, Operation, RequestBudget
from instances.operations.pace import Pace
from instances.railway.client import Budget
from instances.services import access, budgets, dispatch, people, reaping, redeployment, sync
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, run_until

pytestmark = pytest.mark.django_db

State = Operation.State


@pytest.fixture(autouse=True)
def a_process_that_has_written_nothing() -> Iterator[None]:
    budgets._written.clear()
    yield
    budgets._written.clear()


def note(remaining: int, *, limit: int = 1000, minutes: float = 30) -> None:
    """Have an answer say so, and have it written."""
    budgets._written.clear()
    resets_at = timezone.now() + timedelta(minutes=minutes)
    budgets.note_for(configured.RAILWAY_API_TOKEN)(Budget(limit, remaining, resets_at))


# What is noted.


def test_every_client_notes_what_an_answer_says(railway: LocalRailway) -> None:
    with access.railway(timing.current()) as client:
        client.workspaces()

    row = RequestBudget.objects.get()
    assert (row.limit, row.remaining) == (10_000, 9_999)
    assert row.resets_at is not None
    assert row.resets_at > timezone.now()


def test_the_token_itself_is_not_stored(railway: LocalRailway) -> None:
    with access.railway(timing.current()) as client:
        client.workspaces()

    stored = RequestBudget.objects.get().token
    assert len(stored) == 64
    assert configured.RAILWAY_API_TOKEN not in stored


def test_another_token_has_a_row_of_its_own() -> None:
    note(900)

    budgets.note_for("another")(Budget(100, 50, None))

    assert sorted(RequestBudget.objects.values_list("remaining", flat=True)) == [50, 900]


def test_a_process_writes_at_most_once_a_second() -> None:
    tell = budgets.note_for(configured.RAILWAY_API_TOKEN)
    tell(Budget(1000, 990, None))

    with CaptureQueriesContext(connection) as queries:
        tell(Budget(1000, 989, None))

    assert len(queries) == 0
    assert RequestBudget.objects.get().remaining == 990


def test_what_changes_how_fast_things_go_is_written_at_once() -> None:
    tell = budgets.note_for(configured.RAILWAY_API_TOKEN)
    tell(Budget(1000, 200, None))

    tell(Budget(1000, 199, None))

    assert RequestBudget.objects.get().remaining == 199


def test_an_older_answer_never_replaces_a_newer_one() -> None:
    note(500)
    with time_machine.travel(timezone.now() - timedelta(seconds=5), tick=False):
        note(800)

    assert RequestBudget.objects.get().remaining == 500


def test_figures_that_no_column_holds_are_cut() -> None:
    note(-5, limit=10**15)

    row = RequestBudget.objects.get()
    assert (row.limit, row.remaining) == (2_000_000_000, 0)


def test_a_spent_budget_is_noted_from_the_refusal_itself(railway: LocalRailway) -> None:
    with access.railway(timing.current()) as client:
        client.workspaces()
    leave_on_railway(railway, 0, of=1000)

    run_sync()

    assert RequestBudget.objects.get().remaining == 0


# How fast what can wait may go.


def test_nothing_is_known_so_nothing_waits() -> None:
    assert budgets.pace() == Pace()


@pytest.mark.parametrize(("remaining", "slower"), [(1000, 1.0), (500, 1.0), (350, 3.0), (200, 5.0)])
def test_between_plenty_and_the_reserve_it_goes_more_slowly(remaining: int, slower: float) -> None:
    note(remaining)

    assert budgets.pace().slower == pytest.approx(slower)
    assert budgets.pace().hold is None


def test_below_the_reserve_it_waits_for_the_next_hour_and_says_until_when() -> None:
    note(190, minutes=30)
    row = RequestBudget.objects.get()

    hold = budgets.pace().hold

    assert hold is not None
    assert row.resets_at is not None
    assert hold.in_line
    until = row.resets_at + budgets.RESET_MARGIN
    assert hold.reason == (
        "Railway allows 1,000 requests per hour; 190 are left and are kept for what people ask"
        f" for now. It goes on at {until:%H:%M} UTC."
    )
    seconds = timing.current().span(hold.seconds).total_seconds()
    assert seconds == pytest.approx(30 * 60, abs=5)


def test_it_goes_on_when_the_hour_is_over() -> None:
    note(0, minutes=1)

    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        assert budgets.pace() == Pace()


def test_the_reserve_can_be_given_up(settings: Any) -> None:
    settings.RAILWAY_BUDGET_RESERVE = 0
    note(1)

    assert budgets.pace().hold is None


def test_without_an_end_of_the_hour_it_looks_again_before_long() -> None:
    budgets.note_for(configured.RAILWAY_API_TOKEN)(Budget(1000, 10, None))

    hold = budgets.pace().hold

    assert hold is not None
    assert hold.seconds == pytest.approx(budgets.LOOK_AGAIN, rel=0.1)
    assert "goes on at" not in hold.reason


# Operations.


def asked_for_together(instance: Instance, requester: Requester) -> Operation:
    return redeployment.request(instance, replace(requester, for_many=True))


def test_an_operation_of_many_waits_below_the_reserve_and_asks_nothing(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = asked_for_together(stand(address=False), requester)
    note(100, minutes=30)
    before = len(railway.requests)

    advance(operation)

    assert len(railway.requests) == before
    assert operation.state == State.WAITING
    assert "100 are left and are kept for what people ask for now." in operation.waiting_for
    assert operation.due_at > timezone.now() + timedelta(minutes=29)
    assert not operation.past_no_return


def test_such_a_wait_uses_up_no_patience(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = asked_for_together(stand(address=False), requester)
    railway.faults.add(Fault("deployment", "hang"))
    run_until(operation, step="deployment")
    note(100, minutes=180)
    look(operation)
    held_for = operation.waiting_for

    with time_machine.travel(operation.due_at + timedelta(seconds=1)):
        advance(operation)

    assert "are kept for what people ask for now" in held_for
    assert operation.state == State.WAITING, operation.message
    assert "The deployment is" in operation.waiting_for


def test_what_is_asked_for_singly_uses_the_reserve(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = redeployment.request(stand(address=False), requester)
    note(100)
    before = len(railway.requests)

    advance(operation)

    assert len(railway.requests) > before
    assert "are kept for" not in operation.waiting_for


def test_an_operation_of_many_looks_more_seldom_when_little_is_left(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = asked_for_together(stand(address=False), requester)
    leave_on_railway(railway, 300, of=1000)

    run_until(operation, step="deployment")

    assert "The deployment is" in operation.waiting_for
    pause = operation.due_at - timezone.now()
    assert pause > timing.current().span(12.0) * 2.5


@pytest.mark.parametrize("scale", [1.0])
def test_429s_for_hours_are_waited_out(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = redeployment.request(stand(address=False), requester)
    railway.faults.add(Fault("*", "status", status=429, retry_after=3600, times=12))

    live_on(operation)

    assert operation.state == State.SUCCEEDED, operation.message


# Jobs.


def test_a_sync_that_would_use_the_reserve_is_put_off_and_asks_nothing(
    railway: LocalRailway,
) -> None:
    note(100)

    report = run_sync()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert railway.requests == []
    assert "100 are left and are kept for what people ask for now." in report.put_off
    assert job.put_off == report.put_off
    assert (job.error, job.complete_at) == ("", None)


def test_a_listing_that_did_not_reach_its_end_is_never_taken_as_complete(
    stand: Stand, railway: LocalRailway
) -> None:
    railway.seed_instances(250)
    run_sync()
    complete_at = Job.objects.get(name=Job.Name.SYNC).complete_at
    leave_on_railway(railway, 201, of=1000)

    report = run_sync()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert 0 < report.seen < 250
    assert report.put_off.endswith(sync.LATER)
    assert (report.missed, Instance.objects.exclude(missed=0).count()) == (0, 0)
    assert job.complete_at == complete_at
    assert job.error == ""


def test_a_sync_that_meets_a_429_is_put_off_and_not_in_error(railway: LocalRailway) -> None:
    railway.faults.add(Fault("*", "status", status=429, retry_after=60))

    report = run_sync()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert report.put_off == f"Railway allows no more requests for now (HTTP 429). {sync.LATER}"
    assert (job.error, job.complete_at) == ("", None)


def test_the_next_sync_does_all_of_it(railway: LocalRailway) -> None:
    railway.seed_instances(3)
    note(100)
    run_sync()
    RequestBudget.objects.all().delete()

    report = run_sync()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert (report.created, report.put_off, job.put_off) == (3, "", "")
    assert job.complete_at is not None


def test_a_sync_waits_between_pages_when_little_is_left(railway: LocalRailway) -> None:
    railway.seed_projects(150)
    run_sync()
    leave_on_railway(railway, 260, of=1000)
    before = len(railway.requests)

    run_sync()

    first, second = [r.at for r in railway.requests[before:] if r.operation == "projects"]
    assert second - first >= timing.current().span(sync.PAGE_PAUSE).total_seconds() * 3


def test_a_reap_below_the_reserve_deletes_nothing_and_says_so(
    stand: Stand, railway: LocalRailway
) -> None:
    stand(address=False, description="deletion-scheduled:2026-01-01T00:00:00+00:00")
    note(100)
    before = len(railway.requests)

    with access.railway(timing.current()) as client:
        report = reaping.run(client, people.cron())

    job = Job.objects.get(name=Job.Name.REAP)
    assert len(railway.requests) == before
    assert (report.operations, job.error, job.complete_at) == ([], "", None)
    assert report.put_off.endswith(reaping.LATER)
    assert job.put_off == report.put_off


# Helpers.


def run_sync() -> sync.Report:
    with access.railway(timing.current()) as client:
        return sync.run(client)


def advance(operation: Operation) -> None:
    dispatch.advance(operation.pk)
    operation.refresh_from_db()


def look(operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
    advance(operation)


def leave_on_railway(railway: LocalRailway, remaining: int, *, of: int) -> None:
    """Have others use the token's hour up to that, by the local Railway's own count."""
    budget = railway._exchange.budget
    budget.hourly_limit = of
    [key] = budget._hours
    budget._hours[key] = (railway.world.now(), of - remaining)
    RequestBudget.objects.all().delete()
    budgets._written.clear()


def live_on(operation: Operation, most: int = 100) -> None:
    """Carry it on to its end, as if the waits in between had passed."""
    for _ in range(most):
        if not operation.is_moving:
            return
        with time_machine.travel(operation.due_at + timedelta(milliseconds=20)):
            advance(operation)
