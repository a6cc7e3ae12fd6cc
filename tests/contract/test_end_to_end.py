"""An instance's whole life through a real worker that drives the real CLI."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from instances.models import Instance, Operation
from instances.services import creation, deletion, redeployment
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator import deployments
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import StartWorker
from tests.contract.programs import REAL, needs_real_cli
from tests.looking import NOTHING, Found, found_on, recorded_calls, recording_cli, wait_for_end

pytestmark = [needs_real_cli, pytest.mark.django_db(transaction=True)]

SUCCEEDED = Operation.State.SUCCEEDED
DATABASES_AND_GATEWAY = ["Postgres", "Redis", "gateway"]
TOO_SOON = Fault(
    "serviceInstanceDeploy", "error", client="app", message="too recently updated", times=2
)


def statuses(railway: LocalRailway) -> set[str]:
    """Return what each service's newest deployment has come to."""
    now = railway.world.now()
    return {
        deployments.status(service, service.deployments[-1], now).status
        for project in railway.world.projects.values()
        for service in project.services.values()
    }


def deploys(railway: LocalRailway) -> list[str]:
    return [one.client for one in railway.requests if one.operation == "serviceInstanceDeploy"]


@pytest.mark.parametrize("scale", [0.05])
def test_an_instance_is_created_redeployed_and_deleted_with_the_real_cli(
    start_worker: StartWorker,
    railway: LocalRailway,
    requester: Requester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("RAILWAY_CLI", *recording_cli(tmp_path, REAL))
    start_worker()

    creation.request(Wish("acme"), requester)
    created = wait_for_end()

    assert created.state == SUCCEEDED, created.message
    assert found_on(railway) == Found(["luthien-acme"], DATABASES_AND_GATEWAY, 1, ["SUCCESS"])
    assert statuses(railway) == {"SUCCESS"}
    instance = Instance.objects.get()
    assert instance.status == Instance.Status.RUNNING

    railway.faults.add(replace(TOO_SOON))
    before = len(deploys(railway))
    redeployment.request(instance, requester)
    redeployed = wait_for_end()

    assert redeployed.state == SUCCEEDED, redeployed.message
    assert deploys(railway)[before:] == ["app", "app", "cli"]
    assert found_on(railway).gateway_deployments == ["SUCCESS", "REMOVED"]
    assert [call["argv"][1] for call in recorded_calls(tmp_path)][-1] == "redeploy"

    instance.refresh_from_db()
    deletion.delete(instance, requester, reason="the trial is over")
    deleted = wait_for_end()

    assert deleted.state == SUCCEEDED, deleted.message
    assert found_on(railway) == NOTHING
