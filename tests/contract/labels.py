"""Names for what is random on a local Railway, so that two of them can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service

UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# What the real one calls now, in nanoseconds of the machine's own clock.
NOW = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
SESSION = re.compile(r"\bcli_[\w-]{22}\b")
DURATION = re.compile(r'(?<="durationMs": )\d+')
# A second database of a kind gets a random one.
SUFFIX = re.compile(r"\b(postgres|redis)-[0-9a-f]{4}\b", re.IGNORECASE)
VOLATILE = (
    (UUID, "<uuid>"),
    (SUFFIX, r"\1-<suffix>"),
    (NOW, "<now>"),
    (SESSION, "<session>"),
    (DURATION, '"<milliseconds>"'),
)
RANDOM = re.compile(r"\b[0-9A-Za-z]{16,}\b")


def labelled(text: str, labels: dict[str, str]) -> str:
    """Return the text with every random part replaced by what it stands for."""
    for random in sorted(labels, key=len, reverse=True):
        text = text.replace(random, labels[random])
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    return text


def labels_of(railway: LocalRailway) -> dict[str, str]:
    """Return what each id, host and address on this local Railway is called."""
    state = railway.world.state
    labels = {railway.url: "<backboard>"}
    labels |= {one.id: f"<workspace {one.name}>" for one in state.workspaces.values()}
    labels |= {key: f"<workflow {n}>" for n, key in enumerate(state.workflows, 1)}
    for repository in state.repositories.values():
        for commits in repository.branches.values():
            labels |= {one.sha: f"<commit {n}>" for n, one in enumerate(commits, 1)}
    for project in state.projects.values():
        labels |= _of_project(project)
    return labels


def _of_project(project: Project) -> dict[str, str]:
    labels = {
        project.id: f"<project {project.name}>",
        project.environment_id: f"<environment {project.name}>",
    }
    for service in project.services.values():
        labels |= dict(_of_service(service))
    return labels


def _of_service(service: Service) -> Iterator[tuple[str, str]]:
    yield service.id, f"<service {service.name}>"
    yield service.instance_id, f"<instance {service.name}>"
    for number, deployment in enumerate(service.deployments, 1):
        yield deployment.id, f"<deployment {service.name} {number}>"
    for domain in service.domains:
        yield domain.id, f"<domain {service.name}>"
        yield domain.host, f"<host {service.name}>"
        yield f'"port": {domain.port}', f'"port": "<port {service.name}>"'
    if service.volume is not None:
        yield service.volume.id, f"<volume {service.name}>"
    for name, value in service.variables.items():
        if RANDOM.fullmatch(value):
            yield value, f"<{name} of {service.name}>"
