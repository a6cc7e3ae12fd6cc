"""`sync_instances`: what cron runs. What a sync finds is tested with the service."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command

from instances.models import Instance, Job
from instances.services import jobs
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand

pytestmark = pytest.mark.django_db

NOTHING = {
    "seen": 0,
    "listed": 0,
    "created": 0,
    "updated": 0,
    "unchanged": 0,
    "left": 0,
    "ignored": 0,
    "missed": 0,
    "missing": 0,
    "deleted": 0,
    "problems": [],
    "put_off": "",
}


def run(*argv: str) -> str:
    out = StringIO()
    call_command("sync_instances", *argv, stdout=out)
    return out.getvalue()


def run_as_json(*argv: str) -> Any:
    return json.loads(run(*argv, "--json"))


def fails_as_json(code: int, *argv: str) -> str:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("sync_instances", *argv, "--json", stdout=out)
    assert ended.value.code == code
    answer = json.loads(out.getvalue())
    assert set(answer) == {"error"}
    return str(answer["error"])


def lose_half(railway: LocalRailway) -> None:
    """Have Railway list 5 projects after 10, so that the guard holds the next run."""
    tenants = railway.seed_instances(10)
    run()
    for project in tenants[:5]:
        railway.vanish(project.id)


def history_of_the_job() -> list[str]:
    kind = ContentType.objects.get_for_model(Job)
    return [entry.get_change_message() for entry in LogEntry.objects.filter(content_type=kind)]


def test_with_json_it_prints_the_counts(railway: LocalRailway, stand: Stand) -> None:
    railway.seed_instances(2)
    railway.seed_projects(3)
    stand(address=False)

    assert run_as_json() == NOTHING | {
        "seen": 6,
        "listed": 6,
        "created": 2,
        "unchanged": 1,
        "ignored": 3,
    }


def test_a_person_sees_only_the_counts_that_are_not_0(railway: LocalRailway) -> None:
    railway.seed_instances(2)
    railway.seed_projects(3)

    assert run() == "Saw 5 projects: 2 created, 3 ignored.\n"


def test_nothing_at_all_is_said_and_is_no_error(railway: LocalRailway) -> None:
    assert run() == "Saw 0 projects: nothing.\n"
    assert run_as_json() == NOTHING


def test_problems_are_told_after_the_counts(railway: LocalRailway, stand: Stand) -> None:
    stand(address=False)
    railway.add_instance("acme", address=False)

    first, second = run().splitlines()

    assert first == "Saw 2 projects: 1 unchanged, 1 ignored."
    assert second.startswith("There is a second Railway project named luthien-acme")


def test_what_the_guard_holds_exits_3(railway: LocalRailway) -> None:
    lose_half(railway)

    error = fails_as_json(3)

    assert error.startswith("Railway's list does not show 5 of the 10 instances")
    assert not Instance.objects.filter(missed__gt=0).exists()
    assert Job.objects.get(name=Job.Name.SYNC).held_at


def test_without_json_a_held_run_is_a_command_error_with_its_code(railway: LocalRailway) -> None:
    lose_half(railway)

    with pytest.raises(CommandError, match="let the run through") as held:
        run()

    assert held.value.returncode == 3


def test_let_through_passes_the_guard_and_the_reason_is_in_the_history(
    railway: LocalRailway,
) -> None:
    lose_half(railway)

    answer = run_as_json("--let-through", "the five were moved on purpose")

    assert answer["missed"] == 5
    [line] = history_of_the_job()
    assert line.startswith("This run was let through by ")
    assert line.endswith(" (command line): the five were moved on purpose")


def test_what_was_held_is_settled_by_letting_it_through(railway: LocalRailway) -> None:
    lose_half(railway)
    fails_as_json(3)

    run("--let-through", "moved on purpose")

    assert Job.objects.get(name=Job.Name.SYNC).held_at is None


def test_letting_through_is_for_one_run_only(railway: LocalRailway) -> None:
    lose_half(railway)
    run("--let-through", "moved on purpose")
    for project in list(railway.world.projects.values())[:3]:
        railway.vanish(project.id)

    assert fails_as_json(3).startswith("Railway's list does not show 3 of the 5 instances")


def test_while_another_run_is_at_it_nothing_is_done_and_that_is_no_error(
    railway: LocalRailway,
) -> None:
    railway.seed_instances(1)

    with jobs.running(Job.Name.SYNC):
        answer, text = run_as_json(), run()

    assert set(answer) == {"busy"}
    assert "a run is at it already" in answer["busy"]
    assert text.endswith("This one did nothing.\n")
    assert not Instance.objects.exists()


def test_nobody_at_the_address_exits_1(db: None) -> None:
    assert "Railway cannot be reached" in fails_as_json(1)
    assert "Railway cannot be reached" in Job.objects.get(name=Job.Name.SYNC).error


def test_without_json_nobody_at_the_address_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="Railway cannot be reached") as caught:
        run()

    assert caught.value.returncode == 1


def test_a_list_that_breaks_off_exits_1(railway: LocalRailway) -> None:
    railway.seed_instances(1)
    railway.faults.add(Fault("projects", "status", status=502, times=None))

    assert "502" in fails_as_json(1)


def test_a_sync_that_is_put_off_says_so_and_exits_0(railway: LocalRailway) -> None:
    railway.faults.add(Fault("*", "status", status=429, retry_after=60, times=None))

    text, answer = run(), run_as_json()

    assert text == f"Saw 0 projects: nothing.\n{answer['put_off']}\n"
    assert answer["put_off"].startswith("Railway allows no more requests for now")
