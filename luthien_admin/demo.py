"""
`make demo`: the web app, a worker and the local Railway, together until Ctrl-C.

Everything it keeps is in var/demo (or DEMO_FOLDER): a second run finds its instances
again, here and on the local Railway. DEMO_TIME_SCALE sets how fast that runs.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import django
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / "var" / "demo")
BIN = Path(sys.executable).parent
TIME_SCALE = os.environ.get("DEMO_TIME_SCALE") or "0.1"
ACCOUNT = "staff"
# Seconds.
START_LIMIT = 60
STOP_LIMIT = 20
CRON_EVERY = 30


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    web, railway = free_port(8000), free_port(8099)
    configure(railway)
    password = prepare()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with children(web, railway) as started:
        address = f"http://localhost:{web}/admin/"
        control = f"http://localhost:{railway}/control"
        if not (answers(address, over) and answers(f"{control}/state", over)):
            say("The web app or the local Railway did not start; see the lines above.")
            return 1
        add_old_instances(control)
        say(f"\n  Open      {address}\n  Account   {ACCOUNT}\n  Password  {password}\n")
        say("A local Railway runs beside it, ten times as fast as the real one. Ctrl-C stops all.")
        return watch(started, over)


def configure(railway_port: int) -> None:
    """Write var/demo/env, keeping the keys of earlier runs, and use it."""
    path = FOLDER / "env"
    kept = dict(line.split("=", 1) for line in _lines(path))
    api = f"http://localhost:{railway_port}/graphql/v2"
    values = {
        "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": kept.get("ENCRYPTION_KEYS") or Fernet.generate_key().decode(),
        "RAILWAY_API_TOKEN": kept.get("RAILWAY_API_TOKEN") or secrets.token_hex(16),
        "DATABASE_URL": f"sqlite:///{FOLDER / 'db.sqlite3'}",
        "RAILWAY_API_URL": api,
        "RAILWAY_BACKBOARD_URL": api,
        "RAILWAY_CLI": shlex.quote(str(BIN / "railway-stand-in")),
        "RAILWAY_CLI_ENV": "RAILWAY_BACKBOARD_URL,RAILWAY_TIME_SCALE",
        "RAILWAY_WORKSPACE_ID": "",
        "RAILWAY_TIME_SCALE": TIME_SCALE,
        "GATEWAY_SCHEME": "http",
        "LOG_LEVEL": "WARNING",
    }
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    os.environ.update(values, ENV_FILE=str(path), DJANGO_SETTINGS_MODULE="luthien_admin.settings")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def prepare() -> str:
    """Bring the database up to date; return a new random password for the staff account."""
    django.setup()
    call_command("migrate", verbosity=0)
    # The models can be imported only after setup().
    users = apps.get_model("auth", "User").objects
    account, _ = users.get_or_create(
        username=ACCOUNT, defaults={"is_staff": True, "is_superuser": True}
    )
    password = secrets.token_urlsafe(9)
    account.set_password(password)
    account.save()
    return password


@contextmanager
def children(web: int, railway: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start the three servers, each in a session of its own; stop them whatever happens."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    state = str(FOLDER / "railway.json")
    bind = f"127.0.0.1:{web}"
    commands = {
        "the local Railway": [*manage, "local_railway", "--port", str(railway), "--state", state],
        "the worker": [*manage, "qcluster"],
        "the web app": [
            *(sys.executable, "-m", "gunicorn", "luthien_admin.wsgi", "--bind", bind),
            *("--threads", "8", "--log-level", "warning"),
        ],
    }
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            started[name] = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        yield started
    finally:
        say("Stopping.")
        for process in reversed(started.values()):
            process.terminate()
        for process in started.values():
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Wait for the process to end; kill its group when it does not."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(address: str, over: threading.Event) -> bool:
    until = time.monotonic() + START_LIMIT
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until and not over.wait(0.2):
        with suppress(OSError), direct.open(address, timeout=5):
            return True
    return over.is_set()


def add_old_instances(control: str) -> None:
    """On an empty local Railway, put what the old tool would have left: something to adopt."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{control}/state", timeout=5) as answer:
        if json.load(answer)["projects"]:
            return
    due = datetime.now(UTC) + timedelta(days=3)
    for wanted in (
        {"name": "contoso"},
        {"name": "fabrikam", "description": f"deletion-scheduled:{due.isoformat()}"},
    ):
        body = json.dumps(wanted).encode()
        direct.open(f"{control}/instance", data=body, timeout=5).close()


def watch(started: dict[str, subprocess.Popen[bytes]], over: threading.Event) -> int:
    """Do now and then what cron would, until somebody ends it or a server stops."""
    cron_at = time.monotonic()
    while not over.wait(1):
        for name, process in started.items():
            if process.poll() is not None:
                say(f"Stopped unexpectedly: {name} (exit code {process.returncode}).")
                return 1
        if time.monotonic() > cron_at:
            run_cron()
            cron_at = time.monotonic() + CRON_EVERY
    return 0


def run_cron() -> None:
    for command, more in (
        ("sweep_operations", {"seconds": 0}),
        ("sync_instances", {}),
        ("reap_instances", {}),
    ):
        try:
            call_command(command, stdout=StringIO(), **more)
        except (CommandError, SystemExit) as error:
            say(f"{command}: {error}")


def free_port(wanted: int) -> int:
    """Return `wanted`, or another port when that one is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("No port is free.")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
