"""
Workers are killed and frozen in the middle of a create; there is one of everything after all.

On whichever database the tests run; tests/reliability/ does it to every step of every
operation, on PostgreSQL.
"""

from __future__ import annotations

import os
import signal

import pytest

from instances.models import Instance, Operation, Step
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests import death
from tests.conftest import StartWorker
from tests.death import Call, Scene

pytestmark = [pytest.mark.timeout(120), pytest.mark.django_db(transaction=True)]

ADD_GATEWAY = Call("gateway", "serviceCreate", "cli")
SET_SETTINGS = Call("settings", "serviceInstanceUpdate", "app")
MOMENTS = {
    "before_the_call": death.before_the_call,
    "answer_lost": death.when_the_work_is_done,
    "before_recording": death.before_recording,
}


@pytest.fixture
def scene(railway: LocalRailway, start_worker: StartWorker, requester: Requester) -> Scene:
    """A create that a real cluster has begun to carry out."""
    return Scene(railway, creation.request(Wish("acme"), requester), start_worker)


def name_of(call: Call) -> str:
    return f"{call.step}-{call.operation}"


def assert_one_of_everything(scene: Scene) -> None:
    operation = Operation.objects.get()
    instance = operation.instance
    assert operation.state == Operation.State.SUCCEEDED, death.report(operation)
    assert operation.lease_token is None
    assert instance.status == Instance.Status.RUNNING
    found = death.found_on(scene.railway)
    assert found == death.one_of_everything(instance), death.report(operation)
    assert len(death.stored_keys(instance)) == 3
    assert death.deployed_keys(scene.railway, instance) == death.stored_keys(instance)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("call", [ADD_GATEWAY, SET_SETTINGS], ids=name_of)
def test_there_is_one_of_everything_though_the_worker_was_killed(
    scene: Scene, call: Call, moment: str
) -> None:
    MOMENTS[moment](scene, call)
    assert scene.state_of(call.step) == Step.State.RUNNING, "it died too late"

    scene.start_again()
    scene.wait_until_over()

    assert_one_of_everything(scene)


@pytest.mark.parametrize("call", [ADD_GATEWAY, SET_SETTINGS], ids=name_of)
def test_a_worker_that_wakes_up_after_its_lease_writes_nothing(scene: Scene, call: Call) -> None:
    scene.hold(call, "after")
    frozen = scene.worker()
    scene.signal_worker(frozen, signal.SIGSTOP)
    scene.railway.faults.release()
    scene.wait_until_over()
    written = death.rows()
    assert not death.is_queue_empty()

    scene.signal_worker(frozen, signal.SIGCONT)
    scene.wait_for(death.is_queue_empty, 10.0, "the late worker does not come to an end")

    assert death.rows() == written
    assert_one_of_everything(scene)


def test_the_cli_dies_with_its_worker_and_the_cluster_goes_on(scene: Scene) -> None:
    scene.hold(ADD_GATEWAY, "before")
    [cli] = death.cli_processes(scene.railway.url)
    assert os.getsid(cli) == cli

    scene.signal_worker(scene.worker(), signal.SIGKILL)
    scene.wait_for(lambda: not death.cli_processes(scene.railway.url), 5.0, "the CLI is an orphan")
    scene.railway.faults.drop()
    scene.wait_until_over()

    assert_one_of_everything(scene)


def test_every_create_goes_on_though_all_workers_were_busy_when_they_were_killed(
    scene: Scene, requester: Requester
) -> None:
    creation.request(Wish("bravo"), requester)
    scene.hold_everybody("templateDeployV2", count=2)
    scene.kill_cluster()
    scene.railway.faults.drop()

    scene.start_again()
    scene.wait_for(death.is_nothing_moving, 40.0, "a create stands still")

    assert set(Operation.objects.values_list("state", flat=True)) == {Operation.State.SUCCEEDED}
