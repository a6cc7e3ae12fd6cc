"""Scheduling a deletion, taking it back, deleting now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from instances import deletion_tag
from instances.models import Instance, Operation
from instances.services import adoption, deletion, people, recovery
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out
from tests.standing import read_anew

pytestmark = pytest.mark.django_db

Status = Instance.Status
State = Operation.State


def description(railway: LocalRailway, instance: Instance) -> str:
    return railway.world.projects[instance.project_id].description


def history(instance: Instance) -> list[str]:
    return [entry.get_change_message() for entry in people.history(instance)]


def scheduled(instance: Instance, requester: Requester) -> Operation:
    return carry_out(deletion.schedule(instance, requester, reason="the trial is over"))


def test_a_scheduled_one_has_the_tag_on_railway(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()

    operation = scheduled(instance, requester)

    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert instance.status == Status.DELETION_SCHEDULED
    due = deletion_tag.scheduled_at(description(railway, instance))
    assert due == instance.deletion_scheduled_at
    assert due
    assert timedelta(days=6.9) < due - timezone.now() < timedelta(days=7.1)
    assert instance.countdown == "6d 23h"
    assert instance.former_description == "Luthien Proxy instance: acme"


def test_the_history_says_who_why_and_how_it_ended(stand: Stand, requester: Requester) -> None:
    instance = stand()

    scheduled(instance, requester)

    ended, asked = history(instance)[:2]
    assert asked == "Schedule deletion asked for by ann: the trial is over"
    assert ended.startswith("Schedule deletion: succeeded; due on 20")


def test_asking_twice_does_not_move_the_date(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(description="deletion-scheduled:2030-01-01T00:00:00+00:00")

    scheduled(instance, requester)

    instance.refresh_from_db()
    assert "does not move the date" in deletion.why_not_schedule(instance)
    assert instance.deletion_scheduled_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert description(railway, instance) == "deletion-scheduled:2030-01-01T00:00:00+00:00"


def test_the_date_is_moved_when_that_is_asked_for(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(description="deletion-scheduled:2030-01-01T00:00:00+00:00")

    carry_out(deletion.schedule(instance, requester, reason="", reschedule=True))

    instance.refresh_from_db()
    assert instance.deletion_scheduled_at
    assert instance.deletion_scheduled_at.year < 2030
    assert deletion_tag.scheduled_at(description(railway, instance)) == (
        instance.deletion_scheduled_at
    )


def test_a_tag_that_somebody_wrote_just_now_keeps_its_date(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.edit(instance.project_id, description="deletion-scheduled:2030-01-01T00:00:00+00:00")

    scheduled(instance, requester)

    instance.refresh_from_db()
    assert instance.deletion_scheduled_at == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_cancel_puts_the_former_description_back(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(description="Demo for Contoso")
    scheduled(instance, requester)

    operation = carry_out(deletion.cancel(instance, requester))

    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert description(railway, instance) == "Demo for Contoso"
    assert instance.status == Status.RUNNING
    assert instance.deletion_scheduled_at is None
    assert instance.former_description == ""


@pytest.mark.parametrize(
    ("tagged", "after"),
    [
        ("deletion-scheduled:2030-01-01T00:00:00+00:00", "Luthien Proxy instance: acme"),
        ("Demo deletion-scheduled:2030-01-01T00:00:00+00:00", "Demo"),
        ("deletion-scheduled:soon", "Luthien Proxy instance: acme"),
    ],
)
def test_a_cancel_takes_away_a_tag_that_others_wrote(
    stand: Stand, railway: LocalRailway, requester: Requester, tagged: str, after: str
) -> None:
    instance = stand(description=tagged)

    carry_out(deletion.cancel(instance, requester))

    assert description(railway, instance) == after


def test_a_delete_now_is_gone_at_once(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()

    operation = carry_out(deletion.delete(instance, requester, reason="asked for"))

    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert instance.status == Status.DELETED
    assert railway.world.projects[instance.project_id].removed_at is not None
    assert history(instance)[0] == "Delete: succeeded; the project is gone."


def test_a_delete_now_hastens_what_railway_was_to_delete(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    from instances.simulator import projects  # noqa: PLC0415

    projects.schedule_deletion(railway.world, railway.world.projects[instance.project_id])
    read_anew(instance)
    assert instance.status == Status.DELETING

    carry_out(deletion.delete(instance, requester, reason=""))

    instance.refresh_from_db()
    assert instance.status == Status.DELETED
    assert railway.requests[-1].operation == "projectScheduleDeleteForce"


def test_an_overdue_tag_that_nobody_has_seen_is_not_taken_over(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(address=False)
    railway.edit(instance.project_id, description="deletion-scheduled:2026-01-01T00:00:00+00:00")

    operation = scheduled(instance, requester)

    instance.refresh_from_db()
    assert operation.state == State.FAILED
    assert "tagged on Railway as due since 2026-01-01 00:00 UTC" in operation.message
    assert instance.status == Status.RUNNING


def test_the_grace_period_begins_when_the_tag_is_written(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(address=False)
    operation = deletion.schedule(instance, requester, reason="over")

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        # Nobody came for so long that a person is asked whether it is still wanted.
        carry_out(operation)
        recovery.resume(operation, requester)
        carry_out(operation)
        due = deletion_tag.scheduled_at(railway.world.projects[instance.project_id].description)
        assert due
        assert due > timezone.now() + timedelta(days=6)


def show_again(railway: LocalRailway, project_id: str, text: str) -> str:
    """When the app looks, show what the description was before; return what it had become."""
    project = railway.world.projects[project_id]
    assert railway.faults.wait_held(30)
    written, project.description = project.description, text
    railway.faults.release()
    return written


@pytest.fixture
def reads_lag(railway: LocalRailway) -> Callable[[Instance, str], None]:
    """Have Railway go on showing what a project was called for."""

    def show(instance: Instance, description: str) -> None:
        railway.world.projects[instance.project_id].description = description

    return show


@pytest.mark.parametrize("scale", [0.5])
def test_a_look_that_lags_behind_does_not_take_a_schedule_back(
    stand: Stand, requester: Requester, reads_lag: Callable[[Instance, str], None]
) -> None:
    instance = stand()
    scheduled(instance, requester)
    reads_lag(instance, "Luthien Proxy instance: acme")

    read_anew(instance)
    operation = carry_out(adoption.sync(instance, requester))

    instance.refresh_from_db()
    assert instance.status == Status.DELETION_SCHEDULED
    assert instance.deletion_scheduled_at
    assert "Seen: its deletion tag is gone." not in history(instance)
    assert operation.log_lines.filter(text__contains="Railway may not show that yet").exists()


def test_what_somebody_does_on_railway_later_is_seen(
    stand: Stand, requester: Requester, reads_lag: Callable[[Instance, str], None]
) -> None:
    instance = stand()
    operation = scheduled(instance, requester)
    operation.finished_at = timezone.now() - timedelta(minutes=1)
    operation.save()
    reads_lag(instance, "")

    read_anew(instance)

    assert instance.status == Status.RUNNING


def test_a_cancel_does_not_store_the_tag_that_it_took_away(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    scheduled(instance, requester)
    tag = description(railway, instance)
    # Three looks go before the description is put back; from the next one on, reads lag.
    railway.faults.add(Fault("project", "hold", client="app", skip=3))
    with ThreadPoolExecutor(1) as pool:
        lagging = pool.submit(show_again, railway, instance.project_id, tag)
        operation = carry_out(deletion.cancel(instance, requester))

    assert lagging.result() == "Luthien Proxy instance: acme"
    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert description(railway, instance) == tag
    assert instance.status == Status.RUNNING
    assert instance.deletion_scheduled_at is None
