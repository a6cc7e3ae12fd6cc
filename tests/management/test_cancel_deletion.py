"""`cancel_deletion`: takes back whichever layer of a deletion applies."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from instances.models import Instance, Operation
from instances.services import credentials, people
from instances.simulator import projects
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import stored_text
from tests.management.calling import Called
from tests.standing import read_anew

pytestmark = pytest.mark.django_db

TAG = "deletion-scheduled:2030-01-01T00:00:00+00:00"


command = Called("cancel_deletion")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def description(railway: LocalRailway, instance: Instance) -> str:
    return railway.world.projects[instance.project_id].description


def test_with_json_it_prints_the_status_that_came_back(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False, description=TAG)

    answer = run_as_json("acme")

    assert answer == {"cancelled": "acme", "status": "running"}
    assert description(railway, instance) == "Luthien Proxy instance: acme"


def test_a_person_is_told_the_status_too(stand: Stand) -> None:
    stand(address=False, description=TAG)

    assert run("acme") == "The deletion of acme is cancelled; it is running.\n"


def test_what_railway_is_deleting_is_brought_back(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False, description=TAG)
    project = railway.world.projects[instance.project_id]
    projects.schedule_deletion(railway.world, project)
    assert read_anew(instance).status == Instance.Status.DELETING

    assert run_as_json("acme")["status"] == "running"

    assert project.deleted_at is None
    assert "deletion-scheduled" not in project.description


def test_without_waiting_it_prints_the_operation_and_nothing_is_done_yet(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand(address=False, description=TAG)

    answer = run_as_json("acme", "--no-wait")

    assert answer["operation"] == Operation.objects.get().pk
    assert answer["status"] == "deletion_scheduled"
    assert description(railway, instance) == TAG


def test_without_waiting_a_person_is_told_the_operation(stand: Stand) -> None:
    stand(address=False, description=TAG)

    assert run("acme", "--no-wait") == f"Asked for (operation {Operation.objects.get().pk}).\n"


def test_the_history_says_who_and_why(stand: Stand) -> None:
    instance = stand(address=False, description=TAG)

    run("acme", "--reason", "they have paid")

    said = [entry.get_change_message() for entry in people.history(instance)]
    [asked] = [line for line in said if line.startswith("Cancel deletion asked for by ")]
    assert asked.endswith(" (command line): they have paid")


def test_a_key_in_the_reason_does_not_reach_the_history(stand: Stand) -> None:
    key = credentials.of(stand(address=False, description=TAG))["ADMIN_API_KEY"].reveal()

    run("acme", "--reason", f"{key} is still in use")

    assert "is still in use" in stored_text()
    assert key not in stored_text()


def test_what_is_not_scheduled_is_an_error(stand: Stand) -> None:
    stand(address=False)

    assert fails_as_json("acme") == "It is not scheduled for deletion."


def test_a_failure_says_why_and_exits_1(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False, description=TAG)
    railway.faults.add(Fault("projectUpdate", "error", message="Invalid input", times=None))

    error = fails_as_json("acme")

    assert error.startswith("Cancel deletion of acme failed: ")
    assert "Invalid input" in error
    instance.refresh_from_db()
    assert instance.status == Instance.Status.DELETION_SCHEDULED


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        run("nobody")


def test_an_unknown_name_is_an_error(db: None) -> None:
    assert fails_as_json("nobody") == "There is no instance named nobody."


def test_what_was_only_discovered_is_refused(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(ownership=Instance.Ownership.DISCOVERED, address=False, description=TAG)

    assert "only discovered on Railway" in fails_as_json("acme")

    assert description(railway, instance) == TAG
    assert not Operation.objects.exists()


def test_a_protected_project_is_refused(stand: Stand, railway: LocalRailway, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]
    instance = stand(address=False, description=TAG)

    assert "is protected" in fails_as_json("acme")

    assert description(railway, instance) == TAG
