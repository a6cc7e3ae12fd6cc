"""Runs of cron: one at a time, what is kept of each, and a held one let through once."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from instances.exceptions import Busy, Held, NotPossible
from instances.models import Job
from instances.operations.lease import owner
from instances.railway.client import errors
from instances.services import jobs
from instances.services.jobs import PASS, SILENCE, LockLost, Pass
from instances.services.people import LONGEST_REASON, Requester

pytestmark = pytest.mark.django_db

SYNC, REAP = Job.Name.SYNC, Job.Name.REAP
SECOND = timedelta(seconds=1)
# The key of an instance that a run would touch.
ROW = 7


def job(name: Job.Name = SYNC) -> Job:
    return Job.objects.get(name=name)


def history(of: Job) -> list[str]:
    kind = ContentType.objects.get_for_model(Job)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(of.pk)).order_by("-pk")
    return [entry.get_change_message() for entry in entries]


def run(name: Job.Name = SYNC) -> bool:
    """Have a run that does nothing; tell whether a person had let it through."""
    with jobs.running(name) as done:
        return done.is_passed(ROW)


def be_held(name: Job.Name = SYNC, reason: str = "too many") -> Job:
    """Have a run that the guard stops."""
    with pytest.raises(Held), jobs.running(name):
        raise Held(reason, rows=[ROW])
    return job(name)


@pytest.fixture
def held(db: None) -> Job:
    return be_held()


# The lock.


def test_a_run_holds_the_lock_and_gives_it_back() -> None:
    with jobs.running(SYNC):
        during = job()
        assert during.is_running
        assert during.owner == owner()

    after = job()
    assert not after.is_running
    assert (after.locked_by, after.locked_until, after.owner) == (None, None, "")


def test_a_second_run_is_refused_and_told_where_the_first_one_is() -> None:
    with jobs.running(SYNC), pytest.raises(Busy, match=rf"at it already \({owner()} since "):
        run()


def test_a_run_that_was_refused_takes_nothing_from_the_first_one() -> None:
    with jobs.running(SYNC) as first:
        before = Job.objects.values().get()
        with pytest.raises(Busy):
            run()
        assert Job.objects.values().get() == before
        first.extend()


def test_different_jobs_do_not_wait_for_each_other() -> None:
    with jobs.running(SYNC), jobs.running(REAP):
        assert job(SYNC).is_running
        assert job(REAP).is_running


def test_a_lock_whose_run_was_silent_for_too_long_is_taken_over() -> None:
    with jobs.running(SYNC):
        begun = job().locked_by
        with time_machine.travel(timezone.now() + SILENCE + SECOND), jobs.running(SYNC):
            assert job().locked_by not in {None, begun}


def test_a_run_that_gives_signs_of_life_keeps_its_lock() -> None:
    with jobs.running(SYNC) as first:
        with time_machine.travel(timezone.now() + SILENCE - SECOND):
            first.extend()
        with time_machine.travel(timezone.now() + SILENCE + SECOND), pytest.raises(Busy):
            run()


def test_how_long_a_run_may_be_silent_is_its_own_choice() -> None:
    with jobs.running(SYNC, silence=timedelta(seconds=20)):
        with time_machine.travel(timezone.now() + timedelta(seconds=19)), pytest.raises(Busy):
            run()
        with time_machine.travel(timezone.now() + timedelta(seconds=21)):
            run()


# A run that was taken for dead.


def take_over() -> None:
    """Have another run find the lock run out, and run to its end."""
    Job.objects.update(locked_until=timezone.now() - SECOND)
    with jobs.running(SYNC) as other:
        other.result = {"seen": 7}


def test_a_run_that_lost_its_lock_stops() -> None:
    with jobs.running(SYNC) as stopped:
        take_over()

        with pytest.raises(LockLost, match="another run has begun, so this one has stopped"):
            stopped.extend()


def test_a_run_that_lost_its_lock_writes_nothing() -> None:
    with jobs.running(SYNC) as stopped:
        take_over()
        written = Job.objects.values().get()
        stopped.result = {"seen": 1}
        stopped.hold(Held("too many"))

    assert Job.objects.values().get() == written


def test_a_run_that_lost_its_lock_does_not_end_the_other_one() -> None:
    with jobs.running(SYNC) as stopped:
        Job.objects.update(locked_until=timezone.now() - SECOND)
        with jobs.running(SYNC) as other:
            stopped.end("", complete=True)

            assert job().is_running
            other.extend()


# What is kept of a run.


def test_a_complete_run_leaves_its_result() -> None:
    with jobs.running(SYNC) as done:
        done.result = {"seen": 3}

    kept = job()
    assert (kept.result, kept.error) == ({"seen": 3}, "")
    assert kept.started_at
    assert kept.complete_at == kept.started_at
    assert kept.finished_at
    assert kept.finished_at >= kept.started_at


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.RailwayUnreachable("Railway cannot be reached."), "Railway cannot be reached."),
        (NotPossible("There are two workspaces."), "There are two workspaces."),
        (
            ZeroDivisionError("a-secret"),
            "The app itself failed (ZeroDivisionError); its log has the details.",
        ),
        (KeyboardInterrupt(), "It was interrupted."),
        (SystemExit(0), "It was interrupted."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_run_that_fails_says_why_and_is_not_complete(error: BaseException, said: str) -> None:
    run()
    complete_at = job().complete_at

    with pytest.raises(type(error)), jobs.running(SYNC):
        raise error

    failed = job()
    assert failed.error == said
    assert failed.complete_at == complete_at
    assert not failed.is_running
    assert failed.started_at
    assert failed.finished_at
    assert failed.finished_at >= failed.started_at


def test_the_error_of_an_earlier_run_goes_with_the_next_good_one() -> None:
    with pytest.raises(NotPossible), jobs.running(SYNC):
        raise NotPossible("no")

    run()

    assert job().error == ""


# Held.


def test_what_the_guard_stops_is_held_with_its_reason(held: Job) -> None:
    assert held.held_at
    assert held.held_because == "too many"
    assert held.complete_at is None
    assert held.error == ""
    assert not held.is_running


def test_a_held_run_stays_held_while_others_fail(held: Job) -> None:
    with pytest.raises(NotPossible), jobs.running(SYNC):
        raise NotPossible("no")

    assert job().held_because == "too many"


def test_a_complete_run_ends_the_holding(held: Job) -> None:
    run()

    assert (job().held_at, job().held_because) == (None, "")


def test_holding_one_job_does_not_hold_another(held: Job) -> None:
    run(REAP)

    assert job(REAP).held_at is None
    assert job(SYNC).held_at


# Let through.


def test_a_run_is_not_let_through_by_itself(held: Job) -> None:
    assert run() is False


def test_a_held_run_is_let_through_once(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "they were moved")

    assert [run(), run()] == [True, False]


def test_letting_through_is_for_that_job_alone(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "they were moved")

    assert run(REAP) is False


@pytest.mark.parametrize(("after", "passed"), [(PASS - SECOND, True), (PASS + SECOND, False)])
def test_it_is_let_through_only_within_the_hour(
    held: Job, requester: Requester, after: timedelta, passed: bool
) -> None:
    jobs.let_through(held, requester, "they were moved")

    with time_machine.travel(timezone.now() + after):
        assert run() is passed


def test_what_was_let_through_too_early_can_be_let_through_again(
    held: Job, requester: Requester
) -> None:
    jobs.let_through(held, requester, "they were moved")
    with time_machine.travel(timezone.now() + PASS + SECOND):
        jobs.let_through(held, requester, "they were moved, once more")

        assert run() is True


def test_who_let_a_run_through_and_why_is_kept_until_it_runs(
    held: Job, requester: Requester
) -> None:
    jobs.let_through(held, requester, "  they were moved ")

    kept = job()
    assert (kept.pass_by_name, kept.pass_reason) == ("ann", "they were moved")
    run()
    used = job()
    assert (used.pass_until, used.pass_by_name, used.pass_reason) == (None, "", "")


def test_a_run_that_was_refused_does_not_use_it_up(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "they were moved")
    Job.objects.update(locked_by=uuid.uuid4(), locked_until=timezone.now() + SECOND)
    with pytest.raises(Busy):
        run()
    Job.objects.update(locked_by=None, locked_until=None)

    assert run() is True


def test_a_run_that_failed_does_not_use_it_up(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "they were moved")
    with pytest.raises(errors.RailwayUnreachable), jobs.running(SYNC):
        raise errors.RailwayUnreachable("Railway cannot be reached.")

    assert [run(), run()] == [True, False]


def test_a_run_that_had_begun_before_does_not_use_it_up(held: Job, requester: Requester) -> None:
    with jobs.running(SYNC):
        jobs.let_through(held, requester, "they were moved")

    assert [run(), run()] == [True, False]


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_letting_through_needs_a_reason(held: Job, requester: Requester, reason: str) -> None:
    with pytest.raises(NotPossible, match="Say why: the reason stays in the history"):
        jobs.let_through(held, requester, reason)

    assert job().pass_until is None
    assert history(held) == []


def test_only_what_is_held_can_be_let_through(requester: Requester) -> None:
    run()

    with pytest.raises(NotPossible, match="holds nothing back"):
        jobs.let_through(job(), requester, "to be safe")


def test_of_two_people_who_let_it_through_the_second_is_told_of_the_first(
    held: Job, requester: Requester
) -> None:
    jobs.let_through(held, Requester(requester.user_id, "bob"), "they were moved")

    with pytest.raises(NotPossible, match="bob has let the next run through already"):
        jobs.let_through(held, requester, "I agree")

    assert job().pass_reason == "they were moved"


def test_letting_through_is_in_the_jobs_history(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "they were moved")

    assert history(held) == ["The next run was let through by ann: they were moved"]


def test_a_reason_without_end_is_cut_off(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "x" * (LONGEST_REASON + 1))

    assert job().pass_reason == "x" * LONGEST_REASON


# Let through from the shell.


def test_a_run_is_let_through_by_whoever_begins_it_though_none_is_held(
    requester: Requester,
) -> None:
    with jobs.running(REAP, let_by=Pass(requester, "all of them are due")) as passed:
        assert passed.is_passed(ROW)

    assert run(REAP) is False
    assert history(job(REAP)) == ["This run was let through by ann: all of them are due"]


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_whoever_begins_a_run_needs_a_reason_too(requester: Requester, reason: str) -> None:
    with (
        pytest.raises(NotPossible, match="Say why"),
        jobs.running(REAP, let_by=Pass(requester, reason)),
    ):
        pytest.fail("it ran")

    assert not Job.objects.exists()


def test_a_run_that_was_refused_lets_nothing_through(requester: Requester) -> None:
    with jobs.running(REAP):
        with pytest.raises(Busy), jobs.running(REAP, let_by=Pass(requester, "now")):
            pytest.fail("it ran")

        assert history(job(REAP)) == []


def test_secrets_in_the_reason_are_masked(held: Job, requester: Requester, settings: Any) -> None:
    jobs.let_through(held, requester, f"with {settings.RAILWAY_API_TOKEN}")

    held.refresh_from_db()
    assert held.pass_reason == "with ***"
    assert history(held) == ["The next run was let through by ann: with ***"]


def test_a_pass_is_for_the_rows_that_were_held(held: Job, requester: Requester) -> None:
    jobs.let_through(held, requester, "these")

    with jobs.running(SYNC) as passed:
        assert passed.is_passed(ROW)
        assert not passed.is_passed(ROW + 1)
