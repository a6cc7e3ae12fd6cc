"""How a deployment goes, written down in advance: which status from which moment on."""

from instances.simulator.clock import BUILD, DATABASE_START, GATEWAY_START, Clock
from instances.simulator.state import Deployment, Moment

QUEUED_AFTER = 1.0
BUILDING_AFTER = 2.0
BUILT_AFTER = BUILDING_AFTER + BUILD
STARTED_AFTER = BUILT_AFTER + GATEWAY_START
BUILD_FAILS_AFTER = BUILDING_AFTER + BUILD / 2
CRASHES_AFTER = BUILT_AFTER + GATEWAY_START / 2

IN_PROGRESS = frozenset({"INITIALIZING", "QUEUED", "WAITING", "BUILDING", "DEPLOYING"})
OVER = frozenset({"FAILED", "CRASHED", "SKIPPED", "REMOVING", "REMOVED"})

Steps = list[tuple[str, float]]

_BUILD: Steps = [("INITIALIZING", 0), ("QUEUED", QUEUED_AFTER), ("BUILDING", BUILDING_AFTER)]
_START: Steps = [*_BUILD, ("DEPLOYING", BUILT_AFTER)]
_FROM_REPOSITORY: dict[str, Steps] = {
    "succeed": [*_START, ("SUCCESS", STARTED_AFTER)],
    "fail_build": [*_BUILD, ("FAILED", BUILD_FAILS_AFTER)],
    "fail_deploy": [*_START, ("FAILED", STARTED_AFTER)],
    "crash": [*_START, ("CRASHED", CRASHES_AFTER)],
    "hang": _BUILD,
    "needs_approval": [("NEEDS_APPROVAL", 0)],
    "skip": [("INITIALIZING", 0), ("SKIPPED", QUEUED_AFTER)],
    "remove": [*_BUILD, ("REMOVED", BUILD_FAILS_AFTER)],
}
_IMAGE: Steps = [("DEPLOYING", 0)]
_FROM_IMAGE: dict[str, Steps] = {
    "succeed": [*_IMAGE, ("SUCCESS", DATABASE_START)],
    "fail_build": [*_IMAGE, ("FAILED", DATABASE_START)],
    "fail_deploy": [*_IMAGE, ("FAILED", DATABASE_START)],
    "crash": [*_IMAGE, ("CRASHED", DATABASE_START)],
    "hang": _IMAGE,
    "needs_approval": [("NEEDS_APPROVAL", 0)],
    "skip": [("SKIPPED", 0)],
    "remove": [*_IMAGE, ("REMOVED", DATABASE_START)],
}


def planned(clock: Clock, outcome: str, *, start: float, from_repository: bool) -> list[Moment]:
    steps = (_FROM_REPOSITORY if from_repository else _FROM_IMAGE)[outcome]
    return [Moment(status, start + clock.span(after)) for status, after in steps]


def current(deployment: Deployment, now: float) -> Moment:
    passed = [moment for moment in deployment.timeline if moment.at <= now]
    return passed[-1] if passed else deployment.timeline[0]


def reaches(deployment: Deployment, status: str) -> float | None:
    """Return when the deployment gets this status, if it ever does."""
    return next((moment.at for moment in deployment.timeline if moment.status == status), None)


def cut(deployment: Deployment, status: str, now: float) -> None:
    """End what was planned and put this status in its place."""
    deployment.timeline = [moment for moment in deployment.timeline if moment.at <= now]
    deployment.timeline.append(Moment(status, now))
