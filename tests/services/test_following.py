"""A deployment that is replaced on the way, and bugs of our own."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from instances import timing
from instances.models import Operation
from instances.railway.client import Target
from instances.services import access, creation, dispatch
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests.conftest import run_until

pytestmark = pytest.mark.django_db


def test_the_newest_deployment_is_followed_when_railway_replaces_it(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="deployment")
    instance = operation.instance
    instance.refresh_from_db()
    gateway = operation.steps.get(name="gateway").fact("service_id")
    with access.railway(timing.current()) as client:
        newer = client.deploy(Target(instance.project_id, instance.environment_id), gateway)

    run_until(operation)

    assert operation.state == Operation.State.SUCCEEDED
    assert operation.steps.get(name="deployment").fact("deployment_id") == newer
    assert operation.log_lines.filter(text__contains="was replaced by").exists()


def test_a_bug_of_ours_is_put_where_a_person_sees_it(
    railway: LocalRailway, requester: Requester, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    operation = creation.request(Wish("acme"), requester)
    settings.GATEWAY_SETTINGS = None

    dispatch.run_inline(operation, watch=lambda _: None)

    assert "AttributeError in step settings" in caplog.text
    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert operation.message == "The app itself failed (AttributeError); its log has the details."
    assert "Traceback" in caplog.text


def test_a_worker_without_the_key_to_the_secrets_says_so(
    railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    operation = creation.request(Wish("acme"), requester)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    dispatch.run_inline(operation, watch=lambda _: None)

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "Put the key back that was in use when it was stored. Then resume." in operation.message
