"""The three kinds of token that Railway knows (api-facts.md §1)."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["account", "workspace", "project"]


@dataclass(frozen=True)
class Token:
    """A credential. `workspace` and `project` are names or ids; left out, they mean the first."""

    kind: Kind
    workspace: str | None = None
    project: str | None = None


def default_tokens() -> dict[str, Token]:
    return {
        "account-token": Token("account"),
        "workspace-token": Token("workspace"),
        "project-token": Token("project"),
    }
