"""Run a local Railway until it is interrupted."""

import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from instances.simulator.server import WORKSPACE, LocalRailway
from instances.simulator.tokens import Token


def serve(
    *,
    state_file: Path | None,
    time_scale: float,
    port: int,
    host: str = "127.0.0.1",
    account_token: str = "account-token",  # noqa: S107  # the demo's, of a server that only imitates
    workspace_token: str = "workspace-token",  # noqa: S107
    workspaces: Iterable[str] = (WORKSPACE,),
    gateway_ports: Iterable[int] | None = None,
    announce: Callable[[LocalRailway], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called once the ports are open."""
    railway = LocalRailway(
        state_file=state_file,
        time_scale=time_scale,
        port=port,
        host=host,
        tokens={account_token: Token("account"), workspace_token: Token("workspace")},
        workspaces=workspaces,
        gateway_ports=gateway_ports,
    )
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with railway:
        if announce is not None:
            announce(railway)
        over.wait()
