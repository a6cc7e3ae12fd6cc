"""Adopting what was discovered, reading one anew, forgetting one."""

from __future__ import annotations

from typing import Any

import pytest

from instances.exceptions import NotPossible
from instances.models import Instance, Operation
from instances.services import adoption, credentials, deletion, people
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out, run_until
from tests.looking import only_gateway

pytestmark = pytest.mark.django_db

State = Operation.State
DISCOVERED = Instance.Ownership.DISCOVERED


def test_an_adopted_one_is_ours_with_its_keys(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(ownership=DISCOVERED)

    operation = carry_out(adoption.adopt(instance, requester, reason="from the old tool"))

    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED, operation.message
    assert instance.ownership == Instance.Ownership.ADOPTED
    held = {name: secret.reveal() for name, secret in credentials.of(instance).items()}
    variables = only_gateway(railway).variables
    assert held == {name: variables[name] for name in held}
    assert len(held) == 3
    said = people.history(instance)[0].get_change_message()
    assert said.startswith("Adopt: succeeded; ADMIN_API_KEY, CLIENT_API_KEY, CREDENTIAL")


def test_the_old_name_of_the_clients_key_is_taken_over(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(ownership=DISCOVERED)
    variables = only_gateway(railway).variables
    variables["PROXY_API_KEY"] = variables.pop("CLIENT_API_KEY")
    variables["ADMIN_API_KEY"] = "${{shared.ADMIN}}"

    operation = carry_out(adoption.adopt(instance, requester, reason=""))

    held = credentials.of(instance)
    assert held["CLIENT_API_KEY"].reveal() == variables["PROXY_API_KEY"]
    assert "ADMIN_API_KEY" not in held
    assert operation.log_lines.filter(text__contains="no ADMIN_API_KEY").exists()


def test_adopting_changes_nothing_on_railway(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(ownership=DISCOVERED)

    carry_out(adoption.adopt(instance, requester, reason=""))

    assert not [r for r in railway.requests if r.operation_name and "Update" in r.operation_name]
    assert len(only_gateway(railway).deployments) == 1


def test_only_a_discovered_one_can_be_adopted(stand: Stand, requester: Requester) -> None:
    with pytest.raises(NotPossible, match="ours already"):
        adoption.adopt(stand(), requester, reason="")


def test_forgetting_frees_the_name_and_leaves_railway_alone(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    asked = len(railway.requests)

    adoption.forget(instance, requester, reason="moved away")

    instance.refresh_from_db()
    assert (instance.status, instance.project_id) == (Instance.Status.DELETED, "")
    assert len(railway.requests) == asked
    said = people.history(instance)[0].get_change_message()
    assert said.startswith("Forgotten by ann; its Railway project ")
    assert said.endswith(" was not touched: moved away")
    stand("acme")


def test_one_is_read_anew(stand: Stand, railway: LocalRailway, requester: Requester) -> None:
    instance = stand()
    only_gateway(railway).name = "renamed"
    railway.edit(instance.project_id, description="deletion-scheduled:soon")

    operation = carry_out(adoption.sync(instance, requester))

    instance.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert "no time that can be read (soon)" in instance.problem


def test_what_railway_does_not_show_stays_as_it_is(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.vanish(instance.project_id)

    operation = carry_out(adoption.sync(instance, requester))

    instance.refresh_from_db()
    assert operation.state == State.FAILED
    assert "does not show the project" in operation.message
    assert instance.status == Instance.Status.RUNNING
    assert deletion.why_not_delete(instance) == ""


def test_an_adoption_cannot_be_cancelled_once_it_takes_the_keys(
    stand: Stand, requester: Requester
) -> None:
    operation = adoption.adopt(stand(ownership=DISCOVERED), requester, reason="")
    run_until(operation, step="keys")

    carry_out(operation)

    operation.refresh_from_db()
    assert operation.past_no_return


def test_the_token_in_a_reason_is_masked(stand: Stand, requester: Requester, settings: Any) -> None:
    instance = stand(ownership=DISCOVERED)

    operation = adoption.adopt(instance, requester, reason=f"with {settings.RAILWAY_API_TOKEN}")

    assert operation.reason == "with ***"
    assert settings.RAILWAY_API_TOKEN not in people.history(instance)[0].get_change_message()
