"""Show one instance, read from Railway now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances import timing
from instances.management.output import JsonCommand, find_instance
from instances.services import access, mirror, reports


class Command(JsonCommand):
    help = "Show one instance, read from Railway now; what was last seen when that fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        instance = find_instance(options["name"])
        with access.railway(timing.current()) as railway:
            fresh = mirror.refresh(instance, railway)
        return reports.instance_detail(instance, stale=not fresh)

    def show(self, answer: dict[str, Any]) -> None:
        if answer["stale"]:
            self.stderr.write("Railway could not be read; this is what was last seen.")
        for key in ("name", "status", "url", "project_id", "deletion_scheduled_at", "as_of"):
            self.stdout.write(f"{key:<22}{answer[key] or '-'}")
        for role, service in answer["services"].items():
            self.stdout.write(f"{role:<22}{service['status']}  {service['url'] or ''}".rstrip())
