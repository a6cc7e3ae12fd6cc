"""
Run a command beside a PostgreSQL server of its own: python tests/with_postgres.py COMMAND ...

The command finds the server by DATABASE_URL. The server keeps its data in a temporary
folder, listens on a free port of this machine only, and is gone when the command has
ended, however it ends. For another PostgreSQL set DATABASE_URL and leave this out.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HOST = "127.0.0.1"
# The server's superuser, and who it runs as when root starts it: it refuses to be root.
ACCOUNT = "postgres"
# Seconds.
START_LIMIT = 60
STOP_LIMIT = 20
NEW_CLUSTER = ["-A", "trust", "--locale=C", "--no-sync"]
OPTIONS = {
    "listen_addresses": HOST,
    "max_connections": 200,
    # Nothing has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def main(command: list[str]) -> int:
    # A shell has a job in the background ignore Ctrl-C, and that would be inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    binaries = find_binaries()
    if binaries is None:
        sys.exit("There is no PostgreSQL server here; on Debian it is in the package postgresql.")
    try:
        with TemporaryDirectory(prefix="pg-") as folder, server(binaries, Path(folder)) as its:
            return run(command, {**os.environ, "DATABASE_URL": its.url})
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def find_binaries() -> Path | None:
    """Return the folder of the server's programs; Debian keeps them off the PATH."""
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    return newest and newest.parent


class Server:
    """A PostgreSQL server that keeps everything in `folder`; it can be started again."""

    def __init__(self, binaries: Path, folder: Path, **options: object) -> None:
        self._binaries = binaries
        self._folder = folder
        self._data, self._log = folder / "data", folder / "log"
        self._port = free_port()
        self._options = [f"--{name}={value}" for name, value in {**OPTIONS, **options}.items()]
        self._as_whom = account(folder)
        self.process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"postgres://{ACCOUNT}@{HOST}:{self._port}/postgres"

    def make(self) -> None:
        subprocess.run(
            [
                self._binaries / "initdb",
                "-D",
                self._data,
                "-U",
                ACCOUNT,
                "-E",
                "UTF8",
                *NEW_CLUSTER,
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=True,
            **self._as_whom,
        )

    def start(self) -> None:
        """Start it; a caller that is interrupted meanwhile stops it all the same."""
        program = self._binaries / "postgres"
        place: list[str | Path] = ["-D", self._data, "-k", self._folder]
        with self._log.open("ab") as output:
            # In a session of its own, or Ctrl-C would stop it before the command.
            self.process = subprocess.Popen(
                [program, *place, "-p", str(self._port), *self._options],
                cwd=self._folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self._as_whom,
            )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_LIMIT
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"PostgreSQL did not start.\n{self._log.read_text()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        """Look at the last line of the server's pid file, where it says how far it is."""
        with suppress(FileNotFoundError):
            lines = (self._data / "postmaster.pid").read_text().split()
            return lines[:1] == [str(self.process.pid)] and lines[-1] == "ready"
        return False


@contextmanager
def server(binaries: Path, folder: Path, **options: object) -> Iterator[Server]:
    """Start a server, and stop it in the end."""
    made = Server(binaries, folder, **options)
    made.make()
    made.start()
    try:
        made.wait_until_ready()
        yield made
    finally:
        # SIGINT: disconnect everybody. SIGTERM would wait until they have gone.
        stop(made.process, signal.SIGINT)


def account(folder: Path) -> dict[str, Any]:
    """Return subprocess's arguments for an account that may run a server in `folder`."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, ACCOUNT, ACCOUNT)
    return {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []}


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command and return its exit code; it never outlives this."""
    process = subprocess.Popen(command, env=environment)
    try:
        code = process.wait()
        # As a shell says it: a command that a signal ended returns that signal, negated.
        return code if code >= 0 else 128 - code
    except KeyboardInterrupt:
        # The terminal has told the command, too: let it clean up.
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT)
        raise
    finally:
        stop(process, signal.SIGTERM)


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """End the process; from here on nothing interrupts the cleaning up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    process.send_signal(how)
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
