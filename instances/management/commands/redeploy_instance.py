"""Redeploy an instance's gateway."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances.management.operating import ReasonedCommand
from instances.management.output import find_instance
from instances.services import people, redeployment, reports


class Command(ReasonedCommand):
    help = "Redeploy an instance's gateway: its branch's newest commit, unless told which."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--commit", default="", metavar="SHA")
        which.add_argument(
            "--same-commit", action="store_true", help="The same code with the variables of now."
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        operation = redeployment.request(
            find_instance(options["name"]),
            people.command_line(),
            commit=options["commit"],
            same_commit=options["same_commit"],
            reason=options["reason"],
        )
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return reports.redeployed(operation.instance)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for (operation {answer['operation']}).")
        else:
            self.stdout.write(
                f"{answer['instance']} runs commit {answer['commit']}"
                f" (deployment {answer['deployment_id']})."
            )
