"""Adopt an instance that was discovered on Railway."""

from __future__ import annotations

from typing import Any

from instances.management.operating import ReasonedCommand
from instances.management.output import find_instance
from instances.services import adoption, people, reports


class Command(ReasonedCommand):
    help = "Adopt a discovered instance: take over its keys; from then on it can be changed here."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        operation = adoption.adopt(
            find_instance(options["name"]), people.command_line(), reason=options["reason"]
        )
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return reports.adopted(operation)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for (operation {answer['operation']}).")
            return
        keys = ", ".join(answer["keys_taken_over"]) or "no keys"
        self.stdout.write(f"{answer['adopted']} is adopted, with {keys}.")
