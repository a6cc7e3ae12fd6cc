"""Carrying out what is due: only what Railway itself says is due at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from instances import timing
from instances.exceptions import Held
from instances.models import Instance, Job, Operation
from instances.services import access, adoption, deletion, jobs, people, reaping, sync
from instances.services.absence import ELSEWHERE
from instances.services.difference import OVERDUE
from instances.services.jobs import Pass
from instances.services.people import Requester
from instances.services.reaping import AT_WORK, Report
from instances.simulator import projects
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out
from tests.standing import read_anew

pytestmark = pytest.mark.django_db

Status = Instance.Status
State = Operation.State

Absent = Callable[[LocalRailway, Instance], None]


def run() -> Report:
    """Reap as cron does, and carry out what was asked for."""
    with access.railway(timing.current()) as client:
        report = reaping.run(client, people.cron())
    for operation in report.operations:
        carry_out(operation)
    return report


@contextmanager
def days_later(days: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
        yield


def long_ago(instance: Instance) -> None:
    """Have its operations ended so long ago that a list cannot lag behind them."""
    ended = timezone.now() - timedelta(hours=1)
    Operation.objects.filter(instance=instance).update(finished_at=ended)


def scheduled(stand: Stand, requester: Requester, name: str = "acme") -> Instance:
    instance = stand(name, address=False)
    carry_out(deletion.schedule(instance, requester, reason="over"))
    instance.refresh_from_db()
    return instance


def tagged_as_due(stand: Stand, name: str) -> Instance:
    """Return one that somebody tagged on Railway long ago, as the row says too."""
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    return stand(name, address=False, description=tag)


def without_environment(railway: LocalRailway, instance: Instance) -> None:
    """Have Railway not say which environment the project's is."""
    railway.world.projects[instance.project_id].environment_id = ""


def reaping_would_be_held() -> str:
    with access.railway(timing.current()) as client:
        return reaping.look(client).held


def is_there(railway: LocalRailway, instance: Instance) -> bool:
    return railway.world.projects[instance.project_id].deleted_at is None


