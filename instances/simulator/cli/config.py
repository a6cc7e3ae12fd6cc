"""`~/.railway/config.json`: who is logged in, and which directory belongs to which project."""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instances.simulator.cli.errors import NO_LINKED_PROJECT, PROJECT_NOT_FOUND, CliError
from instances.simulator.cli.settings import Settings

USER_FIELDS = ("id", "token", "accessToken", "refreshToken", "tokenExpiresAt")


@dataclass
class Link:
    """A directory's project. `environment` may be missing, and then a command must name it."""

    project: str
    environment: str | None = None
    environment_name: str | None = None
    name: str | None = None
    service: str | None = None

    def environment_id(self) -> str:
        if self.environment is None:
            raise CliError(
                "No environment specified. Set RAILWAY_ENVIRONMENT_ID, use --environment, "
                "or run `railway environment` to link one."
            )
        return self.environment


class Config:
    """The file as it was at the start, changed in memory, written back whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.config_file
        self._root = _read(self._path)

    @property
    def stored_token(self) -> str | None:
        user = self._root["user"]
        token = user.get("accessToken") or user.get("token")
        return None if token is None else str(token)

    @property
    def directory(self) -> str:
        return os.path.realpath(Path.cwd())

    def closest_link(self) -> Link | None:
        """Return the link of this directory, or of the nearest one above it."""
        directory = Path(self.directory)
        for candidate in (directory, *directory.parents):
            entry = self._root["projects"].get(str(candidate))
            if entry is not None:
                return _link(entry)
        return None

    def link_here(self) -> Link | None:
        entry = self._root["projects"].get(self.directory)
        return None if entry is None else _link(entry)

    def link_project(self, link: Link) -> None:
        self._root["projects"][self.directory] = {
            "projectPath": self.directory,
            "name": link.name,
            "project": link.project,
            "environment": link.environment,
            "environmentName": link.environment_name,
            "service": link.service,
        }

    def link_service(self, service_id: str | None) -> None:
        """Remember a service; fails where the environment made the link (cli-facts.md §0.4)."""
        directory = self._linked_directory()
        entry = self._root["projects"].get(directory)
        if entry is None:
            raise CliError(PROJECT_NOT_FOUND)
        entry["service"] = service_id

    def unlink_project(self) -> None:
        self._root["projects"].pop(self._linked_directory(), None)

    def write(self) -> None:
        # Only the credentials are re-read; the last writer of the links wins (cli-facts.md §6).
        user = _read(self._path)["user"]
        self._root["user"] = {name: user.get(name) for name in USER_FIELDS}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = self._path.with_suffix(f".tmp.{os.getpid()}-{time.time_ns()}")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(self._root, indent=2), encoding="utf-8")
        scratch.replace(self._path)

    def _linked_directory(self) -> str:
        if self._settings.project_id is not None or self._settings.project_token is not None:
            return self.directory
        directory = Path(self.directory)
        for candidate in (directory, *directory.parents):
            if str(candidate) in self._root["projects"]:
                return str(candidate)
        raise CliError(NO_LINKED_PROJECT)


def _read(path: Path) -> dict[str, Any]:
    empty: dict[str, Any] = {"projects": {}, "user": {}}
    try:
        root = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return empty
    except ValueError:
        root = None
    if (
        not isinstance(root, dict)
        or not isinstance(root.get("projects"), dict)
        or not isinstance(root.get("user"), dict)
    ):
        sys.stderr.write("warning: Unable to parse config file, regenerating\n")
        return empty
    return root


def _link(entry: dict[str, Any]) -> Link:
    return Link(
        project=entry["project"],
        environment=entry.get("environment"),
        environment_name=entry.get("environmentName"),
        name=entry.get("name"),
        service=entry.get("service"),
    )
