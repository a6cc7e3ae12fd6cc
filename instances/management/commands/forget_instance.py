"""Let go of an instance without touching Railway."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances.management.operating import confirm, expect_possible
from instances.management.output import JsonCommand, find_instance
from instances.services import adoption, people


class Command(JsonCommand):
    help = "Forget an instance: its row becomes history, its project stays on Railway as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("--reason", default="", help="Why; it stays in the history.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        instance = find_instance(options["name"])
        project_id = instance.project_id
        expect_possible(adoption.why_not_forget(instance))
        confirm(
            f"{instance} is forgotten here, and its keys are not shown any more.",
            yes=options["yes"],
        )
        adoption.forget(instance, people.command_line(), reason=options["reason"])
        return {"forgotten": instance.name, "project_id": project_id or None}

    def show(self, answer: dict[str, Any]) -> None:
        project = answer["project_id"]
        kept = f" Its Railway project {project} was not touched." if project else ""
        self.stdout.write(f"{answer['forgotten']} is forgotten.{kept}")
