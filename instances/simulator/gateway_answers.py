"""What a deployed gateway says, from the variables it runs with (gateway-facts.md §2)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instances.simulator import deployments, startup
from instances.simulator.messages import Reply, Request, json_reply
from instances.simulator.state import Deployment, Project, Service
from instances.simulator.world import World

NOBODY_THERE = {"status": "error", "code": 404, "message": "Application not found"}
NO_CREDENTIALS = "No Anthropic credentials available"


@dataclass(frozen=True)
class Gateway:
    """A live deployment at the moment of one request."""

    project: Project
    service: Service
    deployment: Deployment
    now: float

    @property
    def variables(self) -> Mapping[str, str]:
        return self.deployment.variables

    def is_running(self, url: str) -> bool:
        database = startup.database_at(self.project, url)
        return database is not None and deployments.live(database, self.now) is not None


def find(world: World, id_or_host: str) -> Gateway | None:
    """Return what is live behind a domain's id or host."""
    found = world.find_domain(id_or_host)
    if found is None:
        return None
    project, service, _ = found
    now = world.now()
    # Nothing says that workloads run on during the grace (api-facts.md §6): taken as stopped.
    if project.deleted_at is not None or service.deleted_at is not None:
        return None
    live = deployments.live(service, now)
    return Gateway(project, service, live, now) if live else None


def answer(world: World, domain_id: str, request: Request) -> Reply:
    with world.lock:
        gateway = find(world, domain_id)
        if gateway is None:
            return json_reply(404, NOBODY_THERE)
        return _answer(gateway, request)


def _answer(gateway: Gateway, request: Request) -> Reply:
    route = (request.method, request.path)
    if route == ("GET", "/health"):
        version = gateway.variables.get("BUILD_COMMIT") or "unknown"
        return json_reply(
            200, {"status": "healthy", "version": version}, {"Cache-Control": "no-store"}
        )
    if route == ("GET", "/ready"):
        return _ready(gateway)
    if route == ("GET", "/api/admin/system-status"):
        return _system_status(gateway, request)
    if route == ("POST", "/v1/messages"):
        return _messages(gateway, request)
    return json_reply(404, {"detail": "Not Found"})


def _ready(gateway: Gateway) -> Reply:
    if _database(gateway)["status"] == "ok":
        return json_reply(200, {"status": "ready"})
    return json_reply(503, {"status": "not_ready", "reason": "database unreachable"})


def _database(gateway: Gateway) -> dict[str, Any]:
    url = gateway.variables.get("DATABASE_URL", "")
    # Without an address the gateway silently uses a throw-away SQLite (gateway-facts.md §1).
    return _check(is_up=not url or gateway.is_running(url))


def _redis(gateway: Gateway) -> dict[str, Any]:
    url = gateway.variables.get("REDIS_URL", "")
    if not url:
        return {"status": "not_configured", "latency_ms": None, "error": None}
    return _check(is_up=gateway.is_running(url))


def _check(*, is_up: bool) -> dict[str, Any]:
    if is_up:
        return {"status": "ok", "latency_ms": 1.2, "error": None}
    return {"status": "error", "latency_ms": None, "error": "ConnectionError"}


def _system_status(gateway: Gateway, request: Request) -> Reply:
    expected = gateway.variables.get("ADMIN_API_KEY", "")
    if not expected or not _is_same(_key(request), expected):
        return json_reply(403, {"detail": "Admin access required. Provide a valid admin key."})
    database, redis = _database(gateway), _redis(gateway)
    if database["status"] == "error":
        overall = "unhealthy"
    else:
        overall = "degraded" if redis["status"] == "error" else "healthy"
    return json_reply(200, {"status": overall, "checks": {"db": database, "redis": redis}})


def _messages(gateway: Gateway, request: Request) -> Reply:
    expected, given = gateway.variables.get("CLIENT_API_KEY", ""), _key(request)
    if not given:
        return _anthropic_error(401, "authentication_error", "Missing API key")
    if not expected or not _is_same(given, expected):
        return _anthropic_error(401, "authentication_error", "Invalid API key")
    if not gateway.variables.get("ANTHROPIC_API_KEY"):
        return _anthropic_error(500, "api_error", NO_CREDENTIALS)
    content = [{"type": "text", "text": "Hello from a local gateway."}]
    return json_reply(
        200,
        {"id": "msg_local", "type": "message", "role": "assistant", "content": content},
    )


def _anthropic_error(status: int, kind: str, message: str) -> Reply:
    return json_reply(status, {"type": "error", "error": {"type": kind, "message": message}})


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _key(request: Request) -> str:
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("x-api-key") or ""
