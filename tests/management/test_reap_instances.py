"""`reap_instances`: what cron runs. What is due is decided in the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.utils import timezone

from instances.models import Instance, Job, Operation
from instances.services import deletion, jobs, people
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out

pytestmark = pytest.mark.django_db

Status = Instance.Status


@contextmanager
def days_later(days: float = 7.1) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
        yield


@pytest.fixture
def due(stand: Stand, requester: Requester) -> Instance:
    """Return one that was scheduled here; it is due a week later."""
    return scheduled(stand, requester, "acme")


@pytest.fixture
def two_are_due(stand: Stand, requester: Requester, settings: Any) -> list[Instance]:
    """Return two, where the guard lets one go."""
    settings.GUARD_MOST_INSTANCES = 1
    return [scheduled(stand, requester, name) for name in ("one", "two")]


def scheduled(stand: Stand, requester: Requester, name: str) -> Instance:
    instance = stand(name, address=False)
    carry_out(deletion.schedule(instance, requester, reason="over"))
    instance.refresh_from_db()
    return instance


def run(*argv: str) -> str:
    out = StringIO()
    call_command("reap_instances", *argv, stdout=out)
    return out.getvalue()


def run_as_json(*argv: str) -> Any:
    return json.loads(run(*argv, "--json"))


def ends_as_json(code: int, *argv: str) -> Any:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("reap_instances", *argv, "--json", stdout=out)
    assert ended.value.code == code
    return json.loads(out.getvalue())


def is_there(railway: LocalRailway, instance: Instance) -> bool:
    return railway.world.projects[instance.project_id].deleted_at is None


def history_of_the_job() -> list[str]:
    kind = ContentType.objects.get_for_model(Job)
    return [entry.get_change_message() for entry in LogEntry.objects.filter(content_type=kind)]


def test_with_json_it_prints_what_was_reaped_and_until_when_it_can_be_undone(
    due: Instance, railway: LocalRailway
) -> None:
    with days_later():
        answer = run_as_json()

    due.refresh_from_db()
    assert due.gone_at
    line = {"name": "acme", "status": "deleting", "gone_at": due.gone_at.isoformat()}
    assert answer == {"reaped": [line], "kept": [], "failed": []}
    assert not is_there(railway, due)


def test_a_person_sees_it_in_lines(due: Instance) -> None:
    with days_later():
        text = run()

    due.refresh_from_db()
    assert due.gone_at
    gone_at = due.gone_at.isoformat()
    assert text == f"acme is deleting; Railway deletes it for good on {gone_at}.\n"


def test_a_person_sees_what_was_deleted_at_once(due: Instance, settings: Any) -> None:
    settings.REAP_IMMEDIATELY = True

    with days_later():
        assert run() == "acme is deleted.\n"


def test_nothing_due_is_said_and_is_no_error(due: Instance, railway: LocalRailway) -> None:
    assert run() == "Nothing is due.\n"
    assert run_as_json() == {"reaped": [], "kept": [], "failed": []}
    assert is_there(railway, due)


def test_the_history_says_that_cron_did_it(due: Instance) -> None:
    with days_later():
        run()

    said = [entry.get_change_message() for entry in people.history(due)]
    assert said[1].startswith("Delete asked for by cron: its deletion was due on ")


def test_what_is_kept_is_told_with_the_reason_and_is_no_error(
    due: Instance, railway: LocalRailway
) -> None:
    railway.edit(due.project_id, description="")

    with days_later():
        answer, text = run_as_json(), run()

    why = "Its deletion tag is gone from Railway."
    assert answer == {"reaped": [], "kept": [{"name": "acme", "why": why}], "failed": []}
    assert text == f"acme kept: {why}\n"
    assert is_there(railway, due)


def test_one_that_is_called_off_at_the_last_moment_is_kept_and_is_no_error(
    due: Instance, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("project", "hold"))

    def call_it_off() -> None:
        railway.faults.wait_held(20)
        railway.edit(due.project_id, description="")
        railway.faults.release()

    with days_later(), ThreadPoolExecutor() as pool:
        called_off = pool.submit(call_it_off)
        answer = run_as_json()
        called_off.result()

    why = "Kept: its deletion tag is gone from Railway."
    assert answer == {"reaped": [], "kept": [{"name": "acme", "why": why}], "failed": []}
    assert is_there(railway, due)


def test_a_deletion_that_fails_is_told_and_exits_1(due: Instance, railway: LocalRailway) -> None:
    refused = Fault("projectScheduleDelete", "error", message="Invalid input", times=None)
    railway.faults.add(refused)

    with days_later():
        answer = ends_as_json(1)

    [line] = answer["failed"]
    assert (line["name"], answer["reaped"]) == ("acme", [])
    assert "Invalid input" in line["why"]
    assert is_there(railway, due)


def test_one_that_fails_does_not_keep_the_others(
    two_are_due: list[Instance], railway: LocalRailway, settings: Any
) -> None:
    settings.GUARD_MOST_INSTANCES, settings.GUARD_MOST_PERCENT = 2, 100
    railway.faults.add(Fault("projectScheduleDelete", "error", message="Invalid input"))

    with days_later():
        answer = ends_as_json(1)

    [failed], [reaped] = answer["failed"], answer["reaped"]
    assert {failed["name"], reaped["name"]} == {"one", "two"}
    assert [is_there(railway, each) for each in two_are_due].count(True) == 1


def test_what_the_guard_holds_exits_3_and_touches_nothing(
    two_are_due: list[Instance], railway: LocalRailway
) -> None:
    with days_later():
        answer = ends_as_json(3)

    assert set(answer) == {"error"}
    assert answer["error"].startswith("This run would delete 2 of 2 instances; 1 at most may be")
    assert all(is_there(railway, each) for each in two_are_due)
    assert Job.objects.get(name=Job.Name.REAP).held_at


def test_without_json_a_held_run_is_a_command_error_with_its_code(
    two_are_due: list[Instance],
) -> None:
    with days_later(), pytest.raises(CommandError, match="would delete 2 of 2") as held:
        run()

    assert held.value.returncode == 3


def test_let_through_passes_the_guard_and_the_reason_is_in_the_history(
    two_are_due: list[Instance], railway: LocalRailway
) -> None:
    with days_later():
        answer = run_as_json("--let-through", "both are wanted")

    assert {line["name"] for line in answer["reaped"]} == {"one", "two"}
    assert not any(is_there(railway, each) for each in two_are_due)
    [line] = history_of_the_job()
    assert line.startswith("This run was let through by ")
    assert line.endswith(" (command line): both are wanted")


def test_letting_through_is_for_one_run_only(
    two_are_due: list[Instance], stand: Stand, requester: Requester
) -> None:
    run("--let-through", "to see what happens")

    with days_later():
        assert "would delete 2 of 2" in ends_as_json(3)["error"]


def test_a_dry_run_names_what_is_due_and_does_nothing(due: Instance, railway: LocalRailway) -> None:
    with days_later():
        answer, text = run_as_json("--dry-run"), run("--dry-run")

    assert answer == {"due": ["acme"], "kept": [], "held": None}
    assert text == "acme is due.\n"
    assert is_there(railway, due)
    assert not Operation.objects.filter(kind=Operation.Kind.DELETE).exists()


def test_a_dry_run_names_what_would_be_kept(due: Instance, railway: LocalRailway) -> None:
    railway.edit(due.project_id, name="luthien-other")

    with days_later():
        answer, text = run_as_json("--dry-run"), run("--dry-run")

    why = "Its Railway project is named luthien-other."
    assert answer == {"due": [], "kept": [{"name": "acme", "why": why}], "held": None}
    assert text == f"acme kept: {why}\n"


def test_a_dry_run_with_nothing_due_says_so(due: Instance) -> None:
    assert run("--dry-run") == "Nothing is due.\n"


def test_a_dry_run_that_the_guard_would_hold_exits_3(two_are_due: list[Instance]) -> None:
    with days_later():
        answer = ends_as_json(3, "--dry-run")

    assert set(answer["due"]) == {"one", "two"}
    assert answer["held"].startswith("This run would delete 2 of 2 instances")
    assert not Job.objects.filter(name=Job.Name.REAP).exists()


def test_while_a_sync_is_held_nothing_is_reaped(due: Instance, railway: LocalRailway) -> None:
    Job.objects.create(name=Job.Name.SYNC, held_at=timezone.now(), held_because="The list shrank.")

    with days_later():
        answer = ends_as_json(3)

    assert answer["error"].startswith("The last sync is held: The list shrank.")
    assert is_there(railway, due)


def test_while_another_run_is_at_it_nothing_is_done_and_that_is_no_error(
    due: Instance, railway: LocalRailway
) -> None:
    with days_later(), jobs.running(Job.Name.REAP):
        answer, text = run_as_json(), run()

    assert set(answer) == {"busy"}
    assert "a run is at it already" in answer["busy"]
    assert text.endswith("This one did nothing.\n")
    assert is_there(railway, due)


def test_what_is_protected_is_kept(due: Instance, railway: LocalRailway, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]

    with days_later():
        answer = run_as_json()

    assert answer["kept"] == [{"name": "acme", "why": "Its Railway project is protected."}]
    assert is_there(railway, due)


def test_what_was_only_discovered_is_not_even_looked_at(
    stand: Stand, railway: LocalRailway
) -> None:
    tag = "deletion-scheduled:2026-01-01T00:00:00+00:00"
    found = stand(ownership=Instance.Ownership.DISCOVERED, description=tag, address=False)

    assert run() == "Nothing is due.\n"
    assert is_there(railway, found)


@pytest.mark.parametrize("argv", [[], ["--dry-run"]])
def test_when_railway_does_not_answer_it_exits_1(
    due: Instance, railway: LocalRailway, argv: list[str]
) -> None:
    railway.faults.add(Fault("*", "status", status=502, times=None))

    with days_later():
        answer = ends_as_json(1, *argv)

    assert set(answer) == {"error"}
    assert "502" in answer["error"]


def test_nobody_at_the_address_is_a_command_error(due: Instance, settings: Any) -> None:
    settings.RAILWAY_API_URL = "http://localhost:9/graphql/v2"

    with days_later(), pytest.raises(CommandError, match="Railway cannot be reached") as caught:
        run()

    assert caught.value.returncode == 1
