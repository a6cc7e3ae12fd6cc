"""
What people feel of the live page, and what it costs.

    .venv/bin/python tests/with_postgres.py .venv/bin/python benchmarks/live_page.py

Starts gunicorn, a worker and a local Railway on the database of DATABASE_URL, and drives
Chromium. It prints one JSON object: the seconds from pressing "Save" to the first step
shown as begun, over 20 creates, and what 20 browsers cost that watch one operation.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet
from playwright.sync_api import Browser, Page, sync_playwright

from instances.simulator.server import LocalRailway
from instances.simulator.tokens import Token

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TOKEN = "a-token-for-measuring"  # noqa: S105
PASSWORD = secrets.token_urlsafe(12)
PORT = 8765
SITE = f"http://localhost:{PORT}/admin/"
CREATES = 20
WATCHERS = 20
BEGUN = ".step-running, .step-waiting, .step-done"
MOVING = {"queued", "running", "waiting"}
TICKS = os.sysconf("SC_CLK_TCK")
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to watch")
    options = parser.parse_args()
    with (
        LocalRailway(time_scale=options.scale, tokens={TOKEN: Token("account")}) as railway,
        servers(environment(railway.url, options.scale)) as web,
        sync_playwright() as playwright,
    ):
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        page = signed_in(browser)
        save_and_wait(page, "watched")
        watched = watch(browser, page, web, options.seconds)
        waits = [save_and_wait(page, f"measured-{number}") for number in range(CREATES)]
        browser.close()
    waits.sort()
    answer = {
        "scale": options.scale,
        "save_to_first_step_seconds": {
            "creates": len(waits),
            "median": round(statistics.median(waits), 3),
            "p95": round(waits[int(len(waits) * 0.95) - 1], 3),
            "most": round(waits[-1], 3),
        },
        "watching": watched,
    }
    sys.stdout.write(f"{json.dumps(answer, indent=2)}\n")


def signed_in(browser: Browser) -> Page:
    page = browser.new_context().new_page()
    page.goto(SITE)
    page.fill("#id_username", "measured")
    page.fill("#id_password", PASSWORD)
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#nav-sidebar")
    return page


def save_and_wait(page: Page, name: str) -> float:
    """Return the seconds from pressing "Save" to the first step shown as begun."""
    page.goto(f"{SITE}instances/instance/add/")
    page.fill("#id_name", name)
    page.wait_for_selector(".name-good")
    pressed = time.monotonic()
    page.click("[name=_save]", no_wait_after=True)
    page.wait_for_selector(BEGUN)
    return time.monotonic() - pressed


def watch(browser: Browser, page: Page, web: int, seconds: float) -> dict[str, float]:
    """Have many browsers watch the create that `page` shows, and measure the web server."""
    answers: list[int] = []
    state, watchers = page.context.storage_state(), []
    for _ in range(WATCHERS):
        watcher = browser.new_context(storage_state=state).new_page()
        watchers.append(watcher)
        watcher.on("response", lambda r: "/live/" in r.url and answers.append(r.status))
        watcher.goto(page.url)
    page.goto("about:blank")
    answers.clear()
    began, cpu = time.monotonic(), processor_seconds(web)
    while time.monotonic() - began < seconds:
        page.wait_for_timeout(500)
    passed, cpu = time.monotonic() - began, processor_seconds(web) - cpu
    expect_to_move(watchers[0])
    for watcher in watchers:
        watcher.context.close()
    return {
        "browsers": WATCHERS,
        "seconds": round(passed, 1),
        "requests_per_second": round(len(answers) / passed, 2),
        "share_with_news": round(sum(s == 200 for s in answers) / max(len(answers), 1), 3),
        "share_of_one_core": round(cpu / passed, 4),
    }


def expect_to_move(page: Page) -> None:
    """Raise SystemExit when the operation has ended: from then on nothing is asked for."""
    state = page.inner_text("#operation-status .operation-head [data-announce]").strip()
    if state.lower() not in MOVING:
        raise SystemExit(
            f"The operation that was watched is {state.lower()} already, so that the numbers mean"
            " nothing. Watch it for fewer --seconds, or with a larger --scale."
        )


def processor_seconds(group: int) -> float:
    """Return the processor time of all processes in a process group so far."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int(fields[11]) + int(fields[12])
    return total / TICKS


def environment(railway_url: str, scale: float) -> dict[str, str]:
    return {
        **os.environ,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "RAILWAY_API_TOKEN": TOKEN,
        "RAILWAY_API_URL": railway_url,
        "RAILWAY_BACKBOARD_URL": railway_url,
        "RAILWAY_CLI": str(BIN / "railway-stand-in"),
        "RAILWAY_CLI_ENV": "RAILWAY_BACKBOARD_URL,RAILWAY_TIME_SCALE",
        "RAILWAY_TIME_SCALE": str(scale),
        "GATEWAY_SCHEME": "http",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def servers(env: dict[str, str]) -> Iterator[int]:
    """Start the web server and a worker; give the web server's process group."""
    manage = [sys.executable, "manage.py"]
    account = ["--username", "measured", "--email", "", "--noinput"]
    for command in (["migrate", "--verbosity", "0"], ["createsuperuser", *account]):
        subprocess.run([*manage, *command], cwd=ROOT, env=env, check=True, stdout=sys.stderr)
    gunicorn = [str(BIN / "gunicorn"), "luthien_admin.wsgi", "--bind", f"localhost:{PORT}"]
    commands = [[*gunicorn, "--threads", "8", "--log-level", "warning"], [*manage, "qcluster"]]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True) for command in commands
    ]
    try:
        wait_for(SITE)
        yield started[0].pid
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def wait_for(address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):
        with suppress(OSError), direct.open(address, timeout=5):
            return
        time.sleep(0.2)
    raise SystemExit("The web server did not start.")


if __name__ == "__main__":
    main()
