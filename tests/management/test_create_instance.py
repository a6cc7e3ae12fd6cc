"""`create_instance`: the same create from the shell."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from instances.models import Instance, Operation
from instances.simulator.server import LocalRailway
from tests.looking import NOTHING, found_on
from tests.management.calling import Called

pytestmark = pytest.mark.django_db

KEYS = {
    "name",
    "project_id",
    "url",
    "status",
    "proxy_api_key",
    "client_api_key",
    "admin_api_key",
}


command = Called("create_instance")
run, run_as_json, fails_as_json = command.run, command.run_as_json, command.fails_as_json


@pytest.mark.parametrize("scale", [0.05])
def test_with_json_it_prints_one_object_with_the_keys(railway: LocalRailway) -> None:
    answer = run_as_json("acme")

    instance = Instance.objects.get()
    assert set(answer) == KEYS
    assert answer["status"] == "running"
    assert answer["project_id"] == instance.project_id
    assert answer["url"] == instance.url
    assert answer["proxy_api_key"] == answer["client_api_key"]
    ran_with = railway.deployed(instance.project_id) or {}
    assert answer["client_api_key"] == ran_with["CLIENT_API_KEY"]
    assert answer["admin_api_key"] == ran_with["ADMIN_API_KEY"]


def test_for_a_person_it_prints_the_address_and_the_keys(railway: LocalRailway) -> None:
    text = run("acme")

    assert f"acme is running at {Instance.objects.get().url}" in text
    assert "CLIENT_API_KEY" in text


def test_without_waiting_it_prints_the_operation(db: None) -> None:
    answer = run_as_json("acme", "--no-wait")

    assert answer["operation"] == Operation.objects.get().pk
    assert answer["status"] == "provisioning"
    assert "client_api_key" not in answer


def test_without_waiting_it_tells_a_person_what_was_asked_for(db: None) -> None:
    assert run("acme", "--no-wait") == f"Asked for acme (operation {Operation.objects.get().pk}).\n"


def test_repository_branch_and_variables_are_taken_over(db: None) -> None:
    run_as_json(
        *("acme", "--no-wait", "--repo", "acme/fork", "--branch", "next"),
        *("--variable", "LOG_LEVEL=debug", "OTEL_ENABLED=false"),
        *("--variable", "TEMPO_URL=http://x?a=b"),
        "--keep-on-failure",
    )

    config = Operation.objects.get().config
    assert config == {
        "repository": "acme/fork",
        "branch": "next",
        "variables": {
            "LOG_LEVEL": "debug",
            "OTEL_ENABLED": "false",
            "TEMPO_URL": "http://x?a=b",
        },
        "keep_on_failure": True,
    }


def test_a_secret_is_taken_from_the_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-tenant")

    run_as_json("acme", "--no-wait", "--secret", "ANTHROPIC_API_KEY")

    credential = Instance.objects.get().credentials.get(name="ANTHROPIC_API_KEY")
    assert credential.value.reveal() == "sk-ant-of-the-tenant"


def test_a_secret_that_is_nowhere_is_an_error_without_a_terminal(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    error = fails_as_json("acme", "--secret", "ANTHROPIC_API_KEY")

    assert error == "Set the environment variable ANTHROPIC_API_KEY to the secret's value."


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["Acme"], "lower-case"),
        (["acme", "--repo", "nothing"], "owner/repo"),
        (["acme", "--variable", "A"], "NAME=value"),
        (["acme", "--variable", "PORT=1"], "set by this app"),
        (["acme", "--secret", "CLIENT_API_KEY"], "set by this app"),
        (["acme", "--secret", "A_KEY=the-value"], "never its value"),
    ],
)
def test_bad_input_is_an_error_in_words(
    db: None, monkeypatch: pytest.MonkeyPatch, argv: list[str], sentence: str
) -> None:
    monkeypatch.setenv("CLIENT_API_KEY", "something")

    assert sentence in fails_as_json(*argv)
    assert not Instance.objects.exists()


def test_without_json_an_error_is_a_command_error(db: None) -> None:
    with pytest.raises(CommandError, match="lower-case"):
        run("Acme")


def test_a_create_that_fails_says_why_and_exits_1(railway: LocalRailway, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = "wrong-token-altogether"

    error = fails_as_json("acme")

    assert error.startswith("Create acme failed: Railway does not know this token.")
    assert found_on(railway) == NOTHING
