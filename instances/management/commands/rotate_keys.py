"""Replace an instance's keys by new ones."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances.management.operating import ReasonedCommand
from instances.management.output import find_instance
from instances.services import credentials, people, reports, rotation


class Command(ReasonedCommand):
    help = (
        "Rotate an instance's keys: new ones are set and deployed; when the gateway accepts them"
        " the older ones are retired. A failure leaves the older ones working."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--key",
            action="append",
            choices=rotation.ROTATABLE,
            dest="keys",
            help="Only this one; may be given twice. Both, unless told.",
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        names = list(dict.fromkeys(options["keys"] or rotation.ROTATABLE))
        requester = people.command_line()
        operation = rotation.request(
            find_instance(options["name"]), requester, names=names, reason=options["reason"]
        )
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        instance = operation.instance
        keys = {name: credentials.reveal(instance, name, requester) for name in names}
        return reports.rotated(instance, keys)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for (operation {answer['operation']}).")
            return
        self.stdout.write(f"{answer['rotated']} accepts its new keys; the older ones are retired.")
        for name in ("client_api_key", "admin_api_key"):
            if name in answer:
                self.stdout.write(f"  {name.upper():<16} {answer[name]}")
