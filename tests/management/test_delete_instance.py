"""`delete_instance`: with a way back or at once for good, and asked before either."""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils.dateparse import parse_datetime

from instances import deletion_tag
from instances.models import Instance, Operation
from instances.services import credentials, deletion, people
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import stored_text
from tests.management.calling import Called

pytestmark = pytest.mark.django_db

Status = Instance.Status
UNTOUCHED = "Luthien Proxy instance: acme"
TAG = "deletion-scheduled:2030-01-01T00:00:00+00:00"


class Terminal(StringIO):
    """A terminal at which somebody types this text."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())


command = Called("delete_instance")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def description(railway: LocalRailway, instance: Instance) -> str:
    return railway.world.projects[instance.project_id].description


def is_there(railway: LocalRailway, instance: Instance) -> bool:
    return railway.world.projects[instance.project_id].deleted_at is None


def history(instance: Instance) -> list[str]:
    return [entry.get_change_message() for entry in people.history(instance)]


def test_with_json_it_prints_the_date_that_railway_holds(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand(address=False)

    answer = run_as_json("acme", "--yes")

    assert set(answer) == {"scheduled_for_deletion", "deletion_date"}
    assert answer["scheduled_for_deletion"] == "acme"
    due = deletion_tag.scheduled_at(description(railway, instance))
    assert parse_datetime(answer["deletion_date"]) == due
    instance.refresh_from_db()
    assert instance.status == Status.DELETION_SCHEDULED


def test_for_a_person_it_prints_the_date(stand: Stand) -> None:
    instance = stand(address=False)

    text = run("acme", "--yes")

    instance.refresh_from_db()
    assert instance.deletion_scheduled_at
    date = instance.deletion_scheduled_at.isoformat()
    assert text == f"acme is scheduled for deletion on {date}.\n"


def test_with_force_it_is_gone_at_once(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False)

    answer = run_as_json("acme", "--force", "--yes")

    assert answer == {"deleted": "acme", "immediate": True}
    assert railway.world.projects[instance.project_id].removed_at is not None
    instance.refresh_from_db()
    assert instance.status == Status.DELETED


def test_a_person_is_told_that_it_is_deleted(stand: Stand) -> None:
    stand(address=False)

    assert run("acme", "--force", "--yes") == "acme is deleted.\n"


@pytest.mark.parametrize(("argv", "kind"), [([], "schedule_deletion"), (["--force"], "delete")])
def test_without_waiting_it_prints_the_operation_and_nothing_is_done_yet(
    stand: Stand, railway: LocalRailway, argv: list[str], kind: str
) -> None:
    instance = stand(address=False)

    answer = run_as_json("acme", "--yes", "--no-wait", *argv)

    operation = Operation.objects.get()
    assert (answer["operation"], answer["state"]) == (operation.pk, "queued")
    assert operation.kind == kind
    assert description(railway, instance) == UNTOUCHED
    assert is_there(railway, instance)


def test_without_waiting_a_person_is_told_the_operation(stand: Stand) -> None:
    stand(address=False)

    text = run("acme", "--yes", "--no-wait")

    assert text == f"Asked for (operation {Operation.objects.get().pk}).\n"


def test_asking_again_says_the_date_and_does_not_move_it(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand(address=False, description=TAG)

    answer = run_as_json("acme", "--yes")

    date = "2030-01-01T00:00:00+00:00"
    assert answer == {"scheduled_for_deletion": "acme", "deletion_date": date}
    assert description(railway, instance) == TAG


def test_asking_again_writes_a_tag_that_is_gone_from_railway(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand(address=False, description=TAG)
    railway.edit(instance.project_id, description="")

    answer = run_as_json("acme", "--yes")

    assert description(railway, instance) == f"deletion-scheduled:{answer['deletion_date']}"


def test_reschedule_begins_the_grace_period_anew(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False, description=TAG)

    answer = run_as_json("acme", "--reschedule", "--yes")

    assert answer["deletion_date"] < "2030"
    assert description(railway, instance) == f"deletion-scheduled:{answer['deletion_date']}"


def test_reschedule_is_asked_about(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False, description=TAG)

    assert "add --yes" in fails_as_json("acme", "--reschedule")

    assert description(railway, instance) == TAG


@pytest.mark.parametrize(
    ("argv", "asked"), [([], "Schedule deletion asked for by "), (["--force"], "Delete asked for")]
)
def test_the_history_says_who_and_why(stand: Stand, argv: list[str], asked: str) -> None:
    instance = stand(address=False)

    run("acme", "--yes", "--reason", "the trial is over", *argv)

    line = history(instance)[1]
    assert line.startswith(asked)
    assert line.endswith(" (command line): the trial is over")


def test_a_key_in_the_reason_does_not_reach_the_history(stand: Stand) -> None:
    key = credentials.of(stand(address=False))["CLIENT_API_KEY"].reveal()

    run("acme", "--yes", "--reason", f"its key {key} was posted")

    assert "was posted" in stored_text()
    assert key not in stored_text()


def test_a_failure_says_why_and_exits_1(stand: Stand, railway: LocalRailway) -> None:
    railway.vanish(stand(address=False).project_id)

    error = fails_as_json("acme", "--yes")

    assert error.startswith("Schedule deletion of acme failed: Railway does not show the project")


def test_a_delete_that_fails_leaves_the_row_as_it_was(stand: Stand, railway: LocalRailway) -> None:
    instance = stand(address=False)
    railway.edit(instance.project_id, name="luthien-other")

    error = fails_as_json("acme", "--yes", "--force")

    assert error.startswith("Delete acme failed: ")
    assert "is named luthien-other" in error
    assert is_there(railway, instance)
    instance.refresh_from_db()
    assert instance.status == Status.RUNNING


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody") as caught:
        run("nobody", "--yes")

    assert caught.value.returncode == 1


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_an_unknown_name_is_an_error(db: None, argv: list[str]) -> None:
    error = fails_as_json("nobody", "--yes", *argv)

    assert error == "There is no instance named nobody."


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_what_was_only_discovered_is_refused(
    stand: Stand, railway: LocalRailway, argv: list[str]
) -> None:
    instance = stand(ownership=Instance.Ownership.DISCOVERED, address=False)

    assert "only discovered on Railway" in fails_as_json("acme", "--yes", *argv)

    assert not Operation.objects.exists()
    assert is_there(railway, instance)


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_a_protected_project_is_refused(stand: Stand, settings: Any, argv: list[str]) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]
    stand(address=False)

    assert "is protected" in fails_as_json("acme", "--yes", *argv)

    assert not Operation.objects.exists()


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_our_own_project_is_refused(stand: Stand, settings: Any, argv: list[str]) -> None:
    settings.RAILWAY_OWN_PROJECT_ID = stand(address=False).project_id

    assert "is protected" in fails_as_json("acme", "--yes", *argv)

    assert not Operation.objects.exists()


def test_what_is_deleted_already_is_an_error(stand: Stand) -> None:
    stand(address=False)
    run("acme", "--force", "--yes")

    assert fails_as_json("acme", "--force", "--yes") == "It is deleted."


def test_while_another_operation_is_at_it_it_is_refused(stand: Stand, requester: Requester) -> None:
    deletion.schedule(stand(address=False), requester, reason="")

    assert "An operation is at it" in fails_as_json("acme", "--force", "--yes")


def test_of_two_of_one_name_the_living_one_is_meant(stand: Stand, railway: LocalRailway) -> None:
    stand(address=False)
    run("acme", "--force", "--yes")
    living = stand(address=False)

    run("acme", "--yes")

    assert description(railway, living).startswith("deletion-scheduled:")


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_without_a_terminal_and_without_yes_it_is_refused(
    stand: Stand, railway: LocalRailway, argv: list[str]
) -> None:
    instance = stand(address=False)

    with pytest.raises(CommandError, match="There is no terminal to ask on: add --yes"):
        run("acme", *argv)

    assert not Operation.objects.exists()
    assert description(railway, instance) == UNTOUCHED


@pytest.mark.parametrize("argv", [[], ["--force"]])
def test_json_is_no_yes(stand: Stand, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    stand(address=False)

    assert "add --yes" in fails_as_json("acme", *argv)
    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    assert fails_as_json("acme", *argv) == "Nothing was done."

    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        ([], "n"),
        ([], ""),
        ([], "acme"),
        (["--force"], "y"),
        (["--force"], "yes"),
        (["--force"], ""),
        (["--force"], "acm"),
        (["--force"], "ACME"),
    ],
)
def test_on_a_terminal_any_other_word_does_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, argv: list[str], typed: str
) -> None:
    stand(address=False)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))

    with pytest.raises(CommandError, match=r"^Nothing was done\.$"):
        run("acme", *argv)

    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("argv", "typed", "status"),
    [
        ([], "y", Status.DELETION_SCHEDULED),
        ([], " YES ", Status.DELETION_SCHEDULED),
        (["--force"], "acme", Status.DELETED),
    ],
)
def test_on_a_terminal_the_right_word_does_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, argv: list[str], typed: str, status: str
) -> None:
    instance = stand(address=False)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))

    run("acme", *argv)

    instance.refresh_from_db()
    assert instance.status == status


def test_the_question_says_what_will_happen(
    stand: Stand,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Any,
) -> None:
    settings.DELETION_GRACE_DAYS = 3.5
    stand(address=False)
    monkeypatch.setattr(sys, "stdin", Terminal("n\nn\n"))

    with pytest.raises(CommandError):
        run("acme")
    with pytest.raises(CommandError):
        run("acme", "--force")

    shown = capsys.readouterr()
    asked = shown.out + shown.err
    assert "acme is deleted in 3.5 days, unless that is cancelled. Go on? [y/N] " in asked
    assert "deleted on Railway at once, for good. Type acme to go on: " in asked


def test_what_changes_while_it_is_asked_about_is_not_deleted(
    stand: Stand, railway: LocalRailway, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = stand(address=False)

    class WhileAsked(Terminal):
        def isatty(self) -> bool:
            Instance.objects.update(status=Status.UNHEALTHY)
            return True

    monkeypatch.setattr(sys, "stdin", WhileAsked("acme\n"))

    with pytest.raises(CommandError, match="It has changed since"):
        run("acme", "--force")

    assert is_there(railway, instance)


def test_the_old_tools_short_option_is_understood(stand: Stand) -> None:
    stand(address=False)

    assert run_as_json("acme", "--force", "-y") == {"deleted": "acme", "immediate": True}
