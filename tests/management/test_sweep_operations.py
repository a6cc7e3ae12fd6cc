"""`sweep_operations`: what cron runs. What it picks up is tested with the recovery."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from instances.models import Operation
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


def run(*argv: str) -> str:
    out = StringIO()
    call_command("sweep_operations", "--seconds", "0", *argv, stdout=out)
    return out.getvalue()


def test_nothing_to_do_is_said_and_is_no_error(db: None) -> None:
    assert run() == "Nothing was left lying.\n"
    assert json.loads(run("--json")) == {"picked_up": []}


def test_what_was_picked_up_is_named(requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(
        state=Operation.State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )

    answer = json.loads(run("--json"))

    assert answer == {"picked_up": [{"operation": operation.pk, "instance": "acme"}]}
    assert run() == f"Picked up operation {operation.pk} (acme).\n"
