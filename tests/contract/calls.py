"""Make one call with one program, on a local Railway of its own, and say what came of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from instances.railway.cli import runner
from instances.railway.cli.environment import Place, Target, private_place
from instances.railway.config import RailwayConfig
from instances.simulator.record import RequestRecord
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.contract.cases import ACCOUNT, Case
from tests.contract.labels import labelled, labels_of
from tests.contract.outcomes import Outcome, changed
from tests.contract.scenes import SteppedClock
from tests.simulator.conftest import eventually

SECONDS = 60.0
SCALE = "0.02"
# What of one kind is asked for side by side, in whichever order.
SIDE_BY_SIDE = {
    "Project": "a project and its regions",
    "Regions": "a project and its regions",
    "ProjectFavorites": "each workspace's favorites",
}


@dataclass(frozen=True)
class Stage:
    """A local Railway as its scene has left it, and where the call is made."""

    railway: LocalRailway
    project: Project | None
    place: Place


def outcome_of(case: Case, program: Path) -> Outcome:
    """Set the case's scene, make its call with this program, and look at what is there then."""
    with _stage(case) as stage:
        before, asked = _state(stage.railway), len(stage.railway.requests)
        done = runner.run(
            [str(program), *_words(case, stage.project)],
            env=_environment(case, stage),
            cwd=stage.place.cwd,
            timeout=SECONDS,
            stdin=case.stdin,
        )
        # Who hangs up has gone before the server has noticed.
        eventually(lambda: stage.railway.is_idle)
        labels = _labels(stage)
        # Ids are named after what is there at the end, in what was there before, too.
        was, now = (_named(one, labels) for one in (before, _state(stage.railway)))
        return Outcome(
            exit_code=done.returncode,
            stdout=labelled(done.stdout, labels),
            stderr=labelled(done.stderr, labels),
            operations=_named(_operations(stage.railway.requests[asked:]), labels),
            links=_named(_links(stage.place), labels),
            changes=changed(was, now),
        )


@contextmanager
def _stage(case: Case) -> Iterator[Stage]:
    clock = SteppedClock()
    with LocalRailway(clock=clock) as railway:
        project = case.scene(railway, clock)
        railway.faults.add(*(replace(fault) for fault in case.faults))
        config = RailwayConfig(token=ACCOUNT, api_url=railway.url)
        with private_place(config, _target(case, project)) as place:
            stage = Stage(railway, project, place)
            if case.config is not None:
                _write_config(case.config, stage)
            yield stage


def _write_config(text: str, stage: Stage) -> None:
    text = _filled(text.replace("<cwd>", str(stage.place.cwd)), stage.project)
    folder = Path(stage.place.env["HOME"]) / ".railway"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(text, encoding="utf-8")


def _target(case: Case, project: Project | None) -> Target | None:
    if project is None or not case.linked:
        return None
    return Target(project.id, project.environment_id)


def _words(case: Case, project: Project | None) -> list[str]:
    return [_filled(word, project) for word in shlex.split(case.words)]


def _filled(text: str, project: Project | None) -> str:
    for label, real in _ids(project).items():
        text = text.replace(label, real)
    return text


def _ids(project: Project | None) -> dict[str, str]:
    if project is None:
        return {}
    services = {f"<{service.name}>": service.id for service in project.services.values()}
    return {"<project>": project.id, "<environment>": project.environment_id, **services}


def _environment(case: Case, stage: Stage) -> dict[str, str]:
    given: dict[str, str | None] = {
        **stage.place.env,
        "RAILWAY_BACKBOARD_URL": stage.railway.url,
        "RAILWAY_TIME_SCALE": SCALE,
        **case.env,
    }
    return {
        name: _filled(value, stage.project) for name, value in given.items() if value is not None
    }


def _labels(stage: Stage) -> dict[str, str]:
    places = {str(stage.place.cwd): "<cwd>", stage.place.env["HOME"]: "<home>"}
    return labels_of(stage.railway) | places


def _named(value: Any, labels: dict[str, str]) -> Any:
    return json.loads(labelled(json.dumps(value), labels))


def _state(railway: LocalRailway) -> Any:
    with railway.world.lock:
        return asdict(railway.world.state)


def _links(place: Place) -> Any:
    """Return the directories' projects and the login that the program has written down."""
    path = Path(place.env["HOME"]) / ".railway" / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        return type(error).__name__
    return {name: config.get(name) for name in ("projects", "user")}


def _operations(requests: list[RequestRecord]) -> list[Any]:
    """Return what was asked, with polls as one and what is asked side by side sorted."""
    asked: list[dict[str, Any]] = []
    for request in requests:
        one = {
            "name": request.operation_name,
            "with": request.variables,
            "token": request.token_kind,
        }
        if not (asked and one == asked[-1] and one["name"] == "WorkflowStatus"):
            asked.append(one)
    return _sorted_side_by_side(asked)


def _sorted_side_by_side(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups = groupby(asked, key=lambda one: SIDE_BY_SIDE.get(one["name"]))
    in_order = (sorted(group, key=json.dumps) if kind else group for kind, group in groups)
    return [*chain.from_iterable(in_order)]
