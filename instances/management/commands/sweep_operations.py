"""Pick up operations that should move and do not; for cron."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances.management import numbers
from instances.management.output import JsonCommand
from instances.services import dispatch

# Cron calls every minute; two runs at once would do no harm, but no good either.
SECONDS = 50.0


class Command(JsonCommand):
    help = "Advance every operation that is due, for at most 50 seconds; the cluster may be hung."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--seconds", type=numbers.seconds, default=SECONDS)

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        picked_up = dispatch.sweep(seconds=options["seconds"])
        return {"picked_up": [{"operation": o.pk, "instance": o.instance.name} for o in picked_up]}

    def show(self, answer: dict[str, Any]) -> None:
        for line in answer["picked_up"]:
            self.stdout.write(f"Picked up operation {line['operation']} ({line['instance']}).")
        if not answer["picked_up"]:
            self.stdout.write("Nothing was left lying.")
