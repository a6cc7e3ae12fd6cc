"""`adopt_instance`: what was discovered becomes ours, with its keys."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from instances.models import Instance, Operation
from instances.services import credentials, people
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import only_gateway, stored_text
from tests.management.calling import Called

pytestmark = pytest.mark.django_db

DISCOVERED = Instance.Ownership.DISCOVERED
THREE_KEYS = ["ADMIN_API_KEY", "CLIENT_API_KEY", "CREDENTIAL_ENCRYPTION_KEY"]


@pytest.fixture
def discovered(stand: Stand) -> Instance:
    return stand(ownership=DISCOVERED, address=False)


command = Called("adopt_instance")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def history(instance: Instance) -> list[str]:
    return [entry.get_change_message() for entry in people.history(instance)]


def test_with_json_it_names_the_keys_and_prints_none(
    discovered: Instance, railway: LocalRailway
) -> None:
    text = run("acme", "--json")

    assert json.loads(text) == {
        "adopted": "acme",
        "project_id": discovered.project_id,
        "status": "running",
        "keys_taken_over": THREE_KEYS,
        "keys_missing": [],
    }
    variables = only_gateway(railway).variables
    held = {name: secret.reveal() for name, secret in credentials.of(discovered).items()}
    assert held == {name: variables[name] for name in THREE_KEYS}
    assert not [name for name in THREE_KEYS if variables[name] in text]
    discovered.refresh_from_db()
    assert discovered.ownership == Instance.Ownership.ADOPTED


def test_a_person_is_told_the_names_of_the_keys(discovered: Instance) -> None:
    assert run("acme") == f"acme is adopted, with {', '.join(THREE_KEYS)}.\n"


def test_keys_that_railway_does_not_hold_are_named(
    discovered: Instance, railway: LocalRailway
) -> None:
    del only_gateway(railway).variables["ADMIN_API_KEY"]

    answer = run_as_json("acme")

    assert answer["keys_taken_over"] == ["CLIENT_API_KEY", "CREDENTIAL_ENCRYPTION_KEY"]
    assert answer["keys_missing"] == ["ADMIN_API_KEY"]


def test_a_person_is_told_when_there_are_no_keys(
    discovered: Instance, railway: LocalRailway
) -> None:
    only_gateway(railway).variables.clear()

    assert run("acme") == "acme is adopted, with no keys.\n"


def test_afterwards_it_can_be_changed_from_here(
    discovered: Instance, railway: LocalRailway
) -> None:
    run("acme")

    call_command("delete_instance", "acme", "--yes", stdout=StringIO(), stderr=StringIO())

    project = railway.world.projects[discovered.project_id]
    assert project.description.startswith("deletion-scheduled:")


def test_without_waiting_it_prints_the_operation_and_nothing_is_done_yet(
    discovered: Instance,
) -> None:
    answer = run_as_json("acme", "--no-wait")

    assert answer["operation"] == Operation.objects.get().pk
    discovered.refresh_from_db()
    assert discovered.ownership == DISCOVERED
    assert credentials.of(discovered) == {}


def test_without_waiting_a_person_is_told_the_operation(discovered: Instance) -> None:
    assert run("acme", "--no-wait") == f"Asked for (operation {Operation.objects.get().pk}).\n"


def test_the_history_says_who_why_and_what_was_taken_over(discovered: Instance) -> None:
    run("acme", "--reason", "from the old tool")

    ended, asked = history(discovered)[:2]
    assert asked.startswith("Adopt asked for by ")
    assert asked.endswith(" (command line): from the old tool")
    assert ended == f"Adopt: succeeded; {', '.join(THREE_KEYS)} taken over from Railway."


def test_no_key_is_written_anywhere_in_clear(discovered: Instance, railway: LocalRailway) -> None:
    run("acme")

    text = stored_text()
    variables = only_gateway(railway).variables
    assert [name for name in THREE_KEYS if variables[name] in text] == []


def test_a_failure_exits_1_and_it_is_not_ours(discovered: Instance, railway: LocalRailway) -> None:
    railway.vanish(discovered.project_id)

    error = fails_as_json("acme")

    assert error.startswith("Adopt acme failed: Railway does not show the project")
    discovered.refresh_from_db()
    assert discovered.ownership == DISCOVERED


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        run("nobody")


def test_an_unknown_name_is_an_error(db: None) -> None:
    assert fails_as_json("nobody") == "There is no instance named nobody."


def test_what_is_ours_already_is_refused(stand: Stand) -> None:
    stand(address=False)

    assert fails_as_json("acme") == "It is ours already."


def test_a_protected_project_is_refused(discovered: Instance, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]

    assert "is protected" in fails_as_json("acme")

    assert not Operation.objects.exists()


def test_our_own_project_is_refused(discovered: Instance, settings: Any) -> None:
    settings.RAILWAY_OWN_PROJECT_ID = discovered.project_id

    assert "is protected" in fails_as_json("acme")

    assert not Operation.objects.exists()
