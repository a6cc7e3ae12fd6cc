"""How every command speaks: for people, or with --json as one object on stdout."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from rich.console import Console

from instances import naming
from instances.exceptions import Busy, Held, InstancesError
from instances.models import Instance
from instances.railway.client import errors

# Exit code of a run that the guard holds.
HELD = 3
PIPED_WIDTH = 240
# Longer than any instance's; not worth repeating.
LONGEST_NAME = 200


class JsonCommand(BaseCommand, ABC):
    """
    A command whose expected failures are a sentence, or `{"error": …}` and exit code 1.

    A run that the guard holds ends with exit code 3. `exit_code`: for a run that has an
    answer and is no success all the same.
    """

    exit_code = 0

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="Write one JSON object to stdout and nothing else.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            with expected_failures():
                answer = self.run(options)
        except Busy as busy:
            # Another run does what was to be done; for cron that is no failure.
            self._tell_busy(str(busy), as_json=options["as_json"])
            return
        except CommandError as error:
            if not options["as_json"]:
                raise
            self.stdout.write(json.dumps({"error": str(error)}))
            sys.exit(error.returncode)
        if options["as_json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.show(answer)
        if self.exit_code:
            sys.exit(self.exit_code)

    def _tell_busy(self, sentence: str, *, as_json: bool) -> None:
        self.stdout.write(json.dumps({"busy": sentence}) if as_json else sentence)

    @abstractmethod
    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do it and return what `--json` prints."""

    @abstractmethod
    def show(self, answer: dict[str, Any]) -> None:
        """Print the answer for a person."""


@contextmanager
def expected_failures() -> Iterator[None]:
    """Turn what can go wrong outside of us into CommandError; bugs pass."""
    try:
        yield
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    except Busy:
        raise
    except Held as held:
        raise CommandError(str(held), returncode=HELD) from None
    except (InstancesError, errors.RailwayError, ImproperlyConfigured) as error:
        raise CommandError(str(error)) from None


def terminal(output: OutputWrapper) -> Console:
    """Return rich's console on what Django's wrapper writes to, which ends no lines of its own."""
    # In a pipe nobody reads lines that are cut off.
    width = None if output.isatty() else PIPED_WIDTH
    return Console(file=cast(IO[str], output._out), width=width)  # noqa: SLF001


def find_instance(name: str) -> Instance:
    """Return the instance of this name that is alive, else the latest deleted one."""
    if len(name) > LONGEST_NAME or naming.UNSTORABLE.search(name):
        raise CommandError("There is no instance of this name.")
    named = Instance.objects.filter(name=name)
    found = named.alive().first() or named.order_by("-created_at").first()
    if found is None:
        raise CommandError(f"There is no instance named {name}.")
    return found
