"""`forget_instance`: the row becomes history, and Railway is not even asked."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from django.core.management import CommandError

from instances.models import Instance
from instances.services import creation, credentials, deletion, people
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import stored_text
from tests.management.calling import Called

pytestmark = pytest.mark.django_db

Status = Instance.Status


class Terminal(StringIO):
    """A terminal at which somebody types this text."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())


command = Called("forget_instance")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def status(instance: Instance) -> str:
    instance.refresh_from_db()
    return instance.status


def test_with_json_it_prints_the_project_that_stays(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False)
    project_id, asked = instance.project_id, len(railway.requests)

    answer = run_as_json("acme", "--yes")

    assert answer == {"forgotten": "acme", "project_id": project_id}
    assert (status(instance), instance.project_id) == (Status.DELETED, "")
    assert railway.world.projects[project_id].deleted_at is None
    assert len(railway.requests) == asked


def test_a_person_is_told_that_the_project_stays(stand: Stand) -> None:
    project_id = stand(address=False).project_id

    text = run("acme", "--yes")

    assert text == f"acme is forgotten. Its Railway project {project_id} was not touched.\n"


def test_one_without_a_project_is_forgotten_too(db: None) -> None:
    Instance.objects.create(name="acme", status=Status.FAILED)

    assert run("acme", "--yes") == "acme is forgotten.\n"


def test_without_a_project_json_says_null(db: None) -> None:
    Instance.objects.create(name="acme", status=Status.FAILED)

    assert run_as_json("acme", "--yes") == {"forgotten": "acme", "project_id": None}


def test_the_name_is_free_again(stand: Stand, requester: Requester) -> None:
    stand(address=False)

    run("acme", "--yes")

    assert creation.request(Wish("acme"), requester).instance.name == "acme"


def test_what_was_only_discovered_can_be_forgotten(stand: Stand) -> None:
    instance = stand(ownership=Instance.Ownership.DISCOVERED, address=False)

    run("acme", "--yes")

    assert status(instance) == Status.DELETED


def test_the_history_says_who_and_why(stand: Stand) -> None:
    instance = stand(address=False)
    project_id = instance.project_id

    run("acme", "--yes", "--reason", "moved away")

    said = people.history(instance)[0].get_change_message()
    assert said.startswith("Forgotten by ")
    assert said.endswith(
        f" (command line); its Railway project {project_id} was not touched: moved away"
    )


def test_a_key_in_the_reason_does_not_reach_the_history(stand: Stand) -> None:
    key = credentials.of(stand(address=False))["CLIENT_API_KEY"].reveal()

    run("acme", "--yes", "--reason", f"{key} was posted")

    assert "was posted" in stored_text()
    assert key not in stored_text()


def test_one_with_an_operation_is_kept(stand: Stand, requester: Requester) -> None:
    instance = stand(address=False)
    deletion.schedule(instance, requester, reason="")

    assert "An operation is at it" in fails_as_json("acme", "--yes")

    assert status(instance) == Status.RUNNING


def test_one_that_is_deleted_is_an_error(stand: Stand) -> None:
    stand(address=False)
    run("acme", "--yes")

    assert fails_as_json("acme", "--yes") == "It is deleted."


def test_an_unknown_name_is_an_error(db: None) -> None:
    assert fails_as_json("nobody", "--yes") == "There is no instance named nobody."


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        run("nobody", "--yes")


def test_without_a_terminal_and_without_yes_it_is_refused(stand: Stand) -> None:
    instance = stand(address=False)

    assert fails_as_json("acme").endswith("There is no terminal to ask on: add --yes.")

    assert status(instance) == Status.RUNNING


def test_on_a_terminal_a_yes_forgets_it(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = stand(address=False)
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))

    run("acme")

    assert status(instance) == Status.DELETED


@pytest.mark.parametrize("typed", ["n", "", "acme"])
def test_on_a_terminal_any_other_word_does_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    instance = stand(address=False)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))

    with pytest.raises(CommandError, match=r"^Nothing was done\.$"):
        run("acme")

    assert status(instance) == Status.RUNNING
