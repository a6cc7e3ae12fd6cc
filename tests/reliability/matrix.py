"""What is run: each fault, during a call of every step, at each moment of that call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

Client = Literal["app", "cli"]


@dataclass(frozen=True)
class Call:
    """
    The call of a step during which the fault strikes; `skip` leaves out the first ones.

    `changes`: it makes something, so whether it was carried out can be in doubt; `makes`:
    something new, which is seen only after a while.
    """

    step: str
    operation: str
    client: Client | None = "app"
    skip: int = 0
    changes: bool = False
    makes: bool = False


def look(step: str, operation: str = "environment") -> Call:
    client: Client | None = None if operation.startswith("gateway:") else "app"
    return Call(step, operation, client)


def change(step: str, operation: str, client: Client = "app", *, skip: int = 0) -> Call:
    return Call(step, operation, client, skip, changes=True)


def make(step: str, operation: str) -> Call:
    return Call(step, operation, "cli", changes=True, makes=True)


# A step that changes nothing is struck while it looks.
CALLS: dict[str, tuple[Call, ...]] = {
    "create": (
        look("preflight", "projects"),
        make("project", "projectCreate"),
        change("project", "projectUpdate"),
        make("postgres", "templateDeployV2"),
        make("redis", "templateDeployV2"),
        make("gateway", "serviceCreate"),
        change("settings", "serviceInstanceUpdate"),
        change("secrets", "variableCollectionUpsert", "cli", skip=1),
        look("databases_ready"),
        change("domain", "serviceDomainCreate", "cli"),
        change("source", "serviceConnect", "cli"),
        look("deployment"),
        look("healthy", "gateway:/health"),
    ),
    "create, rolled back": (change("remove_project", "projectDelete"),),
    "redeploy": (
        look("project", "project"),
        look("gateway"),
        change("settings", "serviceInstanceUpdate"),
        change("source", "serviceInstanceDeploy"),
        look("deployment"),
        look("picture", "project"),
        look("healthy", "gateway:/health"),
    ),
    "rotate": (
        look("project", "project"),
        look("gateway"),
        change("settings", "serviceInstanceUpdate"),
        change("new_keys", "variableCollectionUpsert", "cli", skip=1),
        change("source", "deploymentRedeploy"),
        look("deployment"),
        look("picture", "project"),
        look("accepted", "gateway:/v1/messages"),
    ),
    "rotate, rolled back": (
        look("look_again", "project"),
        change("old_keys", "variableCollectionUpsert", "cli", skip=1),
        change("old_source", "deploymentRedeploy"),
        look("old_deployment"),
    ),
    "schedule": (look("project", "project"), change("tag", "projectUpdate")),
    "cancel": (
        look("project", "project"),
        change("undelete", "projectScheduleDeleteCancel"),
        change("untag", "projectUpdate"),
        look("picture", "project"),
    ),
    "reap": (look("project", "project"), change("delete", "projectScheduleDelete")),
    "delete": (look("project", "project"), change("delete", "projectDelete")),
}

BEFORE = "before the call"
DONE = "done, not answered"
ANSWERED = "answered, not recorded"
MOMENTS = (BEFORE, DONE, ANSWERED)
# Of a fault that is no death: the call goes wrong by itself.
DURING = "during the call"

DEATHS = (
    "busy worker killed",
    "busy worker terminated",
    "busy worker frozen",
    "idle worker killed",
    "idle worker terminated",
    "idle worker frozen",
    "cluster killed",
    "cluster terminated",
    "cluster frozen",
    "database restarted",
    "database crashed",
    "Railway killed",
    "Railway terminated",
    "Railway frozen",
)
# The CLI has ended when its answer is there.
CLI_DEATHS = ("CLI killed", "CLI terminated", "CLI frozen")
DOUBTS = (
    "answer lost",
    "answer late",
    "work late",
    "error though done",
    "answer lost, a namesake",
)
# Without these it is seen after 15 s.
LATE_SIGHTS = ("answer lost, seen after 30 s", "answer lost, seen after 60 s")


@dataclass(frozen=True)
class Case:
    scenario: str
    call: Call
    fault: str
    moment: str

    def __str__(self) -> str:
        where = f"{self.scenario}: {self.call.step} ({self.call.operation})"
        return f"{where}, {self.fault}, {self.moment}"


def whole() -> list[Case]:
    return [case for name, calls in CALLS.items() for call in calls for case in _cases(name, call)]


def each_step_once(turn: int = 0) -> list[Case]:
    """
    Return a death for each call, and a doubt for each that changes something.

    Faults and moments go round, from one call to the next and from one `turn` to the next.
    """
    by_call: dict[tuple[str, Call], list[Case]] = {}
    for case in whole():
        by_call.setdefault((case.scenario, case.call), []).append(case)
    deaths = _rotating((*DEATHS, *CLI_DEATHS), turn)
    doubts = _rotating((*DOUBTS, *LATE_SIGHTS), turn)
    chosen = []
    for place, cases in enumerate(by_call.values(), start=turn):
        chosen.append(_next(cases, deaths, place))
        if cases[0].call.changes:
            chosen.append(_next(cases, doubts, place))
    return chosen


def _rotating(faults: Sequence[str], turn: int) -> Iterator[str]:
    first = turn % len(faults)
    return cycle((*faults[first:], *faults[:first]))


def _next(cases: Sequence[Case], faults: Iterator[str], place: int) -> Case:
    """Return a case of the next fault that there is for the call, at the moment of that place."""
    possible = {case.fault for case in cases}
    fault = next(name for name in faults if name in possible)
    found = [case for case in cases if case.fault == fault]
    return found[place % len(found)]


def _cases(scenario: str, call: Call) -> Iterator[Case]:
    for fault in DEATHS:
        for moment in MOMENTS:
            yield Case(scenario, call, fault, moment)
    if call.client == "cli":
        for fault in CLI_DEATHS:
            for moment in (BEFORE, DONE):
                yield Case(scenario, call, fault, moment)
    if call.changes:
        for fault in (*DOUBTS, *(LATE_SIGHTS if call.makes else ())):
            yield Case(scenario, call, fault, DURING)
