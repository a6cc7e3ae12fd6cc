"""A real browser on the app, the people who sit at it, and pictures of what they see."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize, WebError, expect
from pytest_django.live_server_helper import LiveServer
from pytest_playwright.pytest_playwright import CreateContextCallback

from instances.roles import ADMINISTRATORS
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
NO_CHROMIUM = f"there is no browser here: none of {', '.join(BROWSERS)} is on the PATH"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Milliseconds; other work on the machine may be slow, a test that waits goes on at once.
PATIENCE = 40_000
PASSWORD = "the-password-of-the-tests"
OPERATOR = (
    *("view_instance", "add_instance", "view_operation"),
    *("cancel_operation", "steer_operation", "reveal_credential"),
)

DESKTOP: ViewportSize = {"width": 1280, "height": 900}

expect.set_options(timeout=PATIENCE)

TakePicture = Callable[[Page, str], None]


class Browse(Protocol):
    def __call__(self, account: User | None = None, *, forgive: str = "", **options: Any) -> Page:
        """Open a browser of its own, in which `account` is signed in."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name each test that is left out for want of a browser."""
    if CHROMIUM is None:
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"{item.name}: {NO_CHROMIUM}"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    return live_server.url


@pytest.fixture
def operator(transactional_db: None) -> User:
    """Somebody who makes instances and looks after them."""
    return make_account("olga", codename__in=OPERATOR)


@pytest.fixture
def colleague(transactional_db: None) -> User:
    """Somebody else who may do the same."""
    return make_account("bob", codename__in=OPERATOR)


@pytest.fixture
def viewer(transactional_db: None) -> User:
    """Somebody who sees everything and may do nothing."""
    return make_account("vera", codename__startswith="view_")


@pytest.fixture
def administrator(transactional_db: None) -> User:
    """Somebody who may do everything to instances, as a member of the group for that."""
    return make_member("ada", ADMINISTRATORS)


def make_member(name: str, group: str) -> User:
    account = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    return account


def make_account(name: str, **permissions: Any) -> User:
    account = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    account.user_permissions.set(Permission.objects.filter(**permissions))
    return account


@pytest.fixture
def late_gateway(railway: LocalRailway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have creates wait for their gateway until show_gateway()."""
    monkeypatch.setenv("RAILWAY_PROPAGATION_BUDGET", "10000")
    railway.faults.add(Fault("service:gateway", "never"))


@pytest.fixture
def browse(new_context: CreateContextCallback, base_url: str) -> Iterator[Browse]:
    """
    Open browsers; each may have somebody signed in.

    The test fails when a script fails or the console shows an error, but for those that
    match `forgive`: what the test itself has provoked.
    """
    errors: list[str] = []

    def open_browser(account: User | None = None, *, forgive: str = "", **options: Any) -> Page:
        context = new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | options)
        context.set_default_timeout(PATIENCE)
        _listen(context, errors, forgive)
        if account:
            _sign_in(context, account, base_url)
        return context.new_page()

    yield open_browser
    assert not errors, "\n".join(errors)


def _listen(context: BrowserContext, errors: list[str], forgive: str) -> None:
    def note_script(error: WebError) -> None:
        errors.append(f"{error.page and error.page.url}: {error.error.stack}")

    def note_console(message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location['url']})"
        if message.type == "error" and not (forgive and re.search(forgive, text)):
            errors.append(text)

    context.on("weberror", note_script)
    context.on("console", note_console)


def _sign_in(context: BrowserContext, account: User, url: str) -> None:
    client = Client()
    client.force_login(account)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def picture() -> TakePicture:
    """Take a picture for the documentation, if PICTURES names a folder to put it in."""
    folder = os.environ.get("PICTURES")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=ROOT / folder / f"{name}.png", animations="disabled")

    return take
