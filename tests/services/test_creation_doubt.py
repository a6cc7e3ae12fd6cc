"""Looking before acting again: what absence proves, and for how long it proves nothing."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from instances.models import Instance, Operation
from instances.railway.client import ServiceInstance
from instances.services import creation, dispatch, recovery
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.services.steps.databases import AddPostgres, AddRedis
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import TOKEN, Create, run_until
from tests.looking import NOTHING, found_on, script_as_cli

pytestmark = pytest.mark.django_db

HANG_ONCE = """
import os, sys, time
if sys.argv[1] == "init" and not os.path.exists({mark!r}):
    open({mark!r}, "w").close()
    time.sleep(600)
os.execv({stand_in!r}, [{stand_in!r}, *sys.argv[1:]])
"""
ADD_SERVICE = """
mutation Add($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }
"""


def at(operation: Operation, text: str) -> datetime:
    return operation.log_lines.filter(text__contains=text).earliest("at").at


def test_the_doubt_counts_from_the_end_of_a_call_that_timed_out(
    create: Create, settings: Any, tmp_path: Path, scale: float
) -> None:
    stand_in = str(Path(sys.executable).with_name("railway-stand-in"))
    script = HANG_ONCE.format(mark=str(tmp_path / "mark"), stand_in=stand_in)
    settings.RAILWAY_CLI = script_as_cli(tmp_path, script)

    operation = create("acme")

    waited = at(operation, "The Railway project") - at(operation, "did not end within")
    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert waited >= timedelta(seconds=60 * scale)


def test_what_an_earlier_refusal_said_is_not_applied_to_a_later_call(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("workflow:postgres", "fail", message="no space left"))

    operation = create("acme")

    facts = operation.steps.get(name="postgres").facts
    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert {"refused", "last_error"} & set(facts) == set()


@pytest.mark.parametrize(
    ("call", "skip"),
    [("projectCreate", 0), ("templateDeployV2", 0), ("templateDeployV2", 1), ("serviceCreate", 0)],
)
def test_what_was_done_though_it_was_answered_with_an_error_is_not_done_again(
    create: Create, railway: LocalRailway, call: str, skip: int
) -> None:
    railway.faults.add(Fault(call, "error_after", client="cli", skip=skip))

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    found = found_on(railway)
    assert (found.projects, found.services) == (["luthien-acme"], ["Postgres", "Redis", "gateway"])


def test_a_project_that_is_made_long_after_its_call_was_given_up_is_taken_all_the_same(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("projectCreate", "hold", client="cli"))
    # The call is given up after 4 s and looked for during 1.2 s; it is listed 0.3 s later.
    late = threading.Timer(5.1, railway.faults.release)
    late.start()

    operation = create("acme")

    late.join()
    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert found_on(railway).projects == ["luthien-acme"]


def test_an_error_that_passes_uses_up_no_tries(create: Create, railway: LocalRailway) -> None:
    railway.faults.add(Fault("serviceCreate", "error", client="cli", times=4))

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    gateway = operation.steps.get(name="gateway")
    assert (gateway.attempts, gateway.not_made) == (5, 4)


def test_a_look_that_fails_on_the_way_to_a_call_is_no_doubt_about_the_call(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("environment", "html", client="app", times=4))

    operation = create("acme")

    postgres = operation.steps.get(name="postgres")
    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert (postgres.attempts, postgres.not_made) == (1, 0)


def test_resuming_after_a_lost_key_deletes_nothing(
    railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, [Fernet.generate_key().decode()]
    dispatch.run_inline(operation, watch=lambda _: None)
    assert operation.state == Operation.State.NEEDS_ATTENTION

    settings.ENCRYPTION_KEYS = keys
    recovery.resume(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert operation.message == ""
    assert found_on(railway).projects == ["luthien-acme"]


def test_a_project_that_is_not_shown_yet_is_deleted_all_the_same(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="postgres")
    railway.faults.add(
        Fault("project", "error", message="Not Authorized", client="app", times=None),
        Fault("projectDelete", "error", message="Not Authorized", times=1),
    )

    recovery.cancel(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.CANCELLED, operation.message
    assert found_on(railway) == NOTHING


def test_an_inferred_project_that_a_person_has_deleted_closes_the_operation(
    create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(
        Fault("projectCreate", "cut", stage="after"),
        Fault("serviceConnect", "error", message="Repository not found"),
    )
    operation = create("acme")
    [project] = railway.world.projects.values()
    ask(railway, "mutation D($id: String!) { projectDelete(id: $id) }", {"id": project.id})

    recovery.resume(operation, requester)
    run_until(operation)

    assert operation.state == Operation.State.FAILED
    assert Instance.objects.get().status == Instance.Status.DELETED


def test_a_service_that_nobody_here_made_is_shown_to_a_person(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="gateway")
    [project] = railway.world.projects.values()
    wanted = {
        "projectId": project.id,
        "environmentId": project.environment_id,
        "name": "Postgres-x1y2",
    }
    ask(railway, ADD_SERVICE, {"input": wanted})

    run_until(operation)

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "did not make: Postgres-x1y2" in operation.message


def ask(railway: LocalRailway, document: str, variables: dict[str, Any]) -> None:
    answer = httpx.post(
        f"{railway.url}?source=test",
        json={"query": document, "variables": variables},
        headers={"Authorization": f"Bearer {TOKEN}"},
        trust_env=False,
    ).json()
    assert "errors" not in answer


def service(name: str, image: str) -> ServiceInstance:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return ServiceInstance("s1", name, now, "t1", image, "", {}, "", None)


@pytest.mark.parametrize(
    ("found", "is_postgres", "is_redis"),
    [
        (service("Postgres", "ghcr.io/railwayapp-templates/postgres-ssl:17"), True, False),
        (service("Redis", "redis:8"), False, True),
        (service("Redis-a1b2", "bitnami/redis:7"), False, True),
        (service("Postgres", ""), True, False),
        (service("web", ""), False, False),
    ],
    ids=lambda value: value.name if isinstance(value, ServiceInstance) else None,
)
def test_a_database_is_not_taken_for_another(
    found: ServiceInstance, is_postgres: bool, is_redis: bool
) -> None:
    assert AddPostgres().is_ours(found) is is_postgres
    assert AddRedis().is_ours(found) is is_redis


@pytest.mark.parametrize("scale", [0.001])
def test_a_throttle_that_never_ends_is_given_to_a_person(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("apiToken", "status", status=429, client="app", times=None))

    operation = create("acme")

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "That has gone on for too long" in operation.message


def test_nothing_is_kept_when_nothing_was_made(create: Create, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = ""

    operation = create("acme", keep_on_failure=True)

    assert operation.instance.status == Instance.Status.DELETED


def test_a_cli_that_is_missing_for_a_moment_is_waited_for(
    railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    command, settings.RAILWAY_CLI = settings.RAILWAY_CLI, ["/nowhere/railway"]
    dispatch.advance(operation.pk)
    settings.RAILWAY_CLI = command

    run_until(operation)

    assert operation.state == Operation.State.SUCCEEDED, operation.message
