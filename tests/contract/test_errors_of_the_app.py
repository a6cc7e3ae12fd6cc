"""What the app makes of a refusal is the same with the stand-in and with the real CLI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from instances.railway import errors
from instances.railway.cli.commands import RailwayCli
from instances.railway.cli.environment import Target
from instances.railway.config import RailwayConfig, always
from instances.railway.masking import Mask
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.contract.cases import ACCOUNT
from tests.contract.programs import REAL, STAND_IN, VERSION, needs_real_cli
from tests.contract.scenes import SteppedClock

pytestmark = [
    needs_real_cli,
    pytest.mark.parametrize("program", [STAND_IN, REAL], ids=["the stand-in", "the real one"]),
]


@pytest.fixture
def railway(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRailway]:
    """A local Railway where nothing takes time."""
    with LocalRailway(clock=SteppedClock(scale=0.0)) as local:
        monkeypatch.setenv("RAILWAY_BACKBOARD_URL", local.url)
        yield local


def cli_of(railway: LocalRailway, program: Path, token: str = ACCOUNT) -> RailwayCli:
    config = RailwayConfig(
        token, railway.url, cli=(str(program),), child_env=("RAILWAY_BACKBOARD_URL",)
    )
    return RailwayCli(config, mask=Mask(), before_call=always)


def target_in(railway: LocalRailway) -> Target:
    project = railway.add_project("tenant", services=["gateway"])
    return Target(project.id, project.environment_id)


def raised(error: type[errors.RailwayError]) -> pytest.RaisesExc[errors.RailwayError]:
    """Expect this very error, and none that is derived from it."""
    return pytest.raises(error, check=lambda found: type(found) is error)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("*", "status", status=429, retry_after=7), errors.RailwayThrottled),
        (Fault("*", "status", status=429), errors.RailwayThrottled),
        (Fault("*", "html", status=502), errors.RailwayUnreachable),
        (Fault("*", "cut"), errors.RailwayUnreachable),
        (Fault("serviceCreate", "cut", stage="after"), errors.RailwayUnreachable),
        (Fault("serviceCreate", "error", message="Not Authorized"), errors.RailwayUnauthorized),
        (Fault("serviceCreate", "error", message="Project not found"), errors.RailwayNotFound),
        (Fault("serviceCreate", "error", message="Already exists"), errors.RailwayConflict),
        (Fault("serviceCreate", "error", message="Too quickly"), errors.RailwayThrottled),
    ],
    ids=lambda value: (
        value.__name__ if isinstance(value, type) else f"{value.action} {value.status}"
    ),
)
def test_a_service_that_is_refused(
    program: Path, railway: LocalRailway, fault: Fault, error: type[errors.RailwayError]
) -> None:
    target = target_in(railway)
    railway.faults.add(replace(fault))

    with raised(error):
        cli_of(railway, program).add_service(target, "new", {})


def test_a_service_whose_name_is_taken(program: Path, railway: LocalRailway) -> None:
    with raised(errors.RailwayConflict):
        cli_of(railway, program).add_service(target_in(railway), "gateway", {})


def test_a_token_that_is_wrong(program: Path, railway: LocalRailway) -> None:
    with raised(errors.RailwayUnauthorized):
        cli_of(railway, program, "wrong").add_service(target_in(railway), "new", {})


def test_a_project_that_is_not_there(program: Path, railway: LocalRailway) -> None:
    with raised(errors.RailwayNotFound):
        cli_of(railway, program).add_service(Target("none", "none"), "new", {})


def test_a_database_that_is_not_made(program: Path, railway: LocalRailway) -> None:
    railway.faults.add(Fault("workflow", "fail", message="no space left"))

    with raised(errors.RailwayWorkflowFailed):
        cli_of(railway, program).add_database(target_in(railway), "redis")


def test_a_domain_that_comes_too_early(program: Path, railway: LocalRailway) -> None:
    message = "Failed to create service domain, please try again"
    railway.faults.add(Fault("serviceDomainCreate", "error", message=message))

    with raised(errors.RailwayNotReady):
        cli_of(railway, program).domain(target_in(railway), "gateway")


def test_a_version_that_is_good(program: Path, railway: LocalRailway) -> None:
    assert cli_of(railway, program).version() == VERSION
