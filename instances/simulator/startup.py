"""What keeps a gateway from starting, by its variables (gateway-facts.md §1 and §3)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from instances.simulator import timelines
from instances.simulator.clock import Clock
from instances.simulator.state import Project, Service

# The start script waits for Postgres for ever, the health check does not.
DATABASE_PATIENCE = 60.0
ANSWERS_200 = frozenset({"/health", "/ready"})
NUMBERS = ("GATEWAY_PORT", "PORT", "RATE_LIMIT_RPM", "RATE_LIMIT_BURST")
SWITCHES = ("USAGE_TELEMETRY", "SENTRY_ENABLED", "LOCALHOST_AUTH_BYPASS")
AUTH_MODES = frozenset({"client_key", "passthrough", "both"})


@dataclass(frozen=True)
class Verdict:
    outcome: str
    message: str


def database_at(project: Project, url: str) -> Service | None:
    """Return the service of this project that a connection string points to."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    alive = (service for service in project.services.values() if service.deleted_at is None)
    return next((service for service in alive if service.private_host == host), None)


def runs_from(service: Service | None) -> float | None:
    """Return the moment from which a database runs without a break, if it does or will."""
    if service is None:
        return None
    good = [one for one in service.deployments if timelines.reaches(one, "SUCCESS") is not None]
    if not good or good[-1].timeline[-1].status != "SUCCESS":
        return None
    # A redeployment leaves the one before it running until it is live itself.
    return min(one.timeline[-1].at for one in good if one.timeline[-1].status == "SUCCESS")


def problem(
    project: Project,
    variables: Mapping[str, str],
    settings: Mapping[str, object],
    *,
    starts_at: float,
    clock: Clock,
) -> Verdict | None:
    """Return why a gateway with these variables does not come up, or None."""
    for message in _refusals(variables):
        return Verdict("crash", message)
    return (
        _redis_problem(project, variables.get("REDIS_URL", ""), starts_at)
        or _database_problem(project, variables.get("DATABASE_URL", ""), starts_at, clock)
        or _health_problem(settings)
    )


def _refusals(variables: Mapping[str, str]) -> Iterator[str]:
    for name in NUMBERS:
        value = variables.get(name, "0")
        # An empty GATEWAY_PORT is replaced by PORT in the start script.
        if not value.isdigit() and (name, value) != ("GATEWAY_PORT", ""):
            yield f"pydantic ValidationError: {name}: Input should be a valid integer"
    for name in SWITCHES:
        if variables.get(name, "false").lower() not in {"true", "false", "1", "0"}:
            yield f"pydantic ValidationError: {name}: Input should be a valid boolean"
    if variables.get("AUTH_MODE", "both") not in AUTH_MODES:
        yield "pydantic ValidationError: AUTH_MODE: Input should be client_key, passthrough or both"
    if not _is_fernet_key(variables.get("CREDENTIAL_ENCRYPTION_KEY", "")):
        yield "ValueError: CREDENTIAL_ENCRYPTION_KEY must be 32 url-safe base64-encoded bytes"


def _is_fernet_key(value: str) -> bool:
    if not value:
        return True
    try:
        return len(base64.urlsafe_b64decode(value)) == 32
    except (binascii.Error, ValueError):
        return False


def _redis_problem(project: Project, url: str, starts_at: float) -> Verdict | None:
    if not url:
        return None
    runs = runs_from(database_at(project, url))
    if runs is not None and runs <= starts_at:
        return None
    return Verdict("crash", "redis.exceptions.ConnectionError: cannot connect to Redis")


def _database_problem(project: Project, url: str, starts_at: float, clock: Clock) -> Verdict | None:
    if not url:
        return None
    runs = runs_from(database_at(project, url))
    if runs is not None and runs <= starts_at + clock.span(DATABASE_PATIENCE):
        return None
    return Verdict("fail_deploy", "Waiting for PostgreSQL... Healthcheck failed!")


def _health_problem(settings: Mapping[str, object]) -> Verdict | None:
    path = settings.get("healthcheckPath")
    if path is None or path in ANSWERS_200:
        return None
    return Verdict("fail_deploy", f"Healthcheck failed! GET {path} did not answer 200")


def gateway_starts_at(clock: Clock, start: float) -> float:
    return start + clock.span(timelines.BUILT_AFTER)
