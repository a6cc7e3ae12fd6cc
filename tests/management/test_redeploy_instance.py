"""`redeploy_instance`: the newest commit, the same one, or a given one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from instances.models import Instance, Operation
from instances.services import credentials, people
from instances.simulator import repositories
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.looking import only_gateway, stored_text
from tests.management.calling import Called

pytestmark = pytest.mark.django_db


command = Called("redeploy_instance")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


def pushed(railway: LocalRailway) -> str:
    return repositories.push(railway.world, repositories.GATEWAY_REPOSITORY).sha


def test_with_json_it_prints_what_runs_now(stand: Stand, railway: LocalRailway) -> None:
    stand()
    newest = pushed(railway)

    answer = run_as_json("acme")

    assert answer == {
        "instance": "acme",
        "deployment_id": only_gateway(railway).deployments[-1].id,
        "commit": newest,
        "status": "running",
    }
    assert len(only_gateway(railway).deployments) == 2


def test_a_person_is_told_the_commit(stand: Stand, railway: LocalRailway) -> None:
    stand()
    newest = pushed(railway)

    text = run("acme")

    deployment = only_gateway(railway).deployments[-1]
    assert text == f"acme runs commit {newest} (deployment {deployment.id}).\n"


def test_the_same_commit_again(stand: Stand, railway: LocalRailway) -> None:
    stand()
    before = only_gateway(railway).deployments[-1]
    pushed(railway)

    answer = run_as_json("acme", "--same-commit")

    assert answer["commit"] == before.commit
    assert answer["deployment_id"] != before.id


def test_a_given_commit_in_whatever_case(stand: Stand, railway: LocalRailway) -> None:
    stand()
    wanted = pushed(railway)
    pushed(railway)

    assert run_as_json("acme", "--commit", wanted.upper())["commit"] == wanted


def test_one_commit_is_not_both(stand: Stand) -> None:
    stand(address=False)

    with pytest.raises(CommandError, match="not allowed with argument"):
        run("acme", "--commit", "0123456", "--same-commit")


@pytest.mark.parametrize("commit", ["main", "012345", "0123456789" * 5])
def test_what_is_no_commit_is_an_error_in_words(stand: Stand, commit: str) -> None:
    stand(address=False)

    assert fails_as_json("acme", "--commit", commit).startswith("A commit is 7 to 40 of")

    assert not Operation.objects.exists()


def test_without_waiting_it_prints_the_operation_and_nothing_is_done_yet(
    stand: Stand, railway: LocalRailway
) -> None:
    stand(address=False)

    answer = run_as_json("acme", "--no-wait")

    assert answer["operation"] == Operation.objects.get().pk
    assert "deployment_id" not in answer
    assert len(only_gateway(railway).deployments) == 1


def test_without_waiting_a_person_is_told_the_operation(stand: Stand) -> None:
    stand(address=False)

    assert run("acme", "--no-wait") == f"Asked for (operation {Operation.objects.get().pk}).\n"


def test_the_history_says_who_and_why(stand: Stand) -> None:
    instance = stand(address=False)

    run("acme", "--no-wait", "--reason", "the fix of Monday")

    asked = people.history(instance)[0].get_change_message()
    assert asked.startswith("Redeploy asked for by ")
    assert asked.endswith(" (command line): the fix of Monday")


def test_a_key_in_the_reason_does_not_reach_the_history(stand: Stand) -> None:
    key = credentials.of(stand(address=False))["CLIENT_API_KEY"].reveal()

    run("acme", "--no-wait", "--reason", f"{key} was refused")

    assert "was refused" in stored_text()
    assert key not in stored_text()


def test_a_build_that_fails_exits_1_and_leaves_the_older_one(
    stand: Stand, railway: LocalRailway
) -> None:
    instance = stand()
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    error = fails_as_json("acme")

    assert error.startswith("Redeploy acme failed: The gateway's deployment ")
    assert railway.deployed(instance.project_id) is not None


def test_one_that_waits_for_a_person_exits_1(stand: Stand, railway: LocalRailway) -> None:
    stand(address=False)
    railway.faults.add(Fault("deployment:gateway", "needs_approval"))

    error = fails_as_json("acme")

    assert error.startswith("Redeploy acme needs attention: Railway wants the deployment to be")
    assert Operation.objects.get().state == Operation.State.NEEDS_ATTENTION


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        run("nobody")


def test_an_unknown_name_is_an_error(db: None) -> None:
    assert fails_as_json("nobody") == "There is no instance named nobody."


def test_what_was_only_discovered_is_refused(stand: Stand, railway: LocalRailway) -> None:
    stand(ownership=Instance.Ownership.DISCOVERED, address=False)

    assert "only discovered on Railway" in fails_as_json("acme")

    assert len(only_gateway(railway).deployments) == 1


def test_a_protected_project_is_refused(stand: Stand, railway: LocalRailway, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]
    stand(address=False)

    assert "is protected" in fails_as_json("acme")

    assert len(only_gateway(railway).deployments) == 1
