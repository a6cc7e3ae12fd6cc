"""Railway's answers in our words. A dict never leaves the railway package."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self

from instances.railway.errors import RailwayBadResponse

PRODUCTION = "production"
# Characters; what is longer than this is not Railway's, and fits no column.
LONGEST_NAME = 64
LONGEST_TEXT = 10_000
LONGEST_BRANCH = 200
LONGEST_REPOSITORY = 150
LONGEST_HOST = 255
LONGEST_LINE = 10_000
LONGEST_STATUS = 50
# An id goes into columns, addresses and command lines; one like "-x" would be read as a flag.
IDENTIFIER = re.compile(r"(?!-)[!-~]{1,64}")

# What Python says of a field that is missing or of another kind.
UNREADABLE = (
    *(LookupError, TypeError, ValueError, AttributeError),
    *(OverflowError, RecursionError),
)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn a missing or misshapen field into RailwayBadResponse, without its value."""
    try:
        yield
    except UNREADABLE as error:
        raise RailwayBadResponse(
            f"Railway's answer to {what} is not of a shape we know ({type(error).__name__})."
        ) from None


def nodes(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


def identifier(value: Any) -> str:
    """Return an id; raise TypeError for anything else, so that None is never taken for one."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise TypeError("not an id")
    return value


def optional_identifier(value: Any) -> str:
    return "" if value is None or value == "" else identifier(value)


def text(value: Any, limit: int) -> str:
    """Return text from outside as any database takes it: no NUL, no halves of characters."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:limit]


def exact_text(value: Any) -> str:
    """Return a value that is compared or kept as it is; raise ValueError where that cannot be."""
    if not isinstance(value, str | int | float):
        raise TypeError("not a text")
    kept = str(value)
    if "\x00" in kept:
        raise ValueError("NUL")
    return kept.encode().decode()


def moment(text: str) -> datetime:
    """Return a moment in UTC; raise ValueError or OverflowError for what is none."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at.astimezone(UTC)


def optional_moment(text: str | None) -> datetime | None:
    return None if text is None else moment(text)


class TokenKind(Enum):
    """What a token may do (railway/api-facts.md section 1)."""

    ACCOUNT = "account"
    WORKSPACE = "workspace"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Workspace:
    id: str
    name: str

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        return cls(id=identifier(node["id"]), name=text(node["name"], LONGEST_NAME))


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    workspaces: tuple[Workspace, ...] = ()
    user: str = ""


@dataclass(frozen=True, slots=True)
class ListedProject:
    id: str
    name: str
    description: str
    created_at: datetime
    deleted_at: datetime | None
    has_services: bool

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        return cls(
            id=identifier(node["id"]),
            name=text(node["name"], LONGEST_NAME),
            description=text(node["description"], LONGEST_TEXT),
            created_at=moment(node["createdAt"]),
            deleted_at=optional_moment(node["deletedAt"]),
            has_services=bool(nodes(node["services"])),
        )


@dataclass(frozen=True, slots=True)
class Project:
    """A project by itself; `environment_id` is empty when which one is meant cannot be told."""

    id: str
    name: str
    description: str
    created_at: datetime
    deleted_at: datetime | None
    environment_id: str

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        return cls(
            id=identifier(node["id"]),
            name=text(node["name"], LONGEST_NAME),
            description=text(node["description"], LONGEST_TEXT),
            created_at=moment(node["createdAt"]),
            deleted_at=optional_moment(node["deletedAt"]),
            environment_id=_environment_id(node),
        )


def _environment_id(node: Mapping[str, Any]) -> str:
    """Return the primary environment's id, else production's, else the only one's, else none."""
    if primary := optional_identifier(node["primaryEnvironmentId"]):
        return primary
    found = nodes(node["environments"])
    named = [each for each in found if each["name"] == PRODUCTION] or found
    return optional_identifier(named[0]["id"]) if len(named) == 1 else ""


@dataclass(frozen=True, slots=True)
class Deployment:
    id: str
    status: str
    created_at: datetime
    stopped: bool
    commit: str
    branch: str = ""

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        return cls(
            id=identifier(node["id"]),
            status=text(node["status"], LONGEST_STATUS),
            created_at=moment(node["createdAt"]),
            stopped=bool(node["deploymentStopped"]),
            commit=_meta(node, "commitHash", LONGEST_NAME),
            branch=_meta(node, "branch", LONGEST_BRANCH),
        )


def _meta(node: Mapping[str, Any], name: str, limit: int) -> str:
    return text((node["meta"] or {}).get(name), limit)


@dataclass(frozen=True, slots=True)
class ServiceInstance:
    """A service in the project's environment, with its settings and latest deployment."""

    service_id: str
    name: str
    created_at: datetime
    template_service_id: str
    image: str
    repo: str
    settings: Mapping[str, Any]
    host: str
    deployment: Deployment | None

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        source = node["source"] or {}
        deployment = node["latestDeployment"]
        return cls(
            service_id=identifier(node["serviceId"]),
            name=text(node["serviceName"], LONGEST_NAME),
            created_at=moment(node["service"]["createdAt"]),
            template_service_id=optional_identifier(node["service"]["templateServiceId"]),
            image=text(source.get("image"), LONGEST_HOST),
            repo=text(source.get("repo"), LONGEST_REPOSITORY),
            settings={key: node[key] for key in SETTINGS},
            host=_host(node["domains"]),
            deployment=Deployment.from_node(deployment) if deployment else None,
        )


SETTINGS = (
    "dockerfilePath",
    "healthcheckPath",
    "healthcheckTimeout",
    "restartPolicyType",
    "restartPolicyMaxRetries",
)


def _host(domains: Mapping[str, Any]) -> str:
    """Return the first domain; Railway's own before custom ones."""
    found = [*domains["serviceDomains"], *domains["customDomains"]]
    return text(found[0]["domain"], LONGEST_HOST) if found else ""


@dataclass(frozen=True, slots=True)
class Picture:
    """
    A project as a listing of everything shows it, with the services of its environment.

    `services` is None when they are not all known: the environment cannot be told, or it
    has more of them than one page holds.
    """

    id: str
    name: str
    description: str
    created_at: datetime
    deleted_at: datetime | None
    environment_id: str
    services: tuple[ServiceInstance, ...] | None

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        environment_id = _environment_id(node)
        return cls(
            id=identifier(node["id"]),
            name=text(node["name"], LONGEST_NAME),
            description=text(node["description"], LONGEST_TEXT),
            created_at=moment(node["createdAt"]),
            deleted_at=optional_moment(node["deletedAt"]),
            environment_id=environment_id,
            services=_services_of(node, environment_id),
        )


@dataclass(frozen=True, slots=True)
class UnreadablePicture:
    """A listed project that is not all of a shape we know: its id and name, or empty, and why."""

    id: str
    name: str
    why: str


def listed_pictures(connection: Mapping[str, Any]) -> list[Picture | UnreadablePicture]:
    """Read each project by itself, so that one of them does not stand in the others' way."""
    return [_picture(edge) for edge in list(connection["edges"])]


def _picture(edge: Any) -> Picture | UnreadablePicture:
    try:
        with reading("projects"):
            return Picture.from_node(edge["node"])
    except RailwayBadResponse as error:
        found_id, name = "", ""
        with suppress(*UNREADABLE):
            found_id = identifier(edge["node"]["id"])
            name = text(edge["node"]["name"], LONGEST_NAME)
        return UnreadablePicture(found_id, name, str(error))


def _services_of(
    node: Mapping[str, Any], environment_id: str
) -> tuple[ServiceInstance, ...] | None:
    for environment in nodes(node["environments"]):
        if environment["id"] == environment_id:
            held = environment["serviceInstances"]
            if held["pageInfo"]["hasNextPage"]:
                return None
            return tuple(ServiceInstance.from_node(each) for each in nodes(held))
    return None


@dataclass(frozen=True, slots=True)
class LogEntry:
    at: str
    text: str
    severity: str

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        return cls(
            at=text(node["timestamp"], LONGEST_NAME),
            text=text(node["message"], LONGEST_LINE),
            severity=text(node["severity"], LONGEST_STATUS),
        )
