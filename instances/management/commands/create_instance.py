"""Create an instance and, unless told not to, wait until it answers."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from instances import naming
from instances.management.operating import OperatingCommand
from instances.secrets import Secret
from instances.services import creation, people, reports
from instances.services.creation import Wish


class Command(OperatingCommand):
    help = "Create an instance: a Railway project with Postgres, Redis and a gateway."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("--repo", default="", metavar="OWNER/REPO")
        parser.add_argument("--branch", default="")
        parser.add_argument(
            "--keep-on-failure",
            action="store_true",
            default=None,
            help="Keep the project for inspection when it fails.",
        )
        parser.add_argument(
            "--variable", action="extend", nargs="+", default=[], metavar="K=V", dest="variables"
        )
        parser.add_argument(
            "--secret",
            action="extend",
            nargs="+",
            default=[],
            metavar="KEY",
            dest="secrets",
            help="Its value is taken from the environment variable KEY, or asked for.",
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        wish = Wish(
            name=options["name"],
            repository=options["repo"],
            branch=options["branch"],
            variables=dict(_pair(text) for text in options["variables"]),
            secrets={name: _secret(name) for name in options["secrets"]},
            keep_on_failure=options["keep_on_failure"],
        )
        operation = creation.request(wish, people.command_line())
        if not options["wait"]:
            return reports.asked_for(operation)
        self.carry_out(operation, options)
        return reports.created(operation)

    def show(self, answer: dict[str, Any]) -> None:
        if "operation" in answer:
            self.stdout.write(f"Asked for {answer['name']} (operation {answer['operation']}).")
            return
        self.stdout.write(
            f"{answer['name']} is {answer['status']} at {answer['url']}\n"
            f"  Railway project  {answer['project_id']}\n"
            f"  CLIENT_API_KEY   {answer['client_api_key']}\n"
            f"  ADMIN_API_KEY    {answer['admin_api_key']}"
        )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError("Give a variable as NAME=value.")
    return name, value


def _secret(name: str) -> Secret:
    if not naming.VARIABLE.fullmatch(name):
        raise CommandError("Give --secret the name of a variable only, never its value.")
    value = os.environ.get(name)
    if value is None:
        if not sys.stdin.isatty():
            raise CommandError(f"Set the environment variable {name} to the secret's value.")
        value = getpass.getpass(f"{name}: ")
    return Secret(value)
