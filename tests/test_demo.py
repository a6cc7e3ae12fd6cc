"""`make demo`: from nothing to an instance that runs, and once more."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.timeout(170)


@contextmanager
def demo(folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Run the demo until the block ends; yield a signed-in browser."""
    env = {**os.environ, "DEMO_FOLDER": str(folder), "DEMO_TIME_SCALE": "0.02"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    with subprocess.Popen(
        [sys.executable, "-m", "luthien_admin.demo"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            with closing(signed_in(process)) as browser:
                yield browser, process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def signed_in(process: subprocess.Popen[str]) -> httpx.Client:
    told: dict[str, str] = {}
    for line in process.stdout or ():
        told |= dict(re.findall(r"^\s+(Open|Account|Password)\s+(\S+)", line))
        if "Ctrl-C" in line:
            break
    browser = httpx.Client(base_url=told["Open"], follow_redirects=True, trust_env=False)
    submit(browser, "login/", {"username": told["Account"], "password": told["Password"]})
    return browser


def submit(browser: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    browser.get(path)
    token = browser.cookies["csrftoken"]
    return browser.post(path, data={**form, "csrfmiddlewaretoken": token}).raise_for_status()


def wait_for(browser: httpx.Client, path: str, text: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while text not in (page := browser.get(path).text):
        assert time.monotonic() < until, page
        time.sleep(0.3)


def test_the_demo_makes_an_instance_and_a_second_run_finds_it(tmp_path: Path) -> None:
    form = {"name": "acme", "repository": "LuthienResearch/luthien-proxy", "branch": "main"}
    with demo(tmp_path) as (browser, first):
        page = submit(browser, "instances/instance/add/", form)
        wait_for(browser, str(page.url), "Succeeded")

    with demo(tmp_path) as (browser, second):
        listed = browser.get("instances/instance/").text
        address = re.search(r"http://localhost:\d+(?=\")", listed)
        assert address
        health = httpx.get(f"{address[0]}/health", trust_env=False)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "acme" in listed
    assert health.json()["status"] == "healthy"
