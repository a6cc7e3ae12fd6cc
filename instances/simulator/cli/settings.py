"""What the environment tells the CLI (cli-facts.md §6 and §7)."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from instances.simulator.cli.errors import CliError

VERSION = "5.71.0"
DEFAULT_TIMEOUT = 90.0
_TRUTHY = frozenset({"1", "true"})


@dataclass(frozen=True)
class Settings:
    """The environment, read once."""

    environment: Mapping[str, str]

    @property
    def backboard(self) -> str:
        """Return the one address this program talks to; it has no other."""
        url = self.environment.get("RAILWAY_BACKBOARD_URL")
        if not url:
            raise CliError(
                "RAILWAY_BACKBOARD_URL is not set: "
                "this stand-in for the Railway CLI talks to a local Railway only."
            )
        return url

    @property
    def project_token(self) -> str | None:
        # A blank one counts as set (cli-facts.md §0.6).
        return self.environment.get("RAILWAY_TOKEN")

    @property
    def api_token(self) -> str | None:
        return self.environment.get("RAILWAY_API_TOKEN")

    @property
    def project_id(self) -> str | None:
        return self.environment.get("RAILWAY_PROJECT_ID")

    @property
    def environment_id(self) -> str | None:
        return self.environment.get("RAILWAY_ENVIRONMENT_ID")

    @property
    def service_id(self) -> str | None:
        return self.environment.get("RAILWAY_SERVICE_ID")

    @property
    def caller(self) -> str:
        return self.environment.get("RAILWAY_CALLER") or "agent_unknown"

    @property
    def agent_session_id(self) -> str | None:
        return self.environment.get("RAILWAY_AGENT_SESSION")

    @property
    def time_scale(self) -> float:
        return float(self.environment.get("RAILWAY_TIME_SCALE") or 1)

    @property
    def is_telemetry_off(self) -> bool:
        names = ("RAILWAY_NO_TELEMETRY", "DO_NOT_TRACK")
        return any(self.environment.get(name, "").lower() in _TRUTHY for name in names)

    @property
    def is_ci(self) -> bool:
        return self.environment.get("CI", "").lower() not in {"", "0", "false"}

    @property
    def config_file(self) -> Path:
        home = self.environment.get("HOME") or str(Path.home())
        return Path(home) / ".railway" / "config.json"

    def timeout(self) -> float:
        wanted = self.environment.get("RAILWAY_HTTP_TIMEOUT")
        if wanted is None:
            return DEFAULT_TIMEOUT
        if wanted.isdigit() and int(wanted) > 0:
            return float(wanted)
        sys.stderr.write(
            f'warning: ignoring invalid RAILWAY_HTTP_TIMEOUT="{wanted}"; '
            f"expected a positive number of seconds, using {DEFAULT_TIMEOUT:g}s\n"
        )
        return DEFAULT_TIMEOUT


def from_environment() -> Settings:
    return Settings(dict(os.environ))
