"""What the tests of the Railway edge replace: the wire, and the program behind the CLI."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from instances.railway.api.transport import Transport
from instances.railway.cli.commands import RailwayCli
from instances.railway.config import BeforeCall, RailwayConfig, always
from instances.railway.masking import Mask

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "the-token-that-nobody-may-read"
SECRET = "the-key-that-nobody-may-read"
URL = "https://backboard.test/graphql/v2"


@pytest.fixture(autouse=True)
def edges_of_their_own(own_login: None) -> None:
    """Some of these tests use the CLI's login."""


def quickly(seconds: float) -> float:
    """Make the pauses between repeated reads too short to notice."""
    return seconds / 1000


def make_config(**changes: Any) -> RailwayConfig:
    return RailwayConfig(**{"token": TOKEN, "api_url": URL, **changes})


class Wire:
    """The last metre: gives its answers in turn, the last one for ever; keeps the requests."""

    def __init__(self, *answers: httpx.Response | type[httpx.RequestError]) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = answers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        turn = min(len(self.requests), len(self._answers) - 1)
        self.requests.append(request)
        answer = self._answers[turn]
        if not isinstance(answer, httpx.Response):
            raise answer(f"{TOKEN} was in the details", request=request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def variables(self) -> list[dict[str, Any]]:
        return [json.loads(request.content)["variables"] for request in self.requests]

    @property
    def operations(self) -> list[str]:
        """The first words of the documents that came, such as "query Me"."""
        documents = [json.loads(request.content)["query"] for request in self.requests]
        return [" ".join(text.replace("(", " ").split()[:2]) for text in documents]


def make_transport(wire: Wire, *, before_call: BeforeCall = always, **config: Any) -> Transport:
    return Transport(
        make_config(deadline=quickly, **config),
        mask=Mask([TOKEN]),
        before_call=before_call,
        http=httpx.MockTransport(wire),
    )


def data(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": fields})


def refusal(message: object, status: int = 200) -> httpx.Response:
    """Answer as Railway refuses nearly everything (api-facts.md section 3)."""
    error = {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    return httpx.Response(status, json={"errors": [error], "data": None})


def connection(*nodes: Any, more: object = False, cursor: str | None = None) -> dict[str, Any]:
    return {
        "edges": [{"node": node} for node in nodes],
        "pageInfo": {"hasNextPage": more, "endCursor": cursor},
    }


def everything_in(error: BaseException) -> str:
    """Return all that a log, a traceback or a message could show of an exception."""
    return f"{error!r} {error.args!r} {''.join(traceback.format_exception(error))}"


# Notes how it was called, and what it finds where it was started.
NOTING = """
import json, os, sys, time
link = os.path.join(os.environ["HOME"], ".railway", "config.json")
call = {
    "argv": sys.argv[1:],
    "stdin": sys.stdin.read(),
    "env": dict(os.environ),
    "cwd": os.getcwd(),
    "link": open(link).read() if os.path.exists(link) else None,
}
with open(os.path.join(os.path.dirname(__file__), "calls.jsonl"), "a") as notes:
    notes.write(json.dumps(call) + "\\n")
"""


class FakeCli:
    """A real program in the CLI's place: notes the call, then does what `script` says."""

    def __init__(self, folder: Path, script: str) -> None:
        self._folder = folder
        path = folder / "fake_cli.py"
        path.write_text(NOTING + script)
        # It uses no site packages, and starts faster without.
        self.command = (sys.executable, "-I", "-S", str(path))

    @property
    def calls(self) -> list[dict[str, Any]]:
        notes = self._folder / "calls.jsonl"
        return [json.loads(line) for line in notes.read_text().splitlines()]

    @property
    def argvs(self) -> list[list[str]]:
        return [call["argv"] for call in self.calls]

    def commands(self, *, before_call: BeforeCall = always, **config: Any) -> RailwayCli:
        return RailwayCli(
            make_config(cli=self.command, **config),
            mask=Mask([TOKEN, SECRET]),
            before_call=before_call,
        )


MakeFakeCli = Callable[[str], FakeCli]


@pytest.fixture
def fake_cli(tmp_path: Path) -> MakeFakeCli:
    def make(script: str) -> FakeCli:
        return FakeCli(tmp_path, script)

    return make
