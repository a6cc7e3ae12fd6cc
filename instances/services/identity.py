"""Who we are to Railway, and what that allows."""

from __future__ import annotations

from dataclasses import dataclass

from instances.exceptions import NotPossible
from instances.operations.plan import Permanent
from instances.railway.client import Budget, RailwayClient, Token, TokenKind, errors
from instances.services import toolbox
from instances.services.steps.preflight import chosen_workspace, usable_token


@dataclass(frozen=True, slots=True)
class Identity:
    token: Token
    workspace_id: str
    workspace_problem: str
    budget: Budget | None
    cli_version: str
    cli_problem: str
    creates_by: str


def whoami(railway: RailwayClient) -> Identity:
    """Ask Railway and the CLI. Raise NotPossible, or RailwayError when nobody answers."""
    try:
        token = usable_token(railway)
    except Permanent as error:
        raise NotPossible(str(error)) from None
    workspace_id, workspace_problem = _workspace(token)
    version, problem = _cli(railway)
    return Identity(
        token=token,
        workspace_id=workspace_id,
        workspace_problem=workspace_problem,
        budget=railway.budget,
        cli_version=version,
        cli_problem=problem,
        creates_by=_creates_by(railway, token),
    )


def _workspace(token: Token) -> tuple[str, str]:
    try:
        return chosen_workspace(token).id, ""
    except Permanent as error:
        return "", str(error)


def _cli(railway: RailwayClient) -> tuple[str, str]:
    try:
        return toolbox.cli_version(railway), ""
    except errors.RailwayError as error:
        return "", str(error)


def _creates_by(railway: RailwayClient, token: Token) -> str:
    by_cli = railway.config.cli_auth == "login" or token.kind is TokenKind.ACCOUNT
    return "the CLI (init)" if by_cli else "the API (projectCreate)"
