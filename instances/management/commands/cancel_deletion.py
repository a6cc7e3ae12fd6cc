"""Take back the deletion of an instance."""

from __future__ import annotations

from typing import Any

from instances.management.operating import ReasonedCommand
from instances.management.output import find_instance
from instances.services import deletion, people, reports


class Command(ReasonedCommand):
    help = "Cancel a scheduled deletion, or have Railway restore what it is deleting."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        instance = find_instance(options["name"])
        operation = deletion.cancel(instance, people.command_line(), reason=options["reason"])
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return reports.cancelled(operation.instance)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for (operation {answer['operation']}).")
        else:
            self.stdout.write(
                f"The deletion of {answer['cancelled']} is cancelled; it is {answer['status']}."
            )
