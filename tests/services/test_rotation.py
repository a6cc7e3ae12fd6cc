"""Rotating keys: the new ones are in use before the older ones are retired."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from instances.exceptions import NotPossible
from instances.gateway_variables import ADMIN_API_KEY, CLIENT_API_KEY
from instances.models import Credential, Instance, Operation
from instances.services import credentials, people, recovery, rotation
from instances.services.people import Requester
from instances.simulator import deployments
from instances.simulator.faults import Fault, Stage
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out
from tests.killing import kill_worker
from tests.looking import only_gateway, stored_text

pytestmark = pytest.mark.django_db

State = Operation.State
KEYS = (ADMIN_API_KEY, CLIENT_API_KEY)

quickly = pytest.mark.parametrize("scale", [0.01], ids=[""])


def wait_for_a_person(railway: LocalRailway) -> None:
    """Have the next deployment be one that a person has to approve on Railway."""
    railway.faults.add(Fault("deployment:gateway", "needs_approval"))


def accepts_admin_key(instance: Instance) -> bool:
    """Ask the gateway itself, with the key that is current here."""
    key = credentials.of(instance)[ADMIN_API_KEY].reveal()
    url = f"{instance.url}/api/admin/system-status"
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(url, headers=headers, trust_env=False).status_code == 200


def test_both_keys_are_new_and_the_gateway_accepts_them(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    before = credentials.of(instance)

    operation = carry_out(rotation.request(instance, requester, reason="left the team"))

    assert operation.state == State.SUCCEEDED, operation.message
    after = credentials.of(instance)
    assert after[CLIENT_API_KEY] != before[CLIENT_API_KEY]
    assert after[ADMIN_API_KEY] != before[ADMIN_API_KEY]
    running = railway.deployed(instance.project_id) or {}
    assert running["CLIENT_API_KEY"] == after[CLIENT_API_KEY].reveal()
    assert running["PROXY_API_KEY"] == after[CLIENT_API_KEY].reveal()
    assert accepts_admin_key(instance)


def test_a_rotation_leaves_a_receipt_without_the_older_key(
    stand: Stand, requester: Requester
) -> None:
    instance = stand()
    older = credentials.of(instance)[CLIENT_API_KEY].reveal()

    operation = carry_out(rotation.request(instance, requester, names=[CLIENT_API_KEY]))

    new, retired = instance.credentials.filter(name=CLIENT_API_KEY)
    assert (new.state, new.operation) == (Credential.State.CURRENT, operation)
    assert new.accepted_at
    assert retired.retired_at
    assert retired.state == Credential.State.RETIRED
    assert retired.value is None
    assert retired.fingerprint != new.fingerprint
    assert older not in stored_text()


def test_one_key_alone(stand: Stand, requester: Requester) -> None:
    instance = stand()
    before = credentials.of(instance)

    carry_out(rotation.request(instance, requester, names=[ADMIN_API_KEY]))

    after = credentials.of(instance)
    assert after[CLIENT_API_KEY] == before[CLIENT_API_KEY]
    assert after[ADMIN_API_KEY] != before[ADMIN_API_KEY]


@pytest.mark.parametrize("how", ["fail_build", "fail_deploy", "crash"])
def test_a_deployment_that_fails_leaves_the_older_keys_working(
    stand: Stand, railway: LocalRailway, requester: Requester, how: str
) -> None:
    instance = stand()
    before = credentials.of(instance)
    railway.faults.add(Fault("deployment:gateway", how))

    operation = carry_out(rotation.request(instance, requester))

    assert operation.state == State.FAILED
    assert credentials.of(instance) == before
    assert accepts_admin_key(instance)
    variables = only_gateway(railway).variables
    assert variables["CLIENT_API_KEY"] == before[CLIENT_API_KEY].reveal()
    assert not instance.credentials.coming().exists()


def test_a_gateway_that_refuses_the_new_keys_gets_the_older_ones_back(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    before = credentials.of(instance)
    refused = Fault("gateway:/v1/messages", "status", status=401, times=None)
    railway.faults.add(refused)

    operation = carry_out(rotation.request(instance, requester))

    railway.faults.clear()
    assert operation.state == State.FAILED
    assert "does not accept the new keys" in operation.message
    assert credentials.of(instance) == before
    assert accepts_admin_key(instance)


def test_no_key_is_written_anywhere_in_clear(stand: Stand, requester: Requester) -> None:
    instance = stand()

    carry_out(rotation.request(instance, requester))

    text = stored_text()
    for secret in credentials.of(instance).values():
        assert secret.reveal() not in text


# A worker that dies.


def assert_new_keys_are_in_use(operation: Operation, railway: LocalRailway) -> None:
    """See that Railway, the gateway and the row agree on new keys, deployed once."""
    assert operation.state == State.SUCCEEDED, operation.message
    instance = operation.instance
    current = {name: credentials.of(instance)[name].reveal() for name in KEYS}
    running = railway.deployed(instance.project_id) or {}
    assert {name: running[name] for name in KEYS} == current
    assert set(instance.credentials.current().filter(name__in=KEYS)) == set(
        operation.credentials.all()
    )
    assert accepts_admin_key(instance)
    assert len(only_gateway(railway).deployments) == 2


@quickly
@pytest.mark.parametrize("stage", ["before", "after"])
@pytest.mark.parametrize("call", ["variableCollectionUpsert", "deploymentRedeploy"])
def test_another_worker_goes_on_where_a_dead_one_has_stopped(
    stand: Stand, railway: LocalRailway, requester: Requester, call: str, stage: Stage
) -> None:
    operation = rotation.request(stand(), requester)
    kill_worker(operation, railway, call, stage, skip=call == "variableCollectionUpsert")

    carry_out(operation)

    assert_new_keys_are_in_use(operation, railway)


@quickly
def test_between_setting_and_deploying_the_older_keys_are_the_current_ones(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    before = credentials.of(instance)
    operation = rotation.request(instance, requester)

    kill_worker(operation, railway, "deploymentRedeploy", "before")

    assert operation.steps.get(name="new_keys").is_finished
    assert credentials.of(instance) == before
    assert accepts_admin_key(instance)
    set_there = only_gateway(railway).variables
    coming = credentials.coming(operation)
    assert {name: set_there[name] for name in KEYS} == {n: coming[n].reveal() for n in KEYS}


@quickly
@pytest.mark.parametrize("call", ["variableCollectionUpsert", "deploymentRedeploy"])
def test_a_worker_that_dies_while_rolling_back_leaves_the_older_keys_to_the_next(
    stand: Stand, railway: LocalRailway, requester: Requester, call: str
) -> None:
    instance = stand()
    before = credentials.of(instance)
    wait_for_a_person(railway)
    operation = carry_out(rotation.request(instance, requester))
    recovery.roll_back(operation, requester)
    kill_worker(operation, railway, call, "before")

    carry_out(operation)

    assert operation.state == State.FAILED
    assert credentials.of(instance) == before
    assert accepts_admin_key(instance)


@quickly
def test_a_deployment_whose_answer_is_lost_is_not_started_again(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(Fault("deploymentRedeploy", "cut", stage="after"))

    operation = carry_out(rotation.request(stand(), requester))

    assert_new_keys_are_in_use(operation, railway)


# A person who decides.


@pytest.fixture
def stuck(stand: Stand, railway: LocalRailway, requester: Requester) -> Operation:
    """A rotation whose keys are set, and whose deployment waits for a person on Railway."""
    instance = stand()
    wait_for_a_person(railway)
    operation = carry_out(rotation.request(instance, requester))
    assert operation.state == State.NEEDS_ATTENTION
    return operation


@quickly
def test_a_rotation_is_rolled_back_by_a_person(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    before = credentials.of(stuck.instance)

    recovery.roll_back(stuck, requester)
    carry_out(stuck)

    assert stuck.state == State.FAILED
    assert credentials.of(stuck.instance) == before
    running = railway.deployed(stuck.instance.project_id) or {}
    assert {name: running[name] for name in KEYS} == {n: before[n].reveal() for n in KEYS}
    assert not stuck.instance.credentials.coming().exists()
    said = people.history(stuck.instance)[0].get_change_message()
    assert said.startswith("Rotate keys: was rolled back; the older keys are in use.")


@quickly
def test_a_rotation_goes_on_when_the_person_on_railway_has_done_their_part(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    gateway = only_gateway(railway)
    deployments.approve(railway.world, gateway, gateway.deployments[-1])

    recovery.resume(stuck, requester)
    carry_out(stuck)

    assert_new_keys_are_in_use(stuck, railway)


@quickly
def test_of_a_rotation_that_was_given_up_both_keys_are_there(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    instance, older = stuck.instance, credentials.of(stuck.instance)

    recovery.give_up(stuck, requester)

    stuck.refresh_from_db()
    assert stuck.state == State.FAILED
    coming = instance.credentials.coming().get(name=CLIENT_API_KEY)
    newer = credentials.reveal_row(instance, coming, requester)
    assert newer.reveal() == only_gateway(railway).variables[CLIENT_API_KEY]
    assert credentials.reveal(instance, CLIENT_API_KEY, requester) == older[CLIENT_API_KEY]
    said = [entry.get_change_message() for entry in people.history(instance)[:4]]
    assert said[:2] == [
        "CLIENT_API_KEY revealed to ann.",
        "CLIENT_API_KEY (new) revealed to ann.",
    ]
    assert "which keys the gateway accepts is not known" in said[3]


@quickly
def test_a_second_rotation_after_one_that_was_given_up_works(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    instance = stuck.instance
    recovery.give_up(stuck, requester)

    second = carry_out(rotation.request(instance, requester))

    assert second.state == State.SUCCEEDED, second.message
    assert set(instance.credentials.current().filter(name__in=KEYS)) == set(
        second.credentials.all()
    )
    assert not instance.credentials.coming().exists()
    given_up = stuck.credentials.all()
    assert [each.state for each in given_up] == [Credential.State.RETIRED] * 2
    assert not any(each.value for each in given_up)
    assert accepts_admin_key(instance)


@quickly
def test_rotating_one_key_keeps_the_other_that_a_given_up_rotation_has_set(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    instance = stuck.instance
    recovery.give_up(stuck, requester)

    second = carry_out(rotation.request(instance, requester, names=[ADMIN_API_KEY]))

    assert second.state == State.SUCCEEDED, second.message
    in_use = (railway.deployed(instance.project_id) or {})[CLIENT_API_KEY]
    held = instance.credentials.held().filter(name=CLIENT_API_KEY)
    assert in_use in {credential.value.reveal() for credential in held}


@quickly
def test_a_second_rotation_that_fails_keeps_what_the_given_up_one_has_set(
    stuck: Operation, railway: LocalRailway, requester: Requester
) -> None:
    instance = stuck.instance
    recovery.give_up(stuck, requester)
    given_up = credentials.coming(stuck)

    second = rotation.request(instance, requester)
    recovery.cancel(second, requester)
    carry_out(second)

    assert second.state == State.CANCELLED
    assert credentials.coming(stuck) == given_up
    assert not second.credentials.coming().exists()


@quickly
def test_a_new_key_whose_older_one_is_not_known_can_still_be_read_after_a_failure(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    instance.credentials.filter(name=ADMIN_API_KEY).delete()
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    operation = carry_out(rotation.request(instance, requester))

    assert operation.state == State.FAILED
    [left] = instance.credentials.coming()
    assert only_gateway(railway).variables[ADMIN_API_KEY] == left.value.reveal()
    said = people.history(instance)[0].get_change_message()
    assert "No older ADMIN_API_KEY is known, so the new one stays on Railway." in said


def test_a_key_that_was_retired_cannot_be_revealed(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(address=False)
    retired = instance.credentials.get(name=CLIENT_API_KEY)
    credentials.retire(instance.credentials.current())
    retired.refresh_from_db()

    with pytest.raises(NotPossible, match="has no such key any more"):
        credentials.reveal_row(instance, retired, requester)


# Before anything was changed.


def test_a_rotation_that_is_cancelled_before_it_began_makes_no_keys(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    before, variables = credentials.of(instance), dict(only_gateway(railway).variables)
    operation = rotation.request(instance, requester)

    recovery.cancel(operation, requester)
    carry_out(operation)

    assert operation.state == State.CANCELLED, operation.message
    assert credentials.of(instance) == before
    assert not instance.credentials.coming().exists()
    assert only_gateway(railway).variables == variables
    assert len(only_gateway(railway).deployments) == 1


def test_a_rotation_of_what_was_renamed_fails_and_makes_no_keys(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    operation = rotation.request(instance, requester)
    railway.edit(instance.project_id, name="luthien-theirs")

    carry_out(operation)

    assert operation.state == State.FAILED, operation.message
    assert "left alone" in operation.message
    assert not instance.credentials.coming().exists()


# What can be rotated.


def test_the_key_that_encrypts_what_is_stored_is_not_rotated(
    stand: Stand, requester: Requester
) -> None:
    with pytest.raises(NotPossible, match=r"^CREDENTIAL_ENCRYPTION_KEY cannot be rotated"):
        rotation.request(stand(address=False), requester, names=["CREDENTIAL_ENCRYPTION_KEY"])


def test_a_rotation_names_its_keys(stand: Stand, requester: Requester) -> None:
    instance = stand()

    with pytest.raises(NotPossible, match="No key is named"):
        rotation.request(instance, requester, names=[])

    assert not instance.credentials.coming().exists()


def test_without_an_address_nothing_is_rotated(stand: Stand, requester: Requester) -> None:
    with pytest.raises(NotPossible, match="It has no address"):
        rotation.request(stand(address=False), requester)


@quickly
def test_an_older_gateway_without_a_status_page_is_taken_with_a_warning(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    page = Fault("gateway:/api/admin/system-status", "status", status=404, times=None)
    railway.faults.add(page)

    operation = carry_out(rotation.request(stand(), requester))

    assert operation.state == State.SUCCEEDED, operation.message
    assert operation.log_lines.filter(
        level="warning", text__contains="accepts the admin key could not be checked"
    ).exists()


def test_a_key_without_an_older_one_is_kept_when_it_stays_on_railway(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    instance.credentials.filter(name=ADMIN_API_KEY).delete()
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    operation = carry_out(rotation.request(instance, requester, names=[ADMIN_API_KEY]))

    assert operation.state == State.FAILED
    [kept] = operation.credentials.coming()
    assert kept.value.reveal() == only_gateway(railway).variables[ADMIN_API_KEY]
    said = people.history(instance)[0].get_change_message()
    assert "No older ADMIN_API_KEY is known, so the new one stays on Railway." in said


def test_a_key_that_was_changed_by_hand_is_not_overwritten(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    only_gateway(railway).variables[CLIENT_API_KEY] = "by-hand"

    operation = carry_out(rotation.request(instance, requester))

    assert operation.message.startswith("CLIENT_API_KEY on Railway is not the one known here")
    assert only_gateway(railway).variables[CLIENT_API_KEY] == "by-hand"


@quickly
def test_a_roll_back_that_is_resumed_looks_again_whether_it_may(
    stuck: Operation, railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    railway.faults.add(
        Fault("variableCollectionUpsert", "error", message="Problem in the variables", times=None)
    )
    recovery.roll_back(stuck, requester)
    carry_out(stuck)
    assert stuck.state == State.NEEDS_ATTENTION
    railway.faults.clear()
    settings.PROTECTED_PROJECTS = [stuck.instance.project_name]
    before = dict(only_gateway(railway).variables)

    recovery.resume(stuck, requester)
    carry_out(stuck)

    assert stuck.state == State.NEEDS_ATTENTION
    assert "is protected, so it is left alone" in stuck.message
    assert only_gateway(railway).variables == before


@quickly
def test_stopping_for_a_person_stands_in_the_history(stuck: Operation) -> None:
    said = [entry.get_change_message() for entry in people.history(stuck.instance)]

    assert said[0].startswith("Rotate keys: needs attention. Railway wants the deployment to be")
