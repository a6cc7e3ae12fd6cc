"""What a deployment prints: lines that appear as time passes."""

from dataclasses import dataclass

from instances.simulator import timelines
from instances.simulator.state import Deployment


@dataclass(frozen=True)
class Line:
    at: float
    message: str
    severity: str = "info"


_BUILD_LINES = (
    "scheduling build on Metal builder",
    "fetched snapshot sha256:4c1f",
    "Using Detected Dockerfile",
    "[builder 1/7] FROM docker.io/library/python:3.13-slim",
    "[builder 2/7] RUN apt-get update",
    "[builder 3/7] COPY pyproject.toml uv.lock ./",
    "[builder 4/7] RUN uv sync --frozen --no-dev",
    "[stage-1 5/7] COPY docker/start-gateway.sh ./docker/",
    "[stage-1 6/7] RUN chmod +x docker/start-gateway.sh",
    "exporting to docker image format",
)
_DEPLOY_LINES = (
    "Starting Container",
    "Running database migrations...",
    "INFO:     Started server process [1]",
    "INFO:     Application startup complete.",
)
_FALLBACK_END = 60.0


def build(deployment: Deployment, now: float) -> list[Line]:
    if deployment.repo is None:
        return []
    begun = timelines.reaches(deployment, "BUILDING")
    if begun is None:
        return []
    failed = timelines.reaches(deployment, "FAILED") if deployment.build_error else None
    ended = failed or timelines.reaches(deployment, "DEPLOYING")
    # Half of the lines, then the error: a build breaks in the middle.
    messages = _BUILD_LINES[: len(_BUILD_LINES) // 2] if failed else _BUILD_LINES
    lines = _spread(messages, begun, ended)
    if failed is not None and deployment.build_error is not None:
        lines.append(Line(failed, f"ERROR: failed to build: {deployment.build_error}", "error"))
    return [line for line in lines if line.at <= now]


def deploy(deployment: Deployment, now: float) -> list[Line]:
    begun = timelines.reaches(deployment, "DEPLOYING")
    if begun is None:
        return []
    ended = deployment.timeline[-1].at
    if deployment.deploy_error is None:
        lines = _spread(_DEPLOY_LINES, begun, ended)
    else:
        lines = _spread(_DEPLOY_LINES[:2], begun, ended)
        lines.append(Line(ended, deployment.deploy_error, "error"))
    return [line for line in lines if line.at <= now]


def _spread(messages: tuple[str, ...], begun: float, ended: float | None) -> list[Line]:
    step = ((ended or begun + _FALLBACK_END) - begun) / (len(messages) + 1)
    return [Line(begun + step * number, message) for number, message in enumerate(messages)]
