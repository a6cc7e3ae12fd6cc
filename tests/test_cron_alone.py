"""The cluster is hung, or there is none: what cron starts brings everything to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instances.models import Credential, Instance, Operation
from instances.services import adoption, creation, deletion, recovery, redeployment, rotation
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests import death
from tests.conftest import ROOT, Stand, carry_out, environment, run_until
from tests.death import deployed_keys, stored_keys
from tests.web_crowd import running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(170)]

State = Operation.State
Status = Instance.Status
Kind = Operation.Kind
DUE = "deletion-scheduled:2026-01-01T00:00:00+00:00"
# Real seconds.
OVER_WITHIN = 100.0
HELD_WITHIN = 60.0
READ_WITHIN = 20.0
# What a hung worker was about to hear of, and how many of them.
HUNG_IN = {
    "serviceCreate": 1,
    "projectDelete": 1,
    "deploymentRedeploy": 1,
    "variableCollectionUpsert": 1,
    "projectUpdate": 2,
    "projectScheduleDelete": 1,
}
CHANGES = {*HUNG_IN, "projectCreate", "templateDeployV2", "serviceConnect", "serviceDomainCreate"}
ENDS = {
    (Kind.CREATE, "made"): State.SUCCEEDED,
    (Kind.CREATE, "undone"): State.CANCELLED,
    (Kind.REDEPLOY, "built"): State.SUCCEEDED,
    (Kind.ROTATE_KEYS, "rotated"): State.SUCCEEDED,
    (Kind.SCHEDULE_DELETION, "tagged"): State.SUCCEEDED,
    (Kind.CANCEL_DELETION, "kept"): State.SUCCEEDED,
    (Kind.DELETE, "reaped"): State.SUCCEEDED,
    (Kind.ADOPT, "found"): State.SUCCEEDED,
}


def ask_for_everything(stand: Stand, requester: Requester) -> None:
    """Ask for one of each kind; the two creates have come some way already."""
    made = creation.request(Wish("made"), requester)
    run_until(made, step="redis")
    undone = creation.request(Wish("undone"), requester)
    run_until(undone, step="postgres")
    kept = stand("kept")
    carry_out(deletion.schedule(kept, requester, reason="over"))
    recovery.cancel(undone, requester)
    redeployment.request(stand("built"), requester, same_commit=True)
    rotation.request(stand("rotated"), requester)
    deletion.schedule(stand("tagged"), requester, reason="over")
    deletion.cancel(kept, requester)
    deletion.reap(stand("reaped", description=DUE), requester)
    adoption.adopt(stand("found", Instance.Ownership.DISCOVERED), requester, reason="ours")


def sweep_as_cron_until_over(env: Mapping[str, str], log: Path) -> int:
    """Start one sweep after the other; return how many it took."""
    until, count = time.monotonic() + OVER_WITHIN, 0
    command = [sys.executable, "manage.py", "sweep_operations", "--seconds", "10"]
    while not death.is_nothing_moving():
        assert time.monotonic() < until, "\n".join(map(death.report, Operation.objects.all()))
        count += 1
        with log.open("ab") as output:
            subprocess.run(command, cwd=ROOT, env=dict(env), stderr=output, check=True)
    return count


def ends() -> dict[tuple[str, str], str]:
    """Return how the last operation on each instance has ended."""
    rows = Operation.objects.order_by("pk").values_list("kind", "instance__name", "state")
    last = {name: (kind, state) for kind, name, state in rows}
    return {(kind, name): state for name, (kind, state) in last.items()}


def found_on(railway: LocalRailway) -> dict[str, dict[str, Any]]:
    """Return by the name of each project what there is of it, with what was ever made."""
    with railway.world.lock:
        return {
            project.name.removeprefix("luthien-"): {
                "services": sorted(service.name for service in project.services.values()),
                "domains": sum(len(service.domains) for service in project.services.values()),
                "deployments": [len(s.deployments) for s in project.services.values() if s.repo],
                "is_tagged": project.description.startswith("deletion-scheduled:"),
                "is_deleted": project.deleted_at is not None,
            }
            for project in railway.world.projects.values()
        }


def whole(deployments: int = 1, **differs: bool) -> dict[str, Any]:
    return {
        "services": ["Postgres", "Redis", "gateway"],
        "domains": 1,
        "deployments": [deployments],
        "is_tagged": False,
        "is_deleted": False,
        **differs,
    }


def assert_one_of_everything(railway: LocalRailway) -> None:
    assert ends() == ENDS, "\n".join(map(death.report, Operation.objects.all()))
    found = found_on(railway)
    assert found.pop("undone")["is_deleted"]
    assert found == {
        "made": whole(),
        "built": whole(2),
        "rotated": whole(2),
        "tagged": whole(is_tagged=True),
        "kept": whole(),
        "reaped": whole(is_tagged=True, is_deleted=True),
        "found": whole(),
    }
    assert len(railway.world.projects) == len(ENDS)
    for name in ("made", "rotated", "found"):
        instance = Instance.objects.get(name=name)
        assert len(stored_keys(instance)) == 3
        assert deployed_keys(railway, instance) == stored_keys(instance)


def written() -> str:
    """Return everything that a worker may write, what becomes of keys included."""
    keys = Credential.objects.order_by("pk").values_list("pk", "state", "fingerprint")
    return f"{death.rows()} {list(keys)}"


def test_without_a_cluster_cron_brings_every_kind_to_its_end(
    stand: Stand, railway: LocalRailway, requester: Requester, scale: float, tmp_path: Path
) -> None:
    ask_for_everything(stand, requester)

    sweep_as_cron_until_over(environment(railway, scale), tmp_path / "cron")

    assert_one_of_everything(railway)


def test_beside_a_hung_cluster_cron_does_too_and_the_cluster_writes_nothing_when_it_wakes_up(
    stand: Stand, railway: LocalRailway, requester: Requester, scale: float, tmp_path: Path
) -> None:
    ask_for_everything(stand, requester)
    hold(railway)
    env = environment(railway, scale, QUEUE_WORKERS="8")

    with running(["manage.py", "qcluster"], env, tmp_path / "worker") as cluster:
        wait_until_all_are_held(railway)
        os.killpg(cluster.pid, signal.SIGSTOP)
        railway.faults.release()
        sweep_as_cron_until_over(env, tmp_path / "cron")
        before, asked = written(), len(railway.requests)
        os.killpg(cluster.pid, signal.SIGCONT)
        wait_until_awake()

    assert written() == before
    assert changes_since(railway, asked) == []
    assert_one_of_everything(railway)


def hold(railway: LocalRailway) -> None:
    """Have each of those calls done, and its answer not come."""
    railway.faults.add(
        *(Fault(name, "hold", stage="after", times=times) for name, times in HUNG_IN.items())
    )


def wait_until_all_are_held(railway: LocalRailway) -> None:
    count = sum(HUNG_IN.values())
    held = railway.faults.wait_held(HELD_WITHIN, count)
    assert Counter(each.operation for each in held) == Counter(HUNG_IN), death.report(
        Operation.objects.latest("pk")
    )


def wait_until_awake() -> None:
    """Wait until the cluster has dealt with all that had come for it."""
    until = time.monotonic() + READ_WITHIN
    while not death.is_queue_empty():
        assert time.monotonic() < until, "the cluster does not come to an end"
        time.sleep(0.1)


def changes_since(railway: LocalRailway, asked: int) -> list[str]:
    """Return what was asked of Railway since then that would change something."""
    return [r.operation for r in railway.requests[asked:] if r.operation in CHANGES]
