"""Look whether everything that this app depends on is there; for operators."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.table import Column, Table

from instances import timing
from instances.management import numbers
from instances.management.output import JsonCommand, terminal
from instances.services import access, checkup, reports


class Command(JsonCommand):
    help = "Check database, token, CLI, schema, repository, workers and cron. Exit code 1: trouble."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--patience",
            type=numbers.seconds,
            default=checkup.PATIENCE,
            metavar="SECONDS",
            help="How long to wait for a worker.",
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        with access.railway(timing.current()) as railway:
            findings = checkup.run(railway, patience=options["patience"])
        answer = reports.checked(findings)
        self.exit_code = 0 if answer["ok"] else 1
        return answer

    def show(self, answer: dict[str, Any]) -> None:
        titles = ("", "What", "Found", "What to do")
        table = Table(*(Column(title, overflow="fold") for title in titles), box=None)
        for line in answer["checks"]:
            mark = "ok" if line["ok"] else "!!"
            table.add_row(mark, line["name"], line["detail"], line["advice"])
        terminal(self.stdout).print(table)
