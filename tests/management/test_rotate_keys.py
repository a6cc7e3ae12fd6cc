"""`rotate_keys`: prints the new keys once the gateway accepts them, and says so in the history."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from instances.models import Instance, Operation
from instances.services import credentials, people
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import only_gateway, stored_text
from tests.management.calling import Called

pytestmark = pytest.mark.django_db


command = Called("rotate_keys")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def keys(instance: Instance) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in credentials.of(instance).items()}


def history(instance: Instance) -> list[str]:
    return [entry.get_change_message() for entry in people.history(instance)]


def test_with_json_it_prints_the_new_keys(stand: Stand, railway: LocalRailway) -> None:
    instance = stand()
    before = keys(instance)

    answer = run_as_json("acme")

    running = railway.deployed(instance.project_id) or {}
    assert answer == {
        "rotated": "acme",
        "client_api_key": running["CLIENT_API_KEY"],
        "admin_api_key": running["ADMIN_API_KEY"],
    }
    assert answer["client_api_key"] != before["CLIENT_API_KEY"]
    assert answer["admin_api_key"] != before["ADMIN_API_KEY"]


def test_a_person_sees_the_new_keys_in_lines(stand: Stand) -> None:
    instance = stand()

    text = run("acme")

    after = keys(instance)
    assert text == (
        "acme accepts its new keys; the older ones are retired.\n"
        f"  CLIENT_API_KEY   {after['CLIENT_API_KEY']}\n"
        f"  ADMIN_API_KEY    {after['ADMIN_API_KEY']}\n"
    )


def test_each_key_that_was_printed_is_revealed_in_the_history(stand: Stand) -> None:
    instance = stand()

    answer = run_as_json("acme", "--reason", "ann has left")

    said = history(instance)
    [asked] = [line for line in said if line.startswith("Rotate keys asked for by ")]
    assert asked.endswith(" (command line): ann has left")
    revealed = sorted(line.partition(" revealed to ")[0] for line in said if "revealed" in line)
    assert revealed == ["ADMIN_API_KEY", "CLIENT_API_KEY"]
    assert all(line.endswith(" (command line).") for line in said if "revealed" in line)
    assert answer["client_api_key"] not in stored_text()
    assert answer["admin_api_key"] not in stored_text()


def test_one_key_alone_is_rotated_printed_and_revealed(stand: Stand) -> None:
    instance = stand()
    before = keys(instance)

    answer = run_as_json("acme", "--key", "ADMIN_API_KEY")

    after = keys(instance)
    assert answer == {"rotated": "acme", "admin_api_key": after["ADMIN_API_KEY"]}
    assert after["ADMIN_API_KEY"] != before["ADMIN_API_KEY"]
    assert after["CLIENT_API_KEY"] == before["CLIENT_API_KEY"]
    assert [line for line in history(instance) if "CLIENT_API_KEY" in line] == []


def test_a_key_that_cannot_be_rotated_is_refused(stand: Stand) -> None:
    stand()

    with pytest.raises(CommandError, match="invalid choice: 'CREDENTIAL_ENCRYPTION_KEY'"):
        run("acme", "--key", "CREDENTIAL_ENCRYPTION_KEY")

    assert not Operation.objects.exists()


def test_without_waiting_no_key_is_printed_and_nothing_is_done_yet(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand()
    before = keys(instance)

    answer = run_as_json("acme", "--no-wait")

    assert answer["operation"] == Operation.objects.get().pk
    assert not {"client_api_key", "admin_api_key"} & set(answer)
    assert keys(instance) == before
    assert only_gateway(railway).variables["CLIENT_API_KEY"] == before["CLIENT_API_KEY"]
    assert [line for line in history(instance) if "revealed" in line] == []


def test_without_waiting_a_person_is_told_the_operation(stand: Stand) -> None:
    stand()

    assert run("acme", "--no-wait") == f"Asked for (operation {Operation.objects.get().pk}).\n"


def test_a_key_in_the_reason_does_not_reach_the_history(stand: Stand) -> None:
    key = keys(stand())["CLIENT_API_KEY"]

    run("acme", "--no-wait", "--reason", f"{key} was posted")

    assert "was posted" in stored_text()
    assert key not in stored_text()


def test_a_failure_exits_1_and_the_older_keys_go_on_working(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand()
    before = keys(instance)
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    error = fails_as_json("acme")

    assert error.startswith("Rotate keys of acme failed: The gateway's deployment ")
    assert keys(instance) == before
    running = railway.deployed(instance.project_id) or {}
    assert running["CLIENT_API_KEY"] == before["CLIENT_API_KEY"]
    assert [line for line in history(instance) if "revealed" in line] == []


def test_without_an_address_it_is_refused(stand: Stand) -> None:
    stand(address=False)

    assert fails_as_json("acme").startswith("It has no address")


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        run("nobody")


def test_an_unknown_name_is_an_error(db: None) -> None:
    assert fails_as_json("nobody") == "There is no instance named nobody."


def test_what_was_only_discovered_is_refused(stand: Stand) -> None:
    stand(ownership=Instance.Ownership.DISCOVERED)

    assert "only discovered on Railway" in fails_as_json("acme")

    assert not Operation.objects.exists()


def test_a_protected_project_is_refused(stand: Stand, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]
    stand()

    assert "is protected" in fails_as_json("acme")

    assert not Operation.objects.exists()