def test_what_is_due_goes_and_the_others_stay(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    due, other = scheduled(stand, requester), stand("other", address=False)

    early = run()
    with days_later(7.1):
        report = run()

    due.refresh_from_db()
    assert early.due == []
    assert [row.name for row in report.due] == ["acme"]
    assert due.status == Status.DELETING
    assert due.gone_at
    assert is_there(railway, other)
    said = [entry.get_change_message() for entry in people.history(due)]
    assert said[1].startswith("Delete asked for by cron: its deletion was due on ")
    assert said[0].startswith("Delete: succeeded; Railway deletes it for good on ")


def test_a_setting_deletes_at_once(stand: Stand, requester: Requester, settings: Any) -> None:
    settings.REAP_IMMEDIATELY = True
    due = scheduled(stand, requester)

    with days_later(7.1):
        run()

    due.refresh_from_db()
    assert due.status == Status.DELETED


def test_one_whose_tag_was_taken_away_on_railway_is_kept(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    kept = scheduled(stand, requester)
    railway.edit(kept.project_id, description="")

    with days_later(7.1):
        report = run()

    assert report.kept == [("acme", "Its deletion tag is gone from Railway.")]
    assert report.operations == []
    assert is_there(railway, kept)


def test_one_whose_tag_was_moved_on_railway_is_kept(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    kept = scheduled(stand, requester)
    railway.edit(kept.project_id, description="deletion-scheduled:2035-01-01T00:00:00+00:00")

    with days_later(7.1):
        report = run()

    assert report.kept == [("acme", "Its tag on Railway is not due before 2035-01-01 00:00 UTC.")]


def test_one_whose_tag_is_taken_away_after_the_run_has_looked_is_kept(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    kept = scheduled(stand, requester)

    with days_later(7.1):
        with access.railway(timing.current()) as client:
            [operation] = reaping.run(client, people.cron()).operations
        railway.edit(kept.project_id, description="")
        carry_out(operation)

    assert operation.state == State.CANCELLED
    assert operation.message == "Kept: its deletion tag is gone from Railway."
    assert is_there(railway, kept)


def test_a_renamed_one_is_kept(stand: Stand, railway: LocalRailway, requester: Requester) -> None:
    kept = scheduled(stand, requester)
    railway.edit(kept.project_id, name="luthien-other")

    with days_later(7.1):
        report = run()

    assert report.kept == [("acme", "Its Railway project is named luthien-other.")]


def test_one_that_was_restored_is_not_reaped_again(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = scheduled(stand, requester)
    with days_later(7.1):
        run()
        carry_out(deletion.cancel(instance, requester))
        report = run()

    instance.refresh_from_db()
    assert report.due == []
    assert instance.status == Status.RUNNING
    project = railway.world.projects[instance.project_id]
    assert (project.deleted_at, project.description) == (None, "Luthien Proxy instance: acme")


def test_what_was_only_discovered_is_never_reaped(stand: Stand, railway: LocalRailway) -> None:
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    instance = stand(ownership=Instance.Ownership.DISCOVERED, description=tag, address=False)

    report = run()

    assert (report.due, report.kept) == ([], [])
    assert is_there(railway, instance)


def test_more_than_the_guard_allows_are_all_kept(
    stand: Stand, railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    settings.GUARD_MOST_INSTANCES = 1
    several = [scheduled(stand, requester, name) for name in ("one", "two")]
    with days_later(7.1):
        with pytest.raises(Held, match="would delete 2 of 2 instances; 1 at most"):
            run()
        assert all(is_there(railway, each) for each in several)
        job = Job.objects.get(name=Job.Name.REAP)
        jobs.let_through(job, requester, "both are wanted")

        report = run()

    assert len(report.operations) == 2
    assert not any(is_there(railway, each) for each in several)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    stand: Stand, railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    settings.GUARD_MOST_INSTANCES = 0
    due = scheduled(stand, requester)

    with days_later(7.1), access.railway(timing.current()) as client:
        report = reaping.look(client)

    assert report.due == [due]
    assert "would delete 1 of 1" in report.held
    assert not Job.objects.filter(name=Job.Name.REAP).exists()
    assert is_there(railway, due)


def test_nothing_is_reaped_while_a_sync_is_held(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    due = scheduled(stand, requester)
    others = railway.seed_instances(5)
    with access.railway(timing.current()) as client:
        sync.run(client)
        for project in others:
            railway.vanish(project.id)
        with pytest.raises(Held):
            sync.run(client)

    why = "The last sync is held: Railway's list does not show 5"
    with days_later(7.1), pytest.raises(Held, match=why):
        run()

    assert is_there(railway, due)


def test_what_somebody_restored_on_railway_is_kept(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = scheduled(stand, requester)
    with days_later(7.1):
        run()
        long_ago(instance)
        projects.cancel_deletion(railway.world.projects[instance.project_id])
        with access.railway(timing.current()) as client:
            sync.run(client)

        report = run()

        instance.refresh_from_db()
        assert report.kept == [("acme", OVERDUE)]
        assert is_there(railway, instance)
        assert OVERDUE in instance.problem
        carry_out(deletion.schedule(instance, requester, reason="", reschedule=True))
        instance.refresh_from_db()
        assert OVERDUE not in read_anew(instance).problem


def test_what_was_overdue_before_it_was_adopted_is_kept(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    instance = stand(ownership=Instance.Ownership.DISCOVERED, description=tag, address=False)
    carry_out(adoption.adopt(instance, requester, reason="still in use"))

    report = run()

    assert report.kept == [("acme", OVERDUE)]
    assert is_there(railway, instance)


def gone_for_a_while(railway: LocalRailway, instance: Instance) -> None:
    long_ago(instance)
    project = railway.world.projects.pop(instance.project_id)
    synced(4)
    railway.world.projects[project.id] = project


def listed_elsewhere_for_a_while(railway: LocalRailway, instance: Instance) -> None:
    long_ago(instance)
    project = railway.world.projects[instance.project_id]
    home = project.workspace_id
    project.workspace_id = railway.world.add_workspace("Elsewhere").id
    synced(4)
    project.workspace_id = home


def synced(times: int) -> None:
    with access.railway(timing.current()) as client:
        for _ in range(times):
            sync.run(client)


@pytest.mark.parametrize("absent", [gone_for_a_while, listed_elsewhere_for_a_while])
def test_what_was_overdue_before_it_was_adopted_is_kept_when_it_comes_back(
    stand: Stand, railway: LocalRailway, requester: Requester, settings: Any, absent: Absent
) -> None:
    settings.GUARD_SHRINK_PERCENT = settings.GUARD_MOST_PERCENT = 100
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    instance = stand(ownership=Instance.Ownership.DISCOVERED, description=tag, address=False)
    settings.RAILWAY_WORKSPACE_ID = railway.world.projects[instance.project_id].workspace_id
    carry_out(adoption.adopt(instance, requester, reason="still in use"))
    absent(railway, instance)
    synced(1)

    report = run()

    assert report.kept == [("acme", OVERDUE)]
    assert is_there(railway, instance)


def test_what_was_renamed_while_it_is_tagged_is_kept_after_a_sync_too(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = scheduled(stand, requester)
    long_ago(instance)
    railway.edit(instance.project_id, name="luthien-acme-keep")
    with access.railway(timing.current()) as client:
        sync.run(client)

    with days_later(7.1):
        report = run()

    instance.refresh_from_db()
    assert instance.name == "acme"
    assert report.kept == [("acme", "Its Railway project is named luthien-acme-keep.")]


def test_what_was_reaped_does_not_look_like_a_list_that_shrank(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    due = [scheduled(stand, requester, name) for name in ("one", "two")]
    railway.seed_instances(2)
    with access.railway(timing.current()) as client:
        for instance in due:
            long_ago(instance)
        sync.run(client)
        with days_later(7.1):
            reaping.run(client, people.cron(), let_by=Pass(requester, "both are wanted"))
            for operation in Operation.objects.filter(kind=Operation.Kind.DELETE):
                carry_out(operation)
            sync.run(client)
        with days_later(10):
            for instance in due:
                railway.vanish(instance.project_id)

            report = sync.run(client)

    assert report.deleted == 2


def test_letting_through_is_for_what_was_held_and_not_for_what_came_since(
    stand: Stand, railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    settings.GUARD_MOST_INSTANCES = 1
    settings.GUARD_MOST_PERCENT = 100
    shown = [scheduled(stand, requester, name) for name in ("one", "two")]
    with days_later(7.1):
        with pytest.raises(Held, match="would delete 2 of 2"):
            run()
        job = Job.objects.get(name=Job.Name.REAP)
        jobs.let_through(job, requester, "these two are meant")
        added = [tagged_as_due(stand, name) for name in ("three", "four")]

        with pytest.raises(Held, match="would delete 2 of 4"):
            run()

    assert all(is_there(railway, each) for each in [*shown, *added])
    job.refresh_from_db()
    assert set(job.held_rows) == {each.pk for each in [*shown, *added]}


def test_what_was_let_through_goes_together_with_few_others(
    stand: Stand, requester: Requester, settings: Any
) -> None:
    settings.GUARD_MOST_INSTANCES = 1
    settings.GUARD_MOST_PERCENT = 100
    for name in ("one", "two"):
        scheduled(stand, requester, name)
    with days_later(7.1):
        with pytest.raises(Held):
            run()
        jobs.let_through(Job.objects.get(name=Job.Name.REAP), requester, "these two")
        tagged_as_due(stand, "three")
        assert reaping_would_be_held() == ""

        assert len(run().operations) == 3


def test_what_was_only_discovered_does_not_raise_the_limit(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    railway.seed_instances(30)
    with access.railway(timing.current()) as client:
        sync.run(client)
    for name in ("one", "two", "three"):
        scheduled(stand, requester, name)

    with days_later(7.1), pytest.raises(Held, match="would delete 3 of 3 instances; 1 at most"):
        run()


def test_what_has_an_operation_is_named_with_the_reason(stand: Stand, requester: Requester) -> None:
    instance = scheduled(stand, requester)
    deletion.cancel(instance, requester)

    with days_later(7.1):
        report = run()

    assert report.kept == [("acme", AT_WORK)]


def test_what_seems_to_have_been_moved_to_another_workspace_is_kept(
    stand: Stand, requester: Requester
) -> None:
    instance = scheduled(stand, requester)
    Instance.objects.filter(pk=instance.pk).update(problem=ELSEWHERE)

    with days_later(7.1):
        report = run()

    assert report.kept == [("acme", ELSEWHERE)]


def test_one_project_whose_environment_cannot_be_told_does_not_keep_the_others(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    odd, due = (scheduled(stand, requester, name) for name in ("odd", "due"))
    without_environment(railway, odd)

    with days_later(7.1):
        with access.railway(timing.current()) as client:
            let_by = Pass(requester, "both are wanted")
            report = reaping.run(client, people.cron(), let_by=let_by)
        ended = [carry_out(operation).state for operation in report.operations]

    assert ended == [State.SUCCEEDED] * 2
    assert not is_there(railway, odd)
    assert not is_there(railway, due)


def test_an_overdue_tag_that_nobody_here_asked_for_can_be_scheduled_anew(
    stand: Stand, requester: Requester
) -> None:
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    instance = stand(ownership=Instance.Ownership.DISCOVERED, description=tag, address=False)
    carry_out(adoption.adopt(instance, requester, reason="still in use"))
    instance.refresh_from_db()
    assert deletion.why_not_schedule(instance) == ""

    carry_out(deletion.schedule(instance, requester, reason="now it is over"))

    instance.refresh_from_db()
    assert instance.problem == ""
    assert instance.countdown == "6d 23h"
    with days_later(7.1):
        assert [row.name for row in run().due] == ["acme"]


def test_what_a_reap_asks_for_gives_way_to_what_people_ask_for(
    stand: Stand, railway: LocalRailway
) -> None:
    tagged_as_due(stand, "acme")
    Instance.objects.update(problem="")

    report = run()

    assert [operation.is_bulk for operation in report.operations] == [True]
