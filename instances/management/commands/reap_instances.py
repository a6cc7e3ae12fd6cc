"""Carry out the deletions that are due; for cron."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from instances import timing
from instances.management.guarded import add_let_through, pass_from
from instances.management.output import HELD, JsonCommand
from instances.models import Instance, Operation
from instances.services import access, dispatch, people, reaping, reports


class Command(JsonCommand):
    help = "Delete what is due, by its tag on Railway. Exit code 3: the guard holds it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Only say what is due.")
        add_let_through(parser)

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        let_by = pass_from(options)
        with access.railway(timing.current()) as railway:
            if options["dry_run"]:
                return self._look(reaping.look(railway))
            report = reaping.run(railway, people.cron(), let_by=let_by)
        for operation in report.operations:
            dispatch.run_inline(operation, watch=lambda _: None)
        answer = reports.reaped(report)
        if any(o.state != Operation.State.SUCCEEDED for o in report.operations if not _kept(o)):
            self.exit_code = 1
        return answer

    def _look(self, report: reaping.Report) -> dict[str, Any]:
        if report.held:
            self.exit_code = HELD
        return reports.due(report)

    def show(self, answer: dict[str, Any]) -> None:
        for name in answer.get("due", []):
            self.stdout.write(f"{name} is due.")
        for line in answer.get("reaped", []):
            is_going = line["status"] == Instance.Status.DELETING
            gone = f"; Railway deletes it for good on {line['gone_at']}" if is_going else ""
            self.stdout.write(f"{line['name']} is {line['status']}{gone}.")
        for key in ("kept", "failed"):
            for line in answer.get(key, []):
                self.stdout.write(f"{line['name']} {key}: {line['why']}")
        if answer.get("put_off"):
            self.stdout.write(answer["put_off"])
        if answer.get("held"):
            self.stdout.write(answer["held"])
        if not any(answer.values()):
            self.stdout.write("Nothing is due.")


def _kept(operation: Operation) -> bool:
    return operation.state == Operation.State.CANCELLED
