"""
Management commands in processes and sessions of their own.

They are forked from this one instead of started anew: Python and Django are loaded then,
and what is left of a case is the work itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing.context import ForkProcess
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from tests.reliability import sabotage

FORK = multiprocessing.get_context("fork")


class Program:
    """A command that runs; `pid` is its process and its process group."""

    def __init__(self, command: str, *, log: Path, without: str | None) -> None:
        # A copy of this process must not hold on to its connection.
        connection.close()
        self._process: ForkProcess = FORK.Process(target=_run, args=(command, log, without))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid, "it was not started"
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return not self._process.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        self._process.join(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send the signal to every process of its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()


def _run(command: str, log: Path, without: str | None) -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if without:
        sabotage.take_out(without)
    call_command(command)
