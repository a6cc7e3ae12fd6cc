"""`instance_status`: read from Railway now, and what was last seen when that fails."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Create

pytestmark = pytest.mark.django_db


def run(name: str) -> Any:
    out = StringIO()
    call_command("instance_status", name, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_it_shows_services_as_railway_shows_them(create: Create) -> None:
    instance = create("acme").instance

    answer = run("acme")

    assert answer["status"] == "running"
    assert answer["stale"] is False
    assert answer["as_of"]
    gateway = instance.services.get(role="gateway")
    assert set(answer["services"]) == {"postgres", "redis", "gateway"}
    assert answer["services"]["gateway"] == {
        "id": gateway.service_id,
        "name": "gateway",
        "status": "running",
        "url": instance.url,
    }


def test_a_gateway_that_was_removed_makes_the_instance_unhealthy(
    create: Create, railway: LocalRailway
) -> None:
    project_id = create("acme").instance.project_id
    for service in railway.world.projects[project_id].services.values():
        service.deployments[-1].stopped_at = 1.0

    answer = run("acme")

    assert answer["status"] == "unhealthy"
    assert answer["services"]["gateway"]["status"] == "stopped"


def test_the_old_tools_tag_is_understood(create: Create, railway: LocalRailway) -> None:
    project_id = create("acme").instance.project_id
    tag = "deletion-scheduled:2026-12-12T18:00:00+00:00"
    railway.world.projects[project_id].description = tag

    answer = run("acme")

    assert answer["status"] == "deletion_scheduled"
    assert answer["deletion_scheduled_at"] == "2026-12-12T18:00:00+00:00"


@pytest.mark.parametrize("tag", ["deletion-scheduled:soon", "deletion-scheduled:2026-12-12"])
def test_a_malformed_tag_changes_nothing(create: Create, railway: LocalRailway, tag: str) -> None:
    project_id = create("acme").instance.project_id
    railway.world.projects[project_id].description = tag

    answer = run("acme")

    assert (answer["status"], answer["deletion_scheduled_at"]) == ("running", None)


def test_what_was_last_seen_is_shown_when_railway_does_not_answer(
    create: Create, railway: LocalRailway
) -> None:
    create("acme")
    railway.faults.add(Fault("project", "status", status=502, times=None))

    answer = run("acme")

    assert answer["stale"] is True
    assert answer["status"] == "running"


def test_an_unknown_name_is_an_error_in_words(db: None) -> None:
    with pytest.raises(CommandError, match="There is no instance named nobody"):
        call_command("instance_status", "nobody")


def test_a_person_sees_it_in_lines(create: Create) -> None:
    create("acme")
    out = StringIO()

    call_command("instance_status", "acme", stdout=out)

    assert "postgres              running" in out.getvalue()
