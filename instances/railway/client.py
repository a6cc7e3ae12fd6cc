"""
The Railway client: CLI for what changes a project's shape, GraphQL for the rest.

Which goes which way, and why, is in design section 6 (docs/decisions.md).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

import httpx

from instances.railway import errors
from instances.railway.api.budget import Budget, NoteBudget, keep_to_oneself
from instances.railway.api.client import RailwayApi
from instances.railway.api.transport import Transport
from instances.railway.api.types import (
    Deployment,
    ListedProject,
    LogEntry,
    Picture,
    Project,
    ServiceInstance,
    Token,
    TokenKind,
    UnreadablePicture,
    Workspace,
)
from instances.railway.cli.commands import COMMAND_SECONDS, DATABASE_SECONDS, RailwayCli
from instances.railway.cli.environment import Target
from instances.railway.config import BeforeCall, Call, RailwayConfig, always
from instances.railway.masking import Mask

__all__ = [
    "Budget",
    "Call",
    "Deployment",
    "ListedProject",
    "LogEntry",
    "Mask",
    "Picture",
    "Project",
    "RailwayClient",
    "RailwayConfig",
    "ServiceInstance",
    "Target",
    "Token",
    "TokenKind",
    "UnreadablePicture",
    "Workspace",
    "errors",
]


class RailwayClient:
    """
    Everything that is said to Railway; the only name the services import.

    Use as a context manager. `mask` knows the secrets that could be repeated in a
    message; `before_call` is called directly before every request and process, `note_budget`
    after every answer that says how many requests are left.
    """

    def __init__(
        self,
        config: RailwayConfig,
        *,
        mask: Mask | None = None,
        before_call: BeforeCall = always,
        note_budget: NoteBudget = keep_to_oneself,
        http: httpx.BaseTransport | None = None,
    ) -> None:
        self.config = config
        self.mask = mask or Mask([config.token])
        self._transport = Transport(
            config, mask=self.mask, before_call=before_call, note_budget=note_budget, http=http
        )
        self._api = RailwayApi(self._transport)
        self._cli = RailwayCli(config, mask=self.mask, before_call=before_call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._transport.close()

    @property
    def budget(self) -> Budget | None:
        """What the last answer said about the remaining requests."""
        return self._transport.budget

    @property
    def server_now(self) -> datetime:
        """The present moment by Railway's clock; known after the first answer."""
        return self._transport.server_now

    @property
    def has_server_time(self) -> bool:
        return self._transport.has_server_time

    @property
    def creation_seconds(self) -> float:
        """The most real seconds that create_project() may take."""
        return self.config.deadline(COMMAND_SECONDS)

    @property
    def database_seconds(self) -> float:
        """The most real seconds that add_database() may take."""
        return self.config.deadline(DATABASE_SECONDS)

    def cli_version(self) -> str:
        return self._cli.version()

    # Reads.

    def token(self) -> Token:
        return self._api.token()

    def workspaces(self) -> tuple[Workspace, ...]:
        """Return the token's workspaces; it works for any good account or workspace token."""
        return self._api.workspaces()

    def broken_documents(self) -> dict[str, str]:
        """Return which of our GraphQL documents Railway would refuse by now, and why."""
        return self._api.broken_documents()

    def branches(self, repository: str) -> tuple[str, ...]:
        """Return the branches of a GitHub repository, as Railway sees it."""
        return self._api.branches(repository)

    def iter_projects(
        self, workspace_id: str, *, include_deleted: bool = False
    ) -> Iterator[ListedProject]:
        return self._api.iter_projects(workspace_id, include_deleted=include_deleted)

    def iter_pictures(self, workspace_id: str) -> Iterator[list[Picture | UnreadablePicture]]:
        return self._api.iter_pictures(workspace_id)

    def project(self, project_id: str) -> Project:
        return self._api.project(project_id)

    def projects_by_ids(self, ids: list[str]) -> list[Project]:
        return self._api.projects_by_ids(ids)

    def services(self, target: Target) -> tuple[ServiceInstance, ...]:
        return self._api.services(target.project_id, target.environment_id)

    def variables(self, target: Target, service_id: str) -> dict[str, str]:
        return self._api.variables(target.project_id, target.environment_id, service_id)

    def build_log(self, deployment_id: str, *, lines: int) -> list[LogEntry]:
        return self._api.build_log(deployment_id, lines=lines)

    def deployment_log(self, deployment_id: str, *, lines: int) -> list[LogEntry]:
        return self._api.deployment_log(deployment_id, lines=lines)

    # Changes.

    def create_project(
        self, name: str, *, workspace_id: str, description: str, kind: TokenKind
    ) -> str:
        """
        Create a project and return its id.

        The CLI's `init` reads `me`, which a workspace token may not
        (railway/cli-facts.md section 0); then the API is asked.
        """
        if self.config.cli_auth == "login" or kind is TokenKind.ACCOUNT:
            return self._cli.init(name, workspace_id=workspace_id)
        return self._api.create_project(name, workspace_id=workspace_id, description=description)

    def describe_project(self, project_id: str, description: str) -> Project:
        return self._api.describe_project(project_id, description)

    def delete_project(self, project_id: str) -> bool:
        return self._api.delete_project(project_id)

    def schedule_deletion(self, project_id: str) -> bool:
        return self._api.schedule_deletion(project_id)

    def cancel_deletion(self, project_id: str) -> bool:
        return self._api.cancel_deletion(project_id)

    def hasten_deletion(self, project_id: str) -> bool:
        return self._api.hasten_deletion(project_id)

    def add_database(self, target: Target, kind: str) -> None:
        self._cli.add_database(target, kind)

    def add_service(self, target: Target, name: str, variables: Mapping[str, str]) -> str:
        return self._cli.add_service(target, name, variables)

    def update_settings(self, target: Target, service_id: str, settings: Mapping[str, Any]) -> None:
        self._api.update_settings(service_id, target.environment_id, settings)

    def set_secret(self, target: Target, service_id: str, name: str, value: str) -> None:
        self._cli.set_secret(target, service_id, name, value)

    def create_domain(self, target: Target, service_id: str) -> str:
        return self._cli.domain(target, service_id)

    def connect_source(self, target: Target, service_id: str, *, repo: str, branch: str) -> None:
        self._cli.connect_source(target, service_id, repo=repo, branch=branch)

    def deploy(self, target: Target, service_id: str, *, commit: str | None = None) -> str:
        return self._api.deploy(service_id, target.environment_id, commit=commit)

    def deploy_latest(self, target: Target, service_id: str) -> None:
        self._api.deploy_latest(service_id, target.environment_id)

    def deploy_latest_by_cli(self, target: Target, service_id: str) -> None:
        """The CLI waits for state transitions that the API refuses (design section 6)."""
        self._cli.redeploy_from_source(target, service_id)

    def redeploy(self, deployment_id: str) -> str:
        return self._api.redeploy(deployment_id)
