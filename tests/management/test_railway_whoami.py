"""`railway_whoami`: who we are to Railway, for every kind of token."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from instances.simulator.cli.settings import VERSION
from instances.simulator.server import LocalRailway
from tests.conftest import PROJECT_TOKEN, WORKSPACE_TOKEN

pytestmark = pytest.mark.django_db


def run() -> Any:
    out = StringIO()
    call_command("railway_whoami", "--json", stdout=out)
    return json.loads(out.getvalue())


def test_an_account_token_creates_by_the_cli(railway: LocalRailway) -> None:
    answer = run()

    [workspace] = answer["workspaces"]
    assert answer["kind"] == "account"
    assert answer["user"]
    assert answer["workspace_id"] == workspace["id"]
    assert answer["requests_remaining"] < answer["requests_limit"]
    assert answer["cli_version"] == VERSION
    assert answer["creates_projects_by"] == "the CLI (init)"


def test_a_workspace_token_creates_by_the_api(railway: LocalRailway, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = WORKSPACE_TOKEN

    answer = run()

    assert (answer["kind"], answer["user"]) == ("workspace", None)
    assert answer["creates_projects_by"] == "the API (projectCreate)"


def test_a_project_token_is_refused_in_words(railway: LocalRailway, settings: Any) -> None:
    railway.add_project("the-project-of-the-project-token")
    settings.RAILWAY_API_TOKEN = PROJECT_TOKEN

    with pytest.raises(CommandError, match="is a project token, which cannot create projects"):
        call_command("railway_whoami")


def test_a_missing_cli_is_told_and_is_no_error(railway: LocalRailway, settings: Any) -> None:
    settings.RAILWAY_CLI = ["/nowhere/railway"]

    answer = run()

    assert answer["cli_version"] is None
    assert "cannot be started" in answer["cli_problem"]


def test_nobody_at_the_address_is_an_error_in_words(db: None) -> None:
    with pytest.raises(CommandError, match="Railway cannot be reached"):
        call_command("railway_whoami")


def test_a_person_sees_it_in_lines(railway: LocalRailway) -> None:
    out = StringIO()

    call_command("railway_whoami", stdout=out)

    assert "Token                 account of" in out.getvalue()
    assert f"Railway CLI           {VERSION}" in out.getvalue()
