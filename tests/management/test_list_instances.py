"""`list_instances`: the mirror, with its age."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from instances.models import Instance
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


def run(*argv: str) -> str:
    out = StringIO()
    call_command("list_instances", *argv, stdout=out)
    return out.getvalue()


def test_it_prints_the_old_tools_shape(requester: Requester) -> None:
    instance = creation.request(Wish("acme"), requester).instance
    now = timezone.now()
    Instance.objects.update(project_id="p1", host="acme.example", as_of=now, status="running")

    assert json.loads(run("--json")) == {
        "instances": [
            {
                "name": "acme",
                "project_id": "p1",
                "status": "running",
                "url": "http://acme.example",
                "created_at": instance.created_at.isoformat(),
                "deletion_scheduled_at": None,
                "as_of": now.isoformat(),
            }
        ]
    }


def test_deleted_ones_are_shown_only_when_asked_for(requester: Requester) -> None:
    creation.request(Wish("gone"), requester).instance.mark_deleted()

    assert json.loads(run("--json")) == {"instances": []}
    assert [i["name"] for i in json.loads(run("--all", "--json"))["instances"]] == ["gone"]


def test_a_person_sees_a_table(requester: Requester) -> None:
    creation.request(Wish("acme"), requester)

    text = run()

    assert "Name" in text
    assert "acme" in text
    assert "provisioning" in text


def test_a_pipe_gets_whole_addresses(requester: Requester) -> None:
    instance = creation.request(Wish("acme"), requester).instance
    host = "gateway-production-1a2b3c4d5e6f.up.railway.app"
    Instance.objects.update(project_id="p1", host=host, status="running")

    shown = run()

    assert f"http://{host}" in shown
    assert f"{instance.created_at:%Y-%m-%dT%H:%M:%S}" in shown


def test_a_person_is_told_when_there_are_none(db: None) -> None:
    assert run() == "There are no instances.\n"
