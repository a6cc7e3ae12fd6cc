"""The mirror follows Railway: what is new, what has changed, what is not shown any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from instances import timing
from instances.exceptions import Busy, Held
from instances.models import Instance, Job, Operation, Service
from instances.railway.client import errors
from instances.services import access, adoption, deletion, jobs, people, sync
from instances.services.people import Requester
from instances.services.sync import THERE_AGAIN, Report
from instances.simulator import projects
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.conftest import Stand, carry_out

pytestmark = pytest.mark.django_db

Status = Instance.Status
DUE = "deletion-scheduled:2026-02-12T18:00:00+00:00"


def run() -> Report:
    with access.railway(timing.current()) as client:
        return sync.run(client)


def row(project: Project) -> Instance:
    return Instance.objects.get(project_id=project.id)


def long_ago(operation: Operation) -> None:
    """Have it ended so long ago that a list cannot lag behind it."""
    ended = timezone.now() - timedelta(hours=1)
    Operation.objects.filter(pk=operation.pk).update(finished_at=ended)


def history(instance: Instance) -> list[str]:
    return [entry.get_change_message() for entry in people.history(instance)]


@contextmanager
def name_taken_before_it_is_written(name: str) -> Iterator[None]:
    """Have somebody ask for an instance between a sync's look at the names and its write."""
    taken: list[Instance] = []

    def take(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not taken and sql.startswith('INSERT INTO "instances_instance"'):
            taken.append(Instance(name=name, ownership=Instance.Ownership.CREATED))
            taken[0].save()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(take):
        yield


def test_500_projects_of_every_sort(railway: LocalRailway) -> None:
    tenants = railway.seed_instances(440)
    railway.seed_projects(40)
    railway.seed_projects(10, prefix="luthien-unfinished-")
    railway.add_instance("admin", address=False)
    railway.add_instance("proxy", address=False)
    odd = [railway.add_instance(f"odd-{n}", address=False) for n in range(8)]
    for project in tenants[:20]:
        railway.edit(project.id, description=DUE)
    railway.edit(odd[0].id, description="deletion-scheduled:2026-02-12T18:00:00")
    railway.edit(odd[1].id, description="deletion-scheduled:someday")

    first = run()

    assert len(railway.requests) <= 6
    assert (first.seen, first.created, first.ignored) == (500, 448, 52)
    assert Instance.objects.filter(status=Status.DELETION_SCHEDULED).count() == 20
    assert Instance.objects.filter(status=Status.RUNNING).count() == 428
    assert set(Instance.objects.values_list("ownership", flat=True)) == {"discovered"}
    assert "does not say in which time zone" in row(odd[0]).problem
    assert "no time that can be read (someday)" in row(odd[1]).problem
    with CaptureQueriesContext(connection) as queries:
        second = run()
    assert (second.seen, second.unchanged, second.created, second.updated) == (500, 448, 0, 0)
    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    about_rows = [sql for sql in written if "_job" not in sql and "_requestbudget" not in sql]
    assert about_rows == []


def test_what_vanished_is_missing_after_three_listings(railway: LocalRailway) -> None:
    tenants = railway.seed_instances(30)
    run()
    for project in tenants[:3]:
        railway.vanish(project.id)

    reports = [run()]
    assert row(tenants[0]).status == Status.RUNNING
    assert row(tenants[0]).missed == 1
    reports += [run(), run()]

    assert [report.missed for report in reports] == [3, 3, 0]
    assert [report.missing for report in reports] == [0, 0, 3]
    assert Instance.objects.filter(status=Status.MISSING).count() == 3
    assert history(row(tenants[0]))[0].startswith("Seen: missing: 3 complete lists")
    assert run().missing == 0


def test_thousands_can_be_absent_at_once(railway: LocalRailway, settings: Any) -> None:
    settings.GUARD_SHRINK_PERCENT = 100
    Instance.objects.bulk_create(
        Instance(name=f"t-{n}", status=Status.RUNNING, project_id=f"p-{n}") for n in range(1500)
    )

    assert run().missed == 1500

    assert Instance.objects.filter(missed=1).count() == 1500


def test_what_is_missing_comes_back_when_it_is_listed_again(railway: LocalRailway) -> None:
    [tenant, *_] = railway.seed_instances(5)
    run()
    railway.vanish(tenant.id)
    for _ in range(3):
        run()
    railway.world.projects[tenant.id] = tenant

    run()

    assert row(tenant).status == Status.RUNNING
    assert row(tenant).missed == 0
    assert history(row(tenant))[0] == "Seen: its project is there again."


def test_what_railway_is_deleting_is_told_from_what_is_missing(railway: LocalRailway) -> None:
    [tenant, *_] = railway.seed_instances(5)
    run()
    projects.schedule_deletion(railway.world, tenant)

    run()

    assert row(tenant).status == Status.DELETING
    assert row(tenant).gone_at


def test_48_hours_later_it_is_deleted(railway: LocalRailway) -> None:
    [tenant, *_] = railway.seed_instances(5)
    run()
    projects.schedule_deletion(railway.world, tenant)
    run()
    railway.vanish(tenant.id)
    run()
    assert row(tenant).status == Status.DELETING

    with time_machine.travel(timezone.now() + timedelta(hours=49)):
        report = run()

    assert report.deleted == 1
    assert row(tenant).status == Status.DELETED


def test_a_tag_is_honoured_both_ways(railway: LocalRailway, stand: Stand) -> None:
    instance = stand(address=False)
    railway.edit(instance.project_id, description="deletion-scheduled:2030-01-01T00:00:00+02:00")

    run()

    instance.refresh_from_db()
    assert instance.status == Status.DELETION_SCHEDULED
    assert instance.deletion_scheduled_at == datetime(2029, 12, 31, 22, tzinfo=UTC)
    assert instance.former_description == "Luthien Proxy instance: acme"
    railway.edit(instance.project_id, description="")
    run()
    instance.refresh_from_db()
    assert instance.status == Status.RUNNING
    assert instance.deletion_scheduled_at is None
    assert history(instance)[0] == "Seen: its deletion tag is gone."


def test_what_was_scheduled_here_runs_again_when_its_description_is_blanked(
    railway: LocalRailway, stand: Stand, requester: Requester
) -> None:
    instance = stand(address=False)
    long_ago(carry_out(deletion.schedule(instance, requester, reason="")))
    railway.edit(instance.project_id, description="")

    run()

    instance.refresh_from_db()
    assert instance.status == Status.RUNNING


def test_a_renamed_project_takes_its_row_along(railway: LocalRailway, stand: Stand) -> None:
    instance = stand(address=False)
    railway.edit(instance.project_id, name="luthien-beta")

    run()

    instance.refresh_from_db()
    assert instance.name == "beta"
    assert history(instance)[0] == "Seen: its project was renamed from acme to beta."


def test_a_name_that_no_instance_can_have_is_shown(railway: LocalRailway, stand: Stand) -> None:
    instance = stand(address=False)
    railway.edit(instance.project_id, name="Something else")

    run()

    instance.refresh_from_db()
    assert instance.name == "acme"
    assert instance.problem.startswith("Its Railway project is named Something else now")


def test_a_row_with_an_operation_is_left_to_it(
    railway: LocalRailway, stand: Stand, requester: Requester
) -> None:
    instance = stand(address=False)
    deletion.schedule(instance, requester, reason="")
    railway.edit(instance.project_id, description=DUE)

    report = run()

    instance.refresh_from_db()
    assert (report.left, report.updated) == (1, 0)
    assert instance.status == Status.RUNNING


def test_a_row_that_an_operation_has_just_left_is_left_too(
    railway: LocalRailway, stand: Stand, requester: Requester
) -> None:
    """A list may still show what was there before."""
    instance = stand(address=False)
    carry_out(deletion.schedule(instance, requester, reason=""))
    railway.edit(instance.project_id, description="")

    assert run().left == 1

    instance.refresh_from_db()
    assert instance.status == Status.DELETION_SCHEDULED


def test_a_list_that_breaks_off_says_nothing_about_what_it_did_not_show(
    railway: LocalRailway,
) -> None:
    railway.seed_instances(150)
    run()
    railway.faults.add(Fault("projects", "error", message="Problem processing request", skip=1))

    with pytest.raises(errors.RailwayError):
        run()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert not Instance.objects.filter(missed__gt=0).exists()
    assert job.error.startswith("Railway answered")
    assert job.result["listed"] == 150


def test_a_list_that_shrank_is_held_until_a_person_lets_it_through(
    railway: LocalRailway, requester: Requester
) -> None:
    tenants = railway.seed_instances(10)
    run()
    for project in tenants[:5]:
        railway.vanish(project.id)

    with pytest.raises(Held, match="does not show 5 of the 10 instances"):
        run()

    job = Job.objects.get(name=Job.Name.SYNC)
    assert job.held_at
    assert not Instance.objects.filter(missed__gt=0).exists()
    assert len(job.held_rows) == 5
    jobs.let_through(job, requester, "the five were moved on purpose")
    assert run().missed == 5
    job.refresh_from_db()
    assert job.held_at is None
    assert job.pass_by_name == ""
    run()


def test_too_many_missing_at_once_are_held(railway: LocalRailway, settings: Any) -> None:
    tenants = railway.seed_instances(40)
    run()
    for project in tenants[:9]:
        railway.vanish(project.id)
    settings.GUARD_MOST_INSTANCES = 8
    run()
    run()

    with pytest.raises(Held, match="give up as gone 9 of 40 instances; 8 at most"):
        run()

    assert not Instance.objects.filter(status=Status.MISSING).exists()


def test_of_two_runs_one_does_nothing(railway: LocalRailway) -> None:
    railway.seed_instances(1)
    with jobs.running(Job.Name.SYNC), pytest.raises(Busy, match="a run is at it already"):
        run()

    assert not Instance.objects.exists()


def test_a_dead_runs_lock_is_taken_over(railway: LocalRailway) -> None:
    railway.seed_instances(1)
    long_ago = timezone.now() - timedelta(minutes=6)
    Job.objects.create(name=Job.Name.SYNC, locked_by="6" * 32, locked_until=long_ago)

    assert run().created == 1


def test_a_second_project_of_the_same_name_is_left_alone_and_told(
    railway: LocalRailway, stand: Stand
) -> None:
    instance = stand(address=False)
    railway.add_instance("acme", address=False)

    report = run()

    assert Instance.objects.count() == 1
    assert f"beside that of acme ({instance.project_id})" in report.problems[0]


def test_what_was_moved_elsewhere_is_not_missing(
    railway: LocalRailway, stand: Stand, settings: Any
) -> None:
    instance = stand(address=False)
    project = railway.world.projects[instance.project_id]
    settings.RAILWAY_WORKSPACE_ID = project.workspace_id
    project.workspace_id = railway.world.add_workspace("Elsewhere").id
    for _ in range(4):
        run()

    instance.refresh_from_db()
    assert instance.status == Status.RUNNING
    assert "moved to another workspace" in instance.problem


def test_services_are_followed(railway: LocalRailway, stand: Stand) -> None:
    instance = stand(address=False)
    project = railway.world.projects[instance.project_id]
    redis = next(s for s in project.services.values() if s.name == "Redis")
    redis.deleted_at = railway.world.now()

    run()

    instance.refresh_from_db()
    assert instance.status == Status.UNHEALTHY
    assert instance.services.get(role=Service.Role.REDIS).status == Service.Status.UNKNOWN


def test_two_projects_renamed_to_one_name_stop_nothing(railway: LocalRailway, stand: Stand) -> None:
    both = [stand("one", address=False), stand("two", address=False)]
    for instance in both:
        railway.edit(instance.project_id, name="luthien-same")

    run()

    assert sorted(Instance.objects.values_list("name", flat=True)) in (
        ["one", "same"],
        ["same", "two"],
    )
    assert Instance.objects.exclude(problem="").count() == 1


def test_what_fits_no_column_stops_nothing(railway: LocalRailway) -> None:
    odd, _ = railway.seed_instances(2)
    gateway = next(s for s in odd.services.values() if s.name == "gateway")
    gateway.deployments[-1].commit = "c" * 500
    gateway.deployments[-1].branch = "b" * 500
    gateway.repo = f"owner/{'r' * 500}"
    railway.edit(odd.id, description="nul \x00 and half \ud800 a character")

    assert run().created == 2

    assert run().unchanged == 2
    assert row(odd).description == "nul  and half ? a character"


def test_an_address_that_is_gone_is_forgotten(railway: LocalRailway, stand: Stand) -> None:
    instance = stand()
    project = railway.world.projects[instance.project_id]
    next(s for s in project.services.values() if s.name == "gateway").domains.clear()

    run()

    instance.refresh_from_db()
    assert instance.host == ""


def test_what_is_deleted_and_there_again_can_be_forgotten_and_discovered_anew(
    railway: LocalRailway, stand: Stand, requester: Requester
) -> None:
    instance = stand(address=False)
    long_ago(carry_out(deletion.delete(instance, requester, reason="")))
    projects.cancel_deletion(railway.world.projects[instance.project_id])

    report = run()

    instance.refresh_from_db()
    assert report.problems == [f"acme: {THERE_AGAIN}"]
    assert instance.problem == THERE_AGAIN
    adoption.forget(instance, requester, reason="it was restored")
    assert run().created == 1


def test_what_was_moved_elsewhere_and_deleted_there_is_missing_in_the_end(
    railway: LocalRailway, stand: Stand, settings: Any
) -> None:
    instance = stand(address=False)
    project = railway.world.projects[instance.project_id]
    settings.RAILWAY_WORKSPACE_ID = project.workspace_id
    project.workspace_id = railway.world.add_workspace("Elsewhere").id
    for _ in range(4):
        run()
    railway.vanish(instance.project_id)

    run()

    instance.refresh_from_db()
    assert instance.status == Status.MISSING


def test_a_list_that_shrinks_right_after_deletions_were_seen_is_held_too(
    railway: LocalRailway,
) -> None:
    tenants = railway.seed_instances(20)
    run()
    for project in tenants[:8]:
        projects.delete(railway.world, project)
    run()
    for project in tenants[8:16]:
        railway.vanish(project.id)

    with pytest.raises(Held, match="does not show 8 of the 12 instances"):
        run()


def test_projects_of_others_may_go_without_anything_being_held(railway: LocalRailway) -> None:
    railway.seed_instances(2)
    others = railway.seed_projects(4)
    run()
    for project in others[:3]:
        railway.vanish(project.id)

    assert run().missed == 0


def test_a_project_that_is_listed_twice_counts_once(railway: LocalRailway) -> None:
    [tenant] = railway.seed_instances(1)
    railway.world.projects["again"] = tenant

    report = run()

    assert (report.seen, report.created) == (1, 1)
    [gateway] = [s for s in tenant.services.values() if s.name == "gateway"]
    tenant.services.pop(gateway.id)
    run()
    tenant.services[gateway.id] = gateway
    assert run().updated == 1


def test_a_project_that_is_on_two_pages_counts_once(railway: LocalRailway) -> None:
    [tenant] = railway.seed_instances(1)
    railway.seed_projects(99)
    # The newest come first: it ends the first page, and begins the second one.
    tenant.created_at = 0.0
    railway.world.projects["again"] = tenant

    report = run()

    assert (report.seen, report.listed, report.unchanged) == (100, 100, 0)


def test_a_name_that_is_taken_in_this_very_moment_stops_nothing(railway: LocalRailway) -> None:
    railway.seed_instances(2)
    with name_taken_before_it_is_written("tenant-1"):
        report = run()

    assert (report.created, report.left) == (0, 2)
    assert run().created == 2
