"""What must hold with either program: calls at once keep apart, and ours is left alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from instances.railway.cli import runner
from instances.railway.cli.commands import RailwayCli
from instances.railway.cli.environment import Target, private_place
from instances.railway.config import RailwayConfig, always
from instances.railway.masking import Mask
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.contract.calls import outcome_of
from tests.contract.cases import ACCOUNT, PROJECT, Case
from tests.contract.programs import REAL, STAND_IN, needs_real_cli
from tests.contract.refusals import ADD
from tests.contract.scenes import SteppedClock
from tests.contract.surroundings import OWN

pytestmark = [
    needs_real_cli,
    pytest.mark.parametrize("program", [STAND_IN, REAL], ids=["the stand-in", "the real one"]),
]


def at_once() -> LocalRailway:
    """Return a local Railway where nothing takes time, so that no call waits for another."""
    return LocalRailway(clock=SteppedClock(scale=0.0))


@dataclass(frozen=True)
class Added:
    """What was answered, and what the CLI has linked."""

    service_id: str
    linked: list[str]


def only_service(project: Project) -> Added:
    """Return what is to be answered for a project that has got its only service."""
    [service_id] = project.services
    return Added(service_id, [service_id])


def added(railway: LocalRailway, program: Path, project: Project) -> Added:
    """Add a Redis in a home of its own."""
    target = Target(project.id, project.environment_id)
    with private_place(RailwayConfig(ACCOUNT, railway.url), target) as place:
        done = runner.run(
            [str(program), "add", "-d", "redis", "--json"],
            env={**place.env, "RAILWAY_BACKBOARD_URL": railway.url},
            cwd=place.cwd,
            timeout=30,
        )
        config = Path(place.env["HOME"], ".railway", "config.json").read_text(encoding="utf-8")
    links = [link["service"] for link in json.loads(config)["projects"].values()]
    return Added(json.loads(done.stdout)["serviceId"], links)


def test_two_adds_at_once_with_homes_of_their_own_keep_apart(program: Path) -> None:
    with at_once() as railway, ThreadPoolExecutor() as pool:
        one, two = railway.add_project("one"), railway.add_project("two")
        first = pool.submit(added, railway, program, one)
        second = pool.submit(added, railway, program, two)
        answers = first.result(), second.result()

    assert answers == (only_service(one), only_service(two))


@pytest.mark.parametrize(
    "parent",
    [
        {"RAILWAY_PROJECT_ID": "<own>", "RAILWAY_ENVIRONMENT_ID": "<environment>"},
        {"RAILWAY_TOKEN": PROJECT},
        {"RAILWAY_TOKEN": ""},
        {"CLICOLOR_FORCE": "1", "RAILWAY_ENV": "staging"},
    ],
    ids=lambda parent: ", ".join(parent),
)
def test_what_our_own_process_is_told_does_not_reach_the_cli(
    program: Path, parent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_once() as railway:
        own, tenant = railway.add_project("ours"), railway.add_project("tenant")
        ids = {"<own>": own.id, "<environment>": own.environment_id}
        told = {name: ids.get(value, value) for name, value in parent.items()}
        set_all(monkeypatch, told | {"RAILWAY_BACKBOARD_URL": railway.url})
        passed_on = ("RAILWAY_BACKBOARD_URL",)
        config = RailwayConfig(ACCOUNT, railway.url, cli=(str(program),), child_env=passed_on)
        cli = RailwayCli(config, mask=Mask(), before_call=always)

        made = cli.add_service(Target(tenant.id, tenant.environment_id), "gateway", {"A": "1"})

        assert list(tenant.services) == [made]
        assert own.services == {}


def test_ids_that_do_reach_it_have_add_fail_after_it_has_made_the_service(program: Path) -> None:
    outcome = outcome_of(Case(ADD, linked=False, env=OWN), program)

    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "<service new>" in str(outcome.changes)


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
