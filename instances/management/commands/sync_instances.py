"""Bring the mirror up to date with Railway; for cron."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances import timing
from instances.management.guarded import add_let_through, pass_from
from instances.management.output import JsonCommand
from instances.services import access, sync

COUNTS = ("created", "updated", "unchanged", "left", "missed", "missing", "deleted", "ignored")


class Command(JsonCommand):
    help = "Read all projects from Railway and store what differs. Exit code 3: the guard holds it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_let_through(parser)

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        let_by = pass_from(options)
        with access.railway(timing.current()) as railway:
            return sync.run(railway, let_by=let_by).as_dict()

    def show(self, answer: dict[str, Any]) -> None:
        counts = ", ".join(f"{answer[name]} {name}" for name in COUNTS if answer[name])
        self.stdout.write(f"Saw {answer['seen']} projects: {counts or 'nothing'}.")
        if answer["put_off"]:
            self.stdout.write(answer["put_off"])
        for problem in answer["problems"]:
            self.stdout.write(problem)
