"""Schedule an instance for deletion, or delete it at once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from instances import deletion_tag
from instances.management.operating import ReasonedCommand, confirm, expect_possible
from instances.management.output import find_instance
from instances.models import Instance
from instances.services import deletion, people, reports
from instances.services.asking import Seen


class Command(ReasonedCommand):
    help = "Schedule an instance for deletion after the grace period; with --force delete it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--force", action="store_true", help="Delete it at once; that cannot be undone."
        )
        parser.add_argument("-y", "--yes", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--reschedule",
            action="store_true",
            help="Start the grace period anew for one that is scheduled already.",
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        instance = find_instance(options["name"])
        if options["force"]:
            return self._delete(instance, options)
        return self._schedule(instance, options)

    def _delete(self, instance: Instance, options: dict[str, Any]) -> dict[str, Any]:
        expect_possible(deletion.why_not_delete(instance))
        seen = Seen.of(instance)
        confirm(
            f"{instance} and its data are deleted on Railway at once, for good.",
            yes=options["yes"],
            expect=instance.name,
        )
        operation = deletion.delete(
            instance, people.command_line(), reason=options["reason"], seen=seen
        )
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return {"deleted": operation.instance.name, "immediate": True}

    def _schedule(self, instance: Instance, options: dict[str, Any]) -> dict[str, Any]:
        expect_possible(deletion.why_not_tag(instance))
        seen = Seen.of(instance)
        days = f"in {settings.DELETION_GRACE_DAYS:g} days"
        if instance.deletion_scheduled_at and not options["reschedule"]:
            days = f"on {deletion_tag.date(instance.deletion_scheduled_at)}, as it is tagged"
        confirm(f"{instance} is deleted {days}, unless that is cancelled.", yes=options["yes"])
        operation = deletion.schedule(
            instance,
            people.command_line(),
            reason=options["reason"],
            reschedule=options["reschedule"],
            seen=seen,
        )
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return reports.scheduled(operation.instance)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for (operation {answer['operation']}).")
        elif "deleted" in answer:
            self.stdout.write(f"{answer['deleted']} is deleted.")
        else:
            name, date = answer["scheduled_for_deletion"], answer["deletion_date"]
            self.stdout.write(f"{name} is scheduled for deletion on {date}.")
