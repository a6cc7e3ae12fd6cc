"""Register sync, reap and sweep with the queue, for those who prefer that to cron."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances import queue
from instances.management.output import JsonCommand


class Command(JsonCommand):
    help = (
        "Have the queue run sync, reap and sweep; once is enough. Cron may run them too: a run"
        " that finds another one at it does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--remove", action="store_true", help="Take the schedules away.")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["remove"]:
            return {"removed": queue.remove_schedules()}
        return {"schedules": queue.set_schedules()}

    def show(self, answer: dict[str, Any]) -> None:
        for name in answer.get("removed", []):
            self.stdout.write(f"{name}: not scheduled any more.")
        if not any(answer.values()):
            self.stdout.write("Nothing was scheduled.")
        for line in answer.get("schedules", []):
            self.stdout.write(f"{line['name']}: every {line['minutes']} min.")
