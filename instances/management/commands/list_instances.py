"""List the instances as last seen."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.table import Table

from instances.management.output import JsonCommand, terminal
from instances.models import Instance
from instances.services import reports


class Command(JsonCommand):
    help = "List the instances as last seen; nothing is asked of Railway."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="Also those that are deleted.")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        rows = Instance.objects.all() if options["all"] else Instance.objects.alive()
        lines = [reports.instance_line(row, as_of=row.last_seen) for row in rows.with_last_seen()]
        return {"instances": lines}

    def show(self, answer: dict[str, Any]) -> None:
        if not answer["instances"]:
            self.stdout.write("There are no instances.")
            return
        table = Table("Name", "Status", "Address", "Created", "As of", box=None)
        for line in answer["instances"]:
            cells = (line["name"], line["status"], line["url"], line["created_at"], line["as_of"])
            table.add_row(*(cell or "-" for cell in cells))
        terminal(self.stdout).print(table)
