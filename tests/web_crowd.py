"""The web app in a process of its own, and people who load pages and press buttons all the time."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import ROOT, kill

# Real seconds.
STARTS_WITHIN = 40.0
BETWEEN_PAGES = 0.05
# Instances that each of them asks for.
MOST_MADE = 1
FORM = {"repository": "LuthienResearch/luthien-proxy", "branch": "main"}
ANSWERS = {"reason": "just so", "what": "same", "names": "CLIENT_API_KEY", "back": "/admin/"}
VERBS = ("redeploy", "schedule-deletion", "cancel-deletion", "rotate-keys", "sync")
SEEN = re.compile(r'name="seen" value="([^"]*)"')
ROW = re.compile(r"/admin/instances/(instance|operation)/(\d+)/change/")
# What a database says that did not let somebody through.
COMPLAINTS = re.compile(
    r"database (?:table )?is locked|OperationalError|deadlock detected|could not serialize"
)


@contextmanager
def running(
    module: list[str], env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program of ours in a session of its own; what it says goes to `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *module],
            cwd=ROOT,
            env=dict(env),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill(process)


@contextmanager
def web(env: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run the web app with threads, as README says; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    bind = ("--bind", f"127.0.0.1:{port}", "--threads", "8", "--log-level", "warning")
    command = ["-m", "gunicorn", "luthien_admin.wsgi", *bind]
    url = f"http://127.0.0.1:{port}"
    with running(command, env, log):
        _wait_until_it_answers(url, log)
        yield url


def _wait_until_it_answers(url: str, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        try:
            httpx.get(f"{url}/admin/login/", trust_env=False, timeout=20)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the web app does not answer\n{log.read_text()}")


@dataclass
class Person:
    """Somebody signed in, in a thread of their own, who does one thing after the other."""

    url: str
    name: str
    seed: int
    pages: int = 0
    asked: int = 0
    # Of each answer that nobody should get: address, status, and what it says.
    bad: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = User.objects.create_superuser(self.name)
        session = Client()
        session.force_login(account)
        cookie = session.cookies[settings.SESSION_COOKIE_NAME].value
        self._http = httpx.Client(
            base_url=self.url,
            cookies={settings.SESSION_COOKIE_NAME: cookie},
            trust_env=False,
            timeout=60,
        )
        self._chance = random.Random(self.seed)  # noqa: S311 - it only chooses what to click
        self._made = 0

    def go_on_until(self, over: threading.Event) -> None:
        with self._http:
            self._get("/admin/login/?next=/admin/")
            while not over.is_set():
                self._look_around()
                time.sleep(BETWEEN_PAGES)

    def _look_around(self) -> None:
        listed = self._get("/admin/instances/instance/")
        listed += self._get("/admin/instances/operation/")
        rows = ROW.findall(listed)
        if rows:
            kind, row = self._chance.choice(rows)
            self._get(f"/admin/instances/{kind}/{row}/change/")
            if kind == "operation":
                self._get(f"/admin/instances/operation/{row}/live/")
            else:
                self._press(row)
        if self._made < MOST_MADE and self._chance.random() < 0.2:
            self._made += 1
            self._post(
                "/admin/instances/instance/add/", {"name": f"{self.name}-{self._made}", **FORM}
            )

    def _press(self, row: str) -> None:
        address = f"/admin/instances/instance/{row}/{self._chance.choice(VERBS)}/"
        seen = SEEN.search(self._get(address))
        self._post(address, {"seen": seen.group(1) if seen else "", **ANSWERS})

    def _get(self, address: str) -> str:
        self.pages += 1
        return self._checked(self._http.get(address))

    def _post(self, address: str, form: dict[str, str]) -> None:
        self.asked += 1
        token = self._http.cookies.get("csrftoken", "")
        self._checked(self._http.post(address, data={**form, "csrfmiddlewaretoken": token}))

    def _checked(self, answer: httpx.Response) -> str:
        is_refused = answer.status_code >= HTTPStatus.BAD_REQUEST
        if is_refused or COMPLAINTS.search(answer.text):
            said = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
            self.bad.append(f"{said} {answer.text[:300]}")
        return answer.text


@contextmanager
def busy(url: str, count: int) -> Iterator[list[Person]]:
    """Have `count` people use the web app while the block runs."""
    people = [Person(url, f"person-{number}", number) for number in range(count)]
    over = threading.Event()
    threads = [threading.Thread(target=each.go_on_until, args=(over,)) for each in people]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        over.set()
        for thread in threads:
            thread.join()
