"""RAILWAY_CLI_AUTH=login: the CLI uses a person's own login, as on a laptop."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from instances.models import Operation
from tests.conftest import TOKEN, WORKSPACE_TOKEN, Create
from tests.looking import recorded_calls, recording_cli

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_login")]


def test_a_create_works_with_a_login_and_links_where_it_must(
    create: Create, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".railway").mkdir(parents=True)
    config = {"projects": {}, "user": {"token": TOKEN, "accessToken": TOKEN}}
    (home / ".railway" / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("HOME", str(home))
    settings.RAILWAY_CLI_AUTH = "login"
    settings.RAILWAY_API_TOKEN = WORKSPACE_TOKEN
    settings.RAILWAY_CLI = recording_cli(tmp_path)

    operation = create("acme")

    calls = recorded_calls(tmp_path)
    assert operation.state == Operation.State.SUCCEEDED, operation.message
    words = [call["argv"][1] for call in calls]
    assert words.count("init") == 1
    linked = {"add", "variable", "domain", "service"}
    before = {previous for previous, word in pairwise(words) if word in linked}
    assert before == {"link"}
    assert not [call for call in calls[1:] if "RAILWAY_API_TOKEN" in call["env"]]
