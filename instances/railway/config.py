"""What the Railway edge is told from outside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

# Seconds at scale 1.
READ_SECONDS = 30.0
CONNECT_SECONDS = 10.0


def real_seconds(seconds: float) -> float:
    return seconds


@dataclass(frozen=True, slots=True)
class RailwayConfig:
    """
    Where Railway is and how we show who we are.

    `deadline` turns seconds at scale 1 into the real seconds that a call may take.
    `child_env` names further variables that may pass from our environment to the CLI's.
    """

    token: str = field(repr=False)
    api_url: str
    workspace_id: str = ""
    cli: tuple[str, ...] = ("railway",)
    cli_auth: Literal["token", "login"] = "token"
    child_env: tuple[str, ...] = ()
    deadline: Callable[[float], float] = real_seconds


@dataclass(frozen=True, slots=True)
class Call:
    """One remote call that is about to be made."""

    name: str
    changes: bool
    seconds: float


# Called directly before each remote call; raising keeps the call from being made.
BeforeCall = Callable[[Call], None]


def always(call: Call) -> None:
    """Let every call through."""
    del call
