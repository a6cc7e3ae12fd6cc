"""Tell who we are to Railway, and which way creation will take."""

from __future__ import annotations

from typing import Any

from instances import timing
from instances.management.output import JsonCommand
from instances.services import access, identity, reports


class Command(JsonCommand):
    help = "Show the token's kind, its workspaces, the remaining requests and the CLI's version."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        del options
        with access.railway(timing.current()) as railway:
            return reports.identity(identity.whoami(railway))

    def show(self, answer: dict[str, Any]) -> None:
        workspaces = ", ".join(f"{w['name']} ({w['id']})" for w in answer["workspaces"])
        remaining = answer["requests_remaining"]
        lines = {
            "Token": answer["kind"] + (f" of {answer['user']}" if answer["user"] else ""),
            "Workspaces": workspaces or "none",
            "Used workspace": answer["workspace_id"] or answer["workspace_problem"],
            "Requests left": "not told" if remaining is None else f"{remaining}",
            "Railway CLI": answer["cli_version"] or answer["cli_problem"],
            "Projects are made by": answer["creates_projects_by"],
        }
        for label, value in lines.items():
            self.stdout.write(f"{label:<22}{value}")
