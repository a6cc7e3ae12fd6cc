"""What is on the local Railway when a call is made. Time stands still in all of it."""

from __future__ import annotations

from collections.abc import Callable

from instances.simulator import deployments, domains, projects
from instances.simulator.clock import BUILD, TEMPLATE_WORKFLOW, Clock
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service
from tests.simulator.conftest import service_named

NAME = "luthien-acme"
REPO = "LuthienResearch/luthien-proxy"
NOON = 1_800_014_400.25
# What is random in an instance that was seeded.
KEYS = {
    "CLIENT_API_KEY": "client-key-0123456789",
    "ADMIN_API_KEY": "admin-key-0123456789",
    "CREDENTIAL_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


class SteppedClock(Clock):
    """Time that passes only when a scene says so, or with each poll of a workflow."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__(scale)
        self.at = NOON
        self.polls: Callable[[], int] = int

    def now(self) -> float:
        return self.at + self.polls() * TEMPLATE_WORKFLOW


Scene = Callable[[LocalRailway, SteppedClock], Project | None]


def nothing(_railway: LocalRailway, _clock: SteppedClock) -> None:
    """Leave the one workspace without a project."""


def other_workspace(railway: LocalRailway, _clock: SteppedClock) -> None:
    railway.add_project("elsewhere", workspace="Other")


def two_services(railway: LocalRailway, _clock: SteppedClock) -> Project:
    return railway.add_project(NAME, services=["gateway", "worker"])


def one_service(railway: LocalRailway, _clock: SteppedClock) -> Project:
    return railway.add_project(NAME, services=["gateway"])


def no_service(railway: LocalRailway, _clock: SteppedClock) -> Project:
    return railway.add_project(NAME)


def instance_at_once(railway: LocalRailway, clock: SteppedClock) -> Project:
    clock.scale = 0.0
    return instance(railway, clock)


def at_once(railway: LocalRailway, clock: SteppedClock) -> Project:
    """Make a project, and have everything after it take no time."""
    clock.scale = 0.0
    return railway.add_project(NAME)


def at_once_with_gateway(railway: LocalRailway, clock: SteppedClock) -> Project:
    clock.scale = 0.0
    return two_services(railway, clock)


def with_each_poll(railway: LocalRailway, clock: SteppedClock) -> Project:
    """Make a project, and have time pass with each poll, for as long as a workflow takes."""
    clock.polls = lambda: sum(one.operation == "workflowStatus" for one in railway.requests)
    return railway.add_project(NAME)


def with_variables(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    gateway_of(project).variables |= {"B": "1", "A": "${{B}}", "LINES": "one\ntwo", "EMPTY": ""}
    return project


def with_long_variables(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    gateway_of(project).variables |= {"SENTENCE": "word " * 20 + "end", "WORD": "x" * 100}
    return project


def with_domain(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    domains.create(railway.world, gateway_of(project), 8000)
    clock.at += 60
    return project


def instance(railway: LocalRailway, _clock: SteppedClock) -> Project:
    """Make an instance that has run for an hour."""
    return railway.add_instance("acme", variables=KEYS)


def building(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = instance(railway, clock)
    deployments.start(railway.world, project, gateway_of(project))
    clock.at += BUILD / 2
    return project


def build_failed(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    railway.faults.add(Fault("deployment", "fail_build", message="no space left"))
    gateway_of(project).repo = REPO
    deployments.start(railway.world, project, gateway_of(project))
    clock.at += 2 * BUILD
    return project


def deleted(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    projects.delete(railway.world, project)
    clock.at += 3600
    return project


def scheduled_for_deletion(railway: LocalRailway, clock: SteppedClock) -> Project:
    project = two_services(railway, clock)
    projects.schedule_deletion(railway.world, project)
    clock.at += 60
    return project


def several_projects(railway: LocalRailway, clock: SteppedClock) -> Project:
    railway.add_project("other-1", services=["web"])
    clock.at += 60
    railway.add_project("other-2")
    clock.at += 60
    return two_services(railway, clock)


def namesakes(railway: LocalRailway, clock: SteppedClock) -> Project:
    railway.add_project(NAME, workspace="Other")
    clock.at += 60
    return two_services(railway, clock)


def gateway_of(project: Project) -> Service:
    return service_named(project, "gateway")
