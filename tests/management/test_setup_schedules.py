"""`setup_schedules`: sync, reap and sweep by the queue, for those who prefer that to cron."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

pytestmark = pytest.mark.django_db

THREE = [
    {"name": "sweep", "minutes": 1},
    {"name": "sync", "minutes": 5},
    {"name": "reap", "minutes": 60},
]


def run(*argv: str) -> str:
    out = StringIO()
    call_command("setup_schedules", *argv, stdout=out)
    return out.getvalue()


def run_as_json(*argv: str) -> Any:
    return json.loads(run(*argv, "--json"))


def stored() -> list[dict[str, Any]]:
    return list(Schedule.objects.order_by("minutes").values("name", "minutes"))


def test_with_json_it_prints_what_is_scheduled(db: None) -> None:
    assert run_as_json() == {"schedules": THREE}
    assert stored() == THREE


def test_a_person_sees_it_in_lines(db: None) -> None:
    assert run() == "sweep: every 1 min.\nsync: every 5 min.\nreap: every 60 min.\n"


def test_each_is_due_now_repeats_for_ever_and_calls_what_is_there(db: None) -> None:
    run()

    schedules = Schedule.objects.all()
    assert all(schedule.next_run <= timezone.now() for schedule in schedules)
    assert {schedule.repeats for schedule in schedules} == {-1}
    called = {schedule.name: import_string(schedule.func).__name__ for schedule in schedules}
    assert called == {"sweep": "sweep", "sync": "sync", "reap": "reap"}


def test_run_twice_schedules_once_and_moves_no_next_run(db: None) -> None:
    run()
    later = timezone.now() + timedelta(minutes=3)
    Schedule.objects.update(next_run=later)

    assert run_as_json() == {"schedules": THREE}

    assert stored() == THREE
    assert set(Schedule.objects.values_list("next_run", flat=True)) == {later}


def test_what_was_changed_by_hand_is_put_right(db: None) -> None:
    run()
    Schedule.objects.filter(name="reap").update(minutes=2, repeats=0)

    run()

    reap = Schedule.objects.get(name="reap")
    assert (reap.minutes, reap.repeats, reap.func) == (60, -1, "instances.tasks.reap")


def test_a_schedule_of_the_same_name_that_is_not_ours_is_left_alone(db: None) -> None:
    other = Schedule.objects.create(name="sync", func="somewhere.else")

    run()
    run()

    assert Schedule.objects.filter(name="sync").count() == 2
    run("--remove")
    assert list(Schedule.objects.all()) == [other]


def test_remove_takes_away_ours_and_no_others(db: None) -> None:
    run()
    Schedule.objects.create(name="backup", func="backup.run")

    assert run_as_json("--remove") == {"removed": ["reap", "sweep", "sync"]}

    assert list(Schedule.objects.values_list("name", flat=True)) == ["backup"]


def test_a_person_is_told_what_was_removed(db: None) -> None:
    run()
    Schedule.objects.exclude(name="sync").delete()

    assert run("--remove") == "sync: not scheduled any more.\n"


def test_removing_what_is_not_there_is_no_error(db: None) -> None:
    assert run_as_json("--remove") == {"removed": []}
