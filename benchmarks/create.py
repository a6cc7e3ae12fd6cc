"""
What one create costs: requests by whom, CLI processes, seconds.

    .venv/bin/python benchmarks/create.py --scale 1.0

It runs `manage.py create_instance` on a database and a local Railway of its own, in a
workspace that holds 100 other projects, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from instances.simulator.server import LocalRailway
from instances.simulator.tokens import Token

ROOT = Path(__file__).resolve().parent.parent
STAND_IN = Path(sys.executable).with_name("railway-stand-in")
TOKEN = "a-token-for-measuring"  # noqa: S105
OTHERS = 100
# Notes each start of the CLI, then becomes the CLI.
WRAPPER = """#!/bin/sh
echo "$1" >> "$(dirname "$0")/processes"
exec {program} "$@"
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    answer = measured(parser.parse_args().scale, STAND_IN)
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def measured(scale: float, program: Path) -> dict[str, Any]:
    """Create one instance with `program` as the CLI, and return what that took."""
    tokens = {TOKEN: Token("account")}
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalRailway(time_scale=scale, tokens=tokens) as railway,
    ):
        railway.seed_projects(OTHERS)
        env = environment(Path(folder), railway.url, scale, program)
        manage(env, "migrate", "--verbosity", "0")
        manage(env, "railway_whoami", "--json")
        before = len(railway.requests)
        (Path(folder) / "processes").write_text("")
        started = time.monotonic()
        manage(env, "create_instance", "measured", "--json")
        seconds = time.monotonic() - started
        requests = railway.requests[before:]
        processes = (Path(folder) / "processes").read_text().split()
    return {
        "scale": scale,
        "other_projects": OTHERS,
        "seconds": round(seconds, 1),
        "requests": Counter(request.client for request in requests),
        "ours": Counter(r.operation for r in requests if r.client == "app"),
        "cli_processes": len(processes),
        "cli": Counter(processes),
    }


def environment(folder: Path, url: str, scale: float, program: Path) -> dict[str, str]:
    wrapper = folder / "railway"
    wrapper.write_text(WRAPPER.format(program=program))
    wrapper.chmod(0o755)
    return {
        **os.environ,
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "RAILWAY_API_TOKEN": TOKEN,
        "RAILWAY_API_URL": url,
        "RAILWAY_BACKBOARD_URL": url,
        "RAILWAY_CLI": str(wrapper),
        "RAILWAY_CLI_ENV": "RAILWAY_BACKBOARD_URL,RAILWAY_TIME_SCALE",
        "RAILWAY_TIME_SCALE": str(scale),
        "GATEWAY_SCHEME": "http",
    }


def manage(env: dict[str, str], *argv: str) -> None:
    command = [sys.executable, "manage.py", *argv]
    subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
