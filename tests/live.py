"""
`make live`: one instance on the real Railway, from its creation to its deletion.

It costs money for some minutes, so it asks for LIVE=yes, and it never runs in CI. Token, CLI
and workspace come from .env or the environment, as for the app itself. It keeps its rows in
a database of its own, and its project has a random name. Whatever happens, the project is
removed in the end, or named when that is not possible.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A command did not do what it is for; the message is its own sentence."""


def main() -> int:
    if os.environ.get("CI"):
        return refuse("This is CI: the real Railway is not for it.")
    if os.environ.get("LIVE") != "yes":
        return refuse("This makes a project on the real Railway, and costs money. Set LIVE=yes.")
    with TemporaryDirectory(prefix="live-") as folder:
        use_own_database(Path(folder))
        if not token_is_set():
            return refuse("No token is set. Set RAILWAY_API_TOKEN, in .env or the environment.")
        manage("migrate", "--verbosity", "0", as_json=False)
        try:
            with instance() as name:
                live_through(name)
        except Failed as failed:
            return refuse(str(failed))
    say("All of it worked, and nothing is left.")
    return 0


def use_own_database(folder: Path) -> None:
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'live.sqlite3'}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luthien_admin.settings")
    os.environ["ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
    sys.path.insert(0, str(ROOT))
    django.setup()


def token_is_set() -> bool:
    # Settings can be read only once the environment is complete.
    from django.conf import settings  # noqa: PLC0415

    return bool(settings.RAILWAY_API_TOKEN)


def live_through(name: str) -> None:
    created = manage("create_instance", name)
    say(f"It runs at {created['url']}, in project {created['project_id']}.")
    listed = [line["name"] for line in manage("list_instances")["instances"]]
    expect(name in listed, f"list_instances does not show {name}, but {listed}.")
    shown = manage("instance_status", name)
    expect(shown["status"] == "running", f"It is {shown['status']}, not running.")
    expect(not shown["stale"], "Its state could not be read from Railway.")
    scheduled = manage("delete_instance", name, "--yes", "--reason", "make live")
    say(f"Its deletion is scheduled for {scheduled['deletion_date']}.")
    cancelled = manage("cancel_deletion", name)
    expect(cancelled["status"] == "running", f"It is {cancelled['status']} after the cancel.")
    deleted = manage("delete_instance", name, "--force", "--yes", "--reason", "make live")
    expect(deleted["immediate"], "It was not deleted at once.")


@contextmanager
def instance() -> Iterator[str]:
    """Give a name that nobody has; in the end see to it that no project of that name is left."""
    name = f"live-{secrets.token_hex(4)}"
    say(f"This one is called {name}.")
    try:
        yield name
    finally:
        remove(name)


def remove(name: str) -> None:
    """Delete every project of that name: nobody else has made one. Raise Failed."""
    # The models can be imported only after setup().
    from instances import timing  # noqa: PLC0415
    from instances.railway.client import errors  # noqa: PLC0415
    from instances.services import access, sync  # noqa: PLC0415

    left = f"A Railway project named luthien-{name} may be left: look there, and delete it."
    try:
        with access.railway(timing.current()) as railway:
            for project in list(railway.iter_projects(sync.workspace_id(railway))):
                if project.name == f"luthien-{name}" and project.deleted_at is None:
                    say(f"Removing what is left: {project.name} ({project.id}).")
                    expect(railway.delete_project(project.id), left)
    except errors.RailwayError as error:
        raise Failed(f"{error} {left}") from None


def manage(command: str, *arguments: str, as_json: bool = True) -> Any:
    """Run a command as a process of its own, and return its answer. Raise Failed."""
    say(f"manage.py {command} {' '.join(arguments)}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), command, *arguments, *["--json"] * as_json],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not as_json:
        expect(done.returncode == 0, f"{command} ended with exit code {done.returncode}.")
        return None
    answer = json.loads(done.stdout or "{}")
    expect(done.returncode == 0, f"{command}: {answer.get('error', 'no answer')}")
    return answer


def expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise Failed(sentence)


def refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
