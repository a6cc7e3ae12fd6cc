"""Who is asking, and what they may see (api-facts.md §1 and §3)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

from instances.simulator import projects
from instances.simulator.refusals import (
    ENVIRONMENT_NOT_FOUND,
    INSTANCE_NOT_FOUND,
    NOT_AUTHORIZED,
    PROJECT_NOT_FOUND,
    Refusal,
)
from instances.simulator.state import Deployment, Project, Service, Workspace
from instances.simulator.tokens import Token
from instances.simulator.world import World

BAD_PROJECT_TOKEN = "Project Token not found"  # noqa: S105  # a message, not a token


@dataclass(frozen=True)
class Credential:
    """What a request brought along: a token that is known, or why it counts for nothing."""

    key: str = ""
    token: Token | None = None
    refusal: str = NOT_AUTHORIZED

    @property
    def kind(self) -> str | None:
        return self.token.kind if self.token else None


def credential(headers: Message, tokens: Mapping[str, Token]) -> Credential:
    project_key = headers.get("Project-Access-Token")
    bearer = _bearer(headers.get("Authorization") or "")
    if project_key is not None:
        token = tokens.get(project_key)
        if token is not None and token.kind == "project":
            return Credential(project_key, token)
        if not bearer:
            return Credential(project_key, refusal=BAD_PROJECT_TOKEN)
    token = tokens.get(bearer)
    if token is None or token.kind == "project":
        return Credential(bearer)
    return Credential(bearer, token)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _bearer(header: str) -> str:
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


class Caller:
    """One request's view of the world: everything a resolver looks up goes through here."""

    def __init__(self, world: World, credential: Credential) -> None:
        self.world = world
        self.credential = credential

    def require(self, *kinds: str) -> Token:
        token = self.credential.token
        if token is None:
            raise Refusal(self.credential.refusal)
        if token.kind not in (kinds or ("account", "workspace", "project")):
            raise Refusal(NOT_AUTHORIZED)
        return token

    def workspaces(self) -> list[Workspace]:
        token = self.require("account", "workspace")
        if token.kind == "account":
            return list(self.world.workspaces.values())
        return [self.world.workspace(token.workspace)]

    def workspace(self, workspace_id: str) -> Workspace:
        for workspace in self.workspaces():
            if workspace.id == workspace_id:
                return workspace
        raise Refusal(NOT_AUTHORIZED)

    def own_project(self) -> Project:
        """Return the project that a project token belongs to."""
        token = self.require("project")
        for project in self.world.projects.values():
            if token.project in (None, project.id, project.name):
                return project
        raise Refusal(BAD_PROJECT_TOKEN)

    def may_see(self, project: Project) -> bool:
        token = self.credential.token
        if token is None:
            return False
        if token.kind == "project":
            return self.own_project() is project
        return any(workspace.id == project.workspace_id for workspace in self.workspaces())

    def project(self, project_id: str) -> Project:
        self.require()
        project = self.world.projects.get(project_id)
        if project is None and not _is_uuid(project_id):
            # What the CLI waits for before it takes `-p` for a name (cli-facts.md §4).
            raise Refusal(PROJECT_NOT_FOUND)
        if project is None or not self.may_see(project):
            raise Refusal(NOT_AUTHORIZED)
        if not projects.is_readable(project, self.world.now()):
            raise Refusal(PROJECT_NOT_FOUND)
        return project

    def environment(self, environment_id: str, project_id: str | None = None) -> Project:
        """Return the project whose one environment this is."""
        self.require()
        if project_id is not None:
            project = self.project(project_id)
            if project.environment_id != environment_id:
                raise Refusal(ENVIRONMENT_NOT_FOUND)
            return project
        for project in self.world.projects.values():
            if project.environment_id == environment_id:
                return self.project(project.id)
        raise Refusal(NOT_AUTHORIZED)

    def service(
        self, service_id: str, environment_id: str | None = None, *, not_yet: str = NOT_AUTHORIZED
    ) -> tuple[Project, Service]:
        """Return a service that has propagated; `not_yet` is said of one that has not."""
        self.require()
        found = self.world.find_service(service_id)
        if found is None or found[1].deleted_at is not None:
            raise Refusal(NOT_AUTHORIZED)
        project = self.project(found[0].id)
        if environment_id not in (None, project.environment_id):
            raise Refusal(ENVIRONMENT_NOT_FOUND)
        if self.world.now() < found[1].visible_at:
            raise Refusal(not_yet)
        return found

    def service_to_change(
        self, service_id: str, environment_id: str | None = None
    ) -> tuple[Project, Service]:
        return self.service(service_id, environment_id, not_yet=INSTANCE_NOT_FOUND)

    def deployment(self, deployment_id: str) -> tuple[Project, Service, Deployment]:
        self.require()
        found = self.world.find_deployment(deployment_id)
        if found is None or self.world.now() < found[2].created_at:
            raise Refusal(NOT_AUTHORIZED)
        self.service(found[1].id)
        return found
