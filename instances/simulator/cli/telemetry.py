"""The event that the CLI reports about every command (cli-facts.md §9)."""

import platform
import sys
from typing import Any

from instances.simulator.cli import mutations
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Session
from instances.simulator.cli.settings import VERSION

TIMEOUT = 3.0
MESSAGE_LIMIT = 256


def send(
    session: Session,
    command: str,
    sub_command: str | None = None,
    *,
    error: str | None = None,
    duration: float = 0.0,
) -> None:
    """Report one event; what becomes of it interests nobody."""
    if session.settings.is_telemetry_off:
        return
    event: dict[str, Any] = {
        "command": command,
        "subCommand": sub_command,
        "durationMs": int(duration * 1000),
        "success": error is None,
        "errorMessage": error[:MESSAGE_LIMIT] if error else None,
        "os": sys.platform,
        "arch": platform.machine(),
        "cliVersion": VERSION,
        "isCi": session.settings.is_ci,
    }
    try:
        session.backboard.require_credential()
        session.backboard.post(mutations.CLI_EVENT_TRACK, {"input": event}, timeout=TIMEOUT)
    except CliError:
        return
