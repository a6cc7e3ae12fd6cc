"""`railway-stand-in`: starts like the `railway` executable, and ends with its exit codes."""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import NoReturn

from instances.simulator.cli import registry, settings, telemetry
from instances.simulator.cli.errors import CliError, Usage
from instances.simulator.cli.registry import Command
from instances.simulator.cli.session import Session

FAILED = 1
WRONG_ARGUMENTS = 2
INTERRUPTED = 130


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Usage(message)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    given = list(sys.argv[1:] if words is None else words)
    if given in (["--version"], ["-V"]):
        sys.stdout.write(f"railway {settings.VERSION}\n\n")
        return 0
    try:
        command, arguments = _understood(given)
        _run(command, arguments)
    except Usage as error:
        sys.stderr.write(f"error: {error}\n\nFor more information, try '--help'.\n")
        return WRONG_ARGUMENTS
    except CliError as error:
        sys.stderr.write(f"{error.shown()}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _understood(given: list[str]) -> tuple[Command, Namespace]:
    found = registry.find(given)
    if found is None:
        raise Usage(f"unrecognized subcommand '{' '.join(given[:1])}'")
    command, rest = found
    parser = _Parser(prog=f"railway {command.name}", allow_abbrev=False)
    command.arguments(parser)
    return command, parser.parse_intermixed_args(rest)


def _run(command: Command, arguments: Namespace) -> None:
    session = Session(settings.from_environment())
    started = time.monotonic()
    try:
        command.run(session, arguments)
    except CliError as error:
        if not isinstance(error, Usage):
            _report(session, command, started, str(error))
        raise
    _report(session, command, started, None)


def _report(session: Session, command: Command, started: float, error: str | None) -> None:
    duration = time.monotonic() - started
    telemetry.send(session, command.name, command.sub_command, error=error, duration=duration)


if __name__ == "__main__":
    sys.exit(main())
