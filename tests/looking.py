"""Ways to look at what a create has left: on Railway, in processes, in the database."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.apps import apps
from django.db import connection

from instances.models import LogLine, Operation
from instances.simulator.server import LocalRailway
from instances.simulator.state import Service

STAND_IN = Path(sys.executable).with_name("railway-stand-in")
# Writes its argv and environment to a file of its own, then becomes the CLI.
RECORDER = """#!{python} -IS
import json, os, sys
name = f"{{os.getpid()}}-{{os.urandom(4).hex()}}.json"
with open(os.path.join({folder!r}, name), "w") as file:
    json.dump({{"argv": sys.argv, "env": dict(os.environ)}}, file)
os.execv({program!r}, [{program!r}, *sys.argv[1:]])
"""
# Where values stand that belong there: ciphertext is not clear text.
ENCRYPTED = {("instances_credential", "value")}


@dataclass
class Found:
    projects: list[str]
    services: list[str]
    domains: int
    gateway_deployments: list[str]


def found_on(railway: LocalRailway, prefix: str = "luthien-") -> Found:
    """Count what is alive on the local Railway under our prefix."""
    state = httpx.get(f"{railway.control_url}/state", trust_env=False).json()
    summary = [project for project in state["projects"] if project["name"].startswith(prefix)]
    alive = [project for project in summary if not project["deletedAt"]]
    services = [service for project in alive for service in project["services"]]
    gateways = [service for service in services if service["name"] == "gateway"]
    return Found(
        projects=sorted(project["name"] for project in alive),
        services=sorted(service["name"] for service in services),
        domains=sum(len(service["domains"]) for service in services),
        gateway_deployments=[d["status"] for g in gateways for d in g["deployments"]],
    )


def only_gateway(railway: LocalRailway) -> Service:
    """Return the only gateway on the local Railway."""
    projects = railway.world.projects.values()
    [gateway] = [s for p in projects for s in p.services.values() if s.name == "gateway"]
    return gateway


NOTHING = Found([], [], 0, [])


def wait_for_end(seconds: float = 60) -> Operation:
    """Wait until no operation moves any more; return the latest."""
    until = time.monotonic() + seconds
    while Operation.objects.filter(state__in=Operation.State.moving()).exists():
        lines = "\n".join(LogLine.objects.values_list("text", flat=True))
        assert time.monotonic() < until, lines
        time.sleep(0.1)
    return Operation.objects.latest("pk")


def recording_cli(folder: Path, program: Path = STAND_IN) -> list[str]:
    """Return a command line for RAILWAY_CLI that notes each call of `program` in `folder`."""
    calls = folder / "calls"
    calls.mkdir(exist_ok=True)
    script = folder / "railway"
    script.write_text(
        RECORDER.format(python=sys.executable, folder=str(calls), program=str(program))
    )
    script.chmod(0o755)
    return [str(script)]


def recorded_calls(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "calls").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text()) for path in files]


def stored_text() -> str:
    """Return every text in every table, the queue's unpickled payloads included."""
    return "\n".join(_table_text(model._meta.db_table) for model in apps.get_models()) + _queue()


def _table_text(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
        columns = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall()
    kept = [i for i, name in enumerate(columns) if (table, name) not in ENCRYPTED]
    return "\n".join(str([row[i] for i in kept]) for row in rows)


def _queue() -> str:
    queued = apps.get_model("django_q", "OrmQ").objects.all()
    return "\n".join(f"{row.func()} {row.args()} {row.kwargs()}" for row in queued)


def script_as_cli(folder: Path, script: str) -> list[str]:
    """Return a command line for RAILWAY_CLI that runs `script`."""
    path = folder / "cli.py"
    path.write_text(script)
    return [sys.executable, str(path)]
