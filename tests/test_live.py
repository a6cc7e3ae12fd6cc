"""`make live`, on the local Railway: it refuses where it must, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests import live
from tests.conftest import SCALE, TOKEN, environment


def run(railway: LocalRailway, **more: str) -> subprocess.CompletedProcess[str]:
    variables = {**environment(railway, SCALE), "CI": "", "LIVE": "yes", **more}
    return subprocess.run(
        [sys.executable, live.__file__],
        env=variables,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def alive(railway: LocalRailway) -> list[str]:
    return [p.name for p in railway.world.projects.values() if p.deleted_at is None]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LIVE": ""}, "Set LIVE=yes"),
        ({"LIVE": "no"}, "Set LIVE=yes"),
        ({"CI": "true"}, "This is CI"),
        ({"RAILWAY_API_TOKEN": ""}, "No token is set"),
    ],
)
def test_it_does_not_begin_by_mistake(
    railway: LocalRailway, db: None, variables: dict[str, str], said: str
) -> None:
    done = run(railway, **variables)

    assert done.returncode == 1
    assert said in done.stderr
    assert railway.requests == []


def test_it_lives_through_everything_and_leaves_nothing(railway: LocalRailway, db: None) -> None:
    done = run(railway)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("All of it worked, and nothing is left.\n")
    assert len(railway.world.projects) == 1
    assert alive(railway) == []
    assert TOKEN not in done.stdout + done.stderr


def test_what_fails_half_way_is_removed_all_the_same(railway: LocalRailway, db: None) -> None:
    # The first description is the create's own.
    railway.faults.add(
        Fault("projectUpdate", "error", message="Invalid description", skip=1, times=None)
    )

    done = run(railway)

    assert done.returncode == 1
    assert "delete_instance: Schedule deletion of live-" in done.stderr
    assert "Removing what is left: luthien-live-" in done.stdout
    assert alive(railway) == []


def test_what_cannot_be_removed_is_named(railway: LocalRailway, db: None) -> None:
    railway.faults.add(Fault("projectDelete", "error", message="Not allowed", times=None))

    done = run(railway)

    assert done.returncode == 1
    [name] = alive(railway)
    assert f"A Railway project named {name} may be left" in done.stderr
