"""A PostgreSQL server for one command: there while it runs, and gone when it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import with_postgres

pytestmark = pytest.mark.skipif(
    with_postgres.find_binaries() is None, reason="no PostgreSQL server is installed"
)

COUNT_AND_EXIT = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    raise SystemExit(connection.execute("SELECT 3 + 4").fetchone()[0])
"""
SAY_AND_SLEEP = """
import os, time
print(os.environ["DATABASE_URL"], flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for temporary files that the server's account may enter, too."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def start(folder: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, with_postgres.__file__, sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_command_finds_its_server_and_its_exit_code_is_passed_on(folder: Path) -> None:
    with start(folder, COUNT_AND_EXIT) as process:
        code = process.wait()

    assert code == 7
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_it_when_it_is_stopped(folder: Path, number: signal.Signals) -> None:
    with start(folder, SAY_AND_SLEEP) as process:
        assert process.stdout
        process.stdout.readline()
        [pid_file] = folder.glob("*/data/postmaster.pid")
        server = int(pid_file.read_text().splitlines()[0])
        os.killpg(process.pid, number)
        code = process.wait()

    assert code == 128 + number
    assert list(folder.iterdir()) == []
    assert not Path(f"/proc/{server}").exists()
