"""One program: what it sees, what comes back, and that nothing of it stays behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from instances.railway.cli import runner
from tests.railway.conftest import ROOT, SECRET, everything_in
from tests.simulator.conftest import eventually

PATIENCE = 30.0
# Holds a lock on a file for as long as it lives, which tells even of a process of a process.
HOLD = """
import fcntl, pathlib, sys, time
handle = open(sys.argv[1], "w")
fcntl.flock(handle, fcntl.LOCK_EX)
pathlib.Path(sys.argv[1] + ".held").touch()
time.sleep(60)
"""
START_ANOTHER_AND_HOLD = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {HOLD!r}, sys.argv[1]])
print("the-output-so-far", flush=True)
time.sleep(60)
"""


def run(
    script: str, *words: str, stdin: str | None = None, seconds: float = PATIENCE
) -> runner.Completed:
    return runner.run(
        [sys.executable, "-c", script, *words],
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        timeout=seconds,
        stdin=stdin,
    )


def is_held(lock: Path) -> bool:
    if not Path(f"{lock}.held").exists():
        return False
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


# What comes back.


def test_output_errors_and_exit_code_are_returned() -> None:
    done = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")

    assert done == runner.Completed(3, "out\n", "err\n")


def test_a_program_that_was_killed_says_by_which_signal() -> None:
    done = run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")

    assert done.returncode == -signal.SIGTERM


def test_large_output_on_both_sides_is_returned_whole() -> None:
    done = run("import sys; sys.stdout.write('o' * 3_000_000); sys.stderr.write('e' * 3_000_000)")

    assert (len(done.stdout), len(done.stderr)) == (3_000_000, 3_000_000)


def test_bytes_that_are_no_text_do_no_harm() -> None:
    done = run(
        r"import sys; sys.stdout.buffer.write(b'a\xff\xfeb'); sys.stderr.buffer.write(b'\x80')"
    )

    assert (done.stdout, done.stderr) == ("a\ufffd\ufffdb", "\ufffd")


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program", str(ROOT)])
def test_a_program_that_cannot_be_started_is_an_os_error(program: str) -> None:
    with pytest.raises(OSError, match=r"No such file|denied") as caught:
        runner.run([program], env={}, cwd=ROOT, timeout=PATIENCE)

    assert caught.value.strerror


# What it sees.


def test_it_reads_what_it_is_given() -> None:
    done = run("import sys; print(sys.stdin.read())", stdin="a secret\nwith ümlaut")

    assert done.stdout == "a secret\nwith ümlaut\n"


def test_without_anything_to_read_it_gets_the_null_device() -> None:
    done = run("import os; print(os.path.samestat(os.fstat(0), os.stat(os.devnull)))")

    assert done.stdout == "True\n"


def test_it_may_leave_unread_what_it_is_given() -> None:
    done = run("import os; os.close(0); print('done')", stdin="x" * 1_000_000)

    assert done == runner.Completed(0, "done\n", "")


def test_it_sees_the_environment_it_is_given_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAILWAY_PROJECT_ID", "our-own")
    env = shutil.which("env")
    assert env

    done = runner.run([env], env={"ONLY": "this"}, cwd=ROOT, timeout=PATIENCE)

    assert done.stdout == "ONLY=this\n"


def test_it_runs_in_the_folder_it_is_given(tmp_path: Path) -> None:
    done = runner.run(
        [sys.executable, "-c", "import os; print(os.getcwd())"],
        env={},
        cwd=tmp_path,
        timeout=PATIENCE,
    )

    assert done.stdout.strip() == str(tmp_path.resolve())


def test_it_leads_a_session_and_a_group_of_its_own() -> None:
    done = run("import os; print(os.getsid(0) == os.getpgid(0) == os.getpid())")

    assert done.stdout == "True\n"


def test_no_shell_reads_the_words() -> None:
    done = run("import sys; print(sys.argv[1:])", "$HOME; echo `id`", "*")

    assert done.stdout == "['$HOME; echo `id`', '*']\n"


# How it ends.


def test_a_program_that_does_not_end_is_stopped_in_time() -> None:
    started = time.monotonic()

    with pytest.raises(runner.NoEnd):
        run("import time; time.sleep(60)", seconds=0.3)

    assert time.monotonic() - started < 10


def test_a_program_that_ignores_requests_to_end_is_stopped_too() -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"

    with pytest.raises(runner.NoEnd):
        run(script, seconds=0.3)


def test_what_it_started_is_stopped_with_it(lock: Path) -> None:
    with pytest.raises(runner.NoEnd):
        run(START_ANOTHER_AND_HOLD, str(lock), seconds=2.0)

    assert Path(f"{lock}.held").exists(), "the test is too impatient"
    assert eventually(lambda: not is_held(lock))


def test_the_error_shows_neither_words_nor_output() -> None:
    with pytest.raises(runner.NoEnd) as caught:
        run("import sys, time; print(sys.argv, flush=True); time.sleep(60)", SECRET, seconds=0.3)

    assert SECRET not in everything_in(caught.value)


@pytest.fixture
def exits_on_signal() -> Iterator[None]:
    """Raise SystemExit on SIGUSR1, as the queue does when a task has run too long."""

    def leave(*_: object) -> None:
        raise SystemExit("too long")

    before = signal.signal(signal.SIGUSR1, leave)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("exits_on_signal")
def test_it_is_stopped_when_the_queue_ends_the_task(lock: Path) -> None:
    tell = "import os, signal; os.kill(os.getppid(), signal.SIGUSR1)"

    with pytest.raises(SystemExit, match="too long"):
        run(HOLD.replace("time.sleep", f"{tell}; time.sleep"), str(lock))

    assert Path(f"{lock}.held").exists()
    assert eventually(lambda: not is_held(lock))


def kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can promise this")
def test_it_dies_with_us_when_nobody_is_left_to_stop_it(lock: Path) -> None:
    us = f"""
import sys
from pathlib import Path
from instances.railway.cli import runner
command = [sys.executable, "-c", {HOLD!r}, sys.argv[1]]
runner.run(command, env={{}}, cwd=Path.cwd(), timeout=60)
"""
    process = subprocess.Popen([sys.executable, "-c", us, str(lock)], cwd=ROOT)
    try:
        assert eventually(lambda: is_held(lock))
    finally:
        kill(process)

    assert eventually(lambda: not is_held(lock))
