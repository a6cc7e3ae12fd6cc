"""Rotating keys: the new ones are in use before the older ones are retired."""

from __future__ import annotations

import httpx
import pytest

from instances.gateway_variables import ADMIN_API_KEY, CLIENT_API_KEY
from instances.models import Credential, Instance, Operation
from instances.services import credentials, rotation
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out
from tests.looking import only_gateway, stored_text

pytestmark = pytest.mark.django_db

State = Operation.State


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
