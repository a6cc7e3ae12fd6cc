"""Real queue clusters on the test's database: what people ask for gets done."""

from __future__ import annotations

import threading
import time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from instances.models import Instance, Operation
from instances.services import creation, recovery
from instances.services.creation import Wish
from instances.services.people import Requester, person
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import StartWorker
from tests.looking import NOTHING, Found, found_on, wait_for_end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

FORM = {"name": "acme", "repository": "LuthienResearch/luthien-proxy", "branch": "main"}


def asker() -> Requester:
    return person(User.objects.create_user("ann", is_staff=True))


def test_what_is_asked_for_in_the_admin_is_made_by_a_worker(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    start_worker()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    client.post(reverse("admin:instances_instance_add"), FORM)
    operation = wait_for_end()

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert Instance.objects.get().status == Instance.Status.RUNNING
    assert found_on(railway) == Found(
        ["luthien-acme"], ["Postgres", "Redis", "gateway"], 1, ["SUCCESS"]
    )


def test_two_creates_at_once_take_turns_and_both_end_running(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    requester = asker()
    creation.request(Wish("one"), requester)
    creation.request(Wish("two"), requester)

    start_worker()
    wait_for_end()

    states = set(Operation.objects.values_list("state", flat=True))
    assert states == {Operation.State.SUCCEEDED}
    assert found_on(railway).projects == ["luthien-one", "luthien-two"]
    refused = [r for r in railway.requests if r.error and "creating projects" in r.error]
    assert refused == [], "the gate keeps Railway's cooldown"


def test_two_clusters_do_not_do_the_same_work_twice(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    creation.request(Wish("acme"), asker())

    start_worker()
    start_worker()
    operation = wait_for_end()

    assert operation.state == Operation.State.SUCCEEDED
    assert len(railway.world.projects) == 1
    assert operation.steps.get(name="postgres").attempts == 1


def test_a_worker_rolls_back_what_cannot_work(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    creation.request(Wish("acme"), asker())

    start_worker()
    operation = wait_for_end()

    assert operation.state == Operation.State.FAILED
    assert found_on(railway) == NOTHING


def test_a_cancel_reaches_a_worker_that_is_waiting(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    requester = asker()
    operation = creation.request(Wish("acme"), requester)
    start_worker()
    until = time.monotonic() + 30
    while not operation.steps.get(name="gateway").started_at and time.monotonic() < until:
        time.sleep(0.05)

    recovery.cancel(operation, requester)
    ended = wait_for_end()

    assert ended.state == Operation.State.CANCELLED
    assert found_on(railway) == NOTHING


def test_a_request_held_at_railway_holds_no_lock_in_the_database(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("projectCreate", "hold"))
    creation.request(Wish("acme"), asker())
    start_worker()
    railway.faults.wait_held(20)

    started = time.monotonic()
    creation.request(Wish("other"), Requester(User.objects.get().pk, "ann"))
    took = time.monotonic() - started
    railway.faults.release()

    assert took < 1


def test_of_two_people_who_ask_for_one_name_in_the_same_moment_one_wins(
    transactional_db: None,
) -> None:
    requester = asker()
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def ask() -> None:
        start.wait()
        try:
            creation.request(Wish("acme"), requester)
            outcomes.append("asked")
        except Exception as error:  # noqa: BLE001 - which error it is, is the question
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes)[1] == "asked"
    assert sorted(outcomes)[0] in {"NotPossible", "ValidationError"}
    assert Instance.objects.count() == 1
    assert Operation.objects.count() == 1


def test_a_cancel_during_a_call_is_not_slept_over(
    start_worker: StartWorker, railway: LocalRailway
) -> None:
    railway.faults.add(
        Fault("projects", "hold", client="app"),
        Fault("apiToken", "status", status=429, retry_after=600, client="app", skip=1),
    )
    requester = asker()
    operation = creation.request(Wish("acme"), requester)
    start_worker()
    railway.faults.wait_held(20)

    railway.faults.add(Fault("projects", "status", status=429, retry_after=600, client="app"))
    recovery.cancel(operation, requester)
    railway.faults.drop()
    ended = wait_for_end(20)

    assert ended.state == Operation.State.CANCELLED
