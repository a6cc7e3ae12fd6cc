"""The event that the CLI reports about every command (cli-facts.md §9)."""

import platform
import secrets
import sys
from typing import Any

from instances.simulator.cli import mutations
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Session
from instances.simulator.cli.settings import VERSION

TIMEOUT = 3.0
MESSAGE_LIMIT = 256
# The first class of which a word is in the message.
CLASSES = {
    "AUTHORIZATION": ("not authorized", "unauthorized", "forbidden", "access denied"),
    "AUTHENTICATION": ("login", "authenticated", "authentication", "token"),
    "NOT_FOUND": ("not found", "no linked project"),
    "VALIDATION": ("invalid", "required", "must"),
    "RATE_LIMITED": ("rate limit", "ratelimit"),
    "TIMEOUT": ("timeout", "timed out"),
}


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
        "errorClass": _class(error) if error else None,
        "os": sys.platform,
        "arch": platform.machine(),
        "cliVersion": VERSION,
        "isCi": session.settings.is_ci,
        **_context(session),
    }
    try:
        session.backboard.require_credential()
        session.backboard.post(mutations.CLI_EVENT_TRACK, {"input": event}, timeout=TIMEOUT)
    except CliError:
        return


def _class(error: str) -> str:
    message = error.lower()
    found = (name for name, words in CLASSES.items() if any(word in message for word in words))
    return next(found, "UNKNOWN")


def _context(session: Session) -> dict[str, str | None]:
    """Return who runs the command, and on what."""
    settings = session.settings
    link = session.config.closest_link() or Link("")
    streams = zip("ioe", (sys.stdin, sys.stdout, sys.stderr), strict=True)
    return {
        "sessionId": f"cli_{secrets.token_urlsafe(16)}",
        "caller": settings.caller,
        "agentSessionId": settings.agent_session_id,
        "installRequestId": None,
        "projectId": settings.project_id or link.project or None,
        "environmentId": settings.environment_id or link.environment,
        "serviceId": settings.service_id or link.service,
        "ttyStreams": "".join(name if stream.isatty() else "-" for name, stream in streams),
    }
