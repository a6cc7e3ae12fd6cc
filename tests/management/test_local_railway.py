"""`local_railway`: a process of its own that keeps its state in a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.conftest import ROOT, TOKEN

QUERY = {"query": "query Who { apiToken { workspaces { name } } }"}


def ask(port: int) -> httpx.Response:
    until = time.monotonic() + 20
    while True:
        try:
            return httpx.post(
                f"http://localhost:{port}/graphql/v2?source=test",
                json=QUERY,
                headers={"Authorization": f"Bearer {TOKEN}"},
                trust_env=False,
            )
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_it_answers_with_the_configured_token_and_ends_on_sigterm(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = ["local_railway", "--port", str(port), "--state", str(tmp_path / "state.json")]
    process = subprocess.Popen([sys.executable, "manage.py", *argv], cwd=ROOT, env=os.environ)
    try:
        answer = ask(port).json()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    assert answer == {"data": {"apiToken": {"workspaces": [{"name": "Luthien"}]}}}
    assert code == 0
    assert (tmp_path / "state.json").is_file()
