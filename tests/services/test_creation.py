"""A create that goes well: what it leaves on Railway, here, and nowhere."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django_q.models import OrmQ

from instances.exceptions import NotPossible
from instances.models import Credential, Instance, Operation, Step
from instances.secrets import Secret
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import TOKEN, WORKSPACE_TOKEN, Create
from tests.looking import (
    Found,
    found_on,
    only_gateway,
    recorded_calls,
    recording_cli,
    stored_text,
)

pytestmark = pytest.mark.django_db

RECOMMENDED = {
    "PORT": "8000",
    "GATEWAY_PORT": "8000",
    "LOCALHOST_AUTH_BYPASS": "false",
    "POLICY_SOURCE": "db-fallback-file",
    "POLICY_CONFIG": "config/policy_config.yaml",
    "USAGE_TELEMETRY": "false",
    "PYTHONUNBUFFERED": "1",
}


def test_a_create_ends_running_with_every_step_done(create: Create) -> None:
    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED
    assert operation.instance.status == Instance.Status.RUNNING
    assert set(operation.steps.values_list("state", flat=True)) == {Step.State.DONE}
    assert operation.lease_token is None


def test_railway_then_holds_exactly_what_one_instance_needs(
    create: Create, railway: LocalRailway
) -> None:
    create("acme")

    assert found_on(railway) == Found(
        projects=["luthien-acme"],
        services=["Postgres", "Redis", "gateway"],
        domains=1,
        gateway_deployments=["SUCCESS"],
    )
    [project] = railway.world.projects.values()
    assert project.description == "Luthien Proxy instance: acme"


def test_the_one_deployment_ran_with_all_that_a_gateway_needs(
    create: Create, railway: LocalRailway
) -> None:
    operation = create("acme", variables={"LOG_LEVEL": "debug"})

    ran_with = railway.deployed(operation.instance.project_id) or {}
    keys = {c.name: c.value.reveal() for c in operation.instance.credentials.all()}
    assert RECOMMENDED.items() <= ran_with.items()
    assert keys.items() <= ran_with.items()
    assert ran_with["PROXY_API_KEY"] == ran_with["CLIENT_API_KEY"]
    assert ran_with["DATABASE_URL"].startswith("postgresql://")
    assert ran_with["REDIS_URL"].startswith("redis://")
    assert ran_with["LOG_LEVEL"] == "debug"


def test_the_one_deployment_was_built_with_the_settings_that_railway_toml_had(
    create: Create, railway: LocalRailway
) -> None:
    create("acme")

    built_with = only_gateway(railway).deployments[-1].settings
    assert built_with["dockerfilePath"] == "docker/Dockerfile.gateway"
    assert built_with["healthcheckPath"] == "/health"
    assert built_with["restartPolicyType"] == "ON_FAILURE"


def test_services_address_and_project_are_mirrored(create: Create) -> None:
    operation = create("acme")

    instance = operation.instance
    services = {s.role: (s.name, s.status) for s in instance.services.all()}
    assert services == {
        "postgres": ("Postgres", "running"),
        "redis": ("Redis", "running"),
        "gateway": ("gateway", "running"),
    }
    assert instance.url.startswith("http://localhost:")
    assert instance.environment_id


def test_a_workspace_token_creates_the_project_by_the_api(
    create: Create, railway: LocalRailway, settings: Any
) -> None:
    settings.RAILWAY_API_TOKEN = WORKSPACE_TOKEN

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED
    by = {r.client for r in railway.requests if r.operation == "projectCreate"}
    assert by == {"app"}


@pytest.mark.parametrize("scale", [0.05])
def test_a_create_costs_at_most_40_requests_and_9_processes(
    create: Create, railway: LocalRailway, settings: Any, tmp_path: Path
) -> None:
    railway.seed_projects(100)
    settings.RAILWAY_CLI = recording_cli(tmp_path)
    call_command("railway_whoami", as_json=True, stdout=sys.stderr)
    before, known = len(railway.requests), len(recorded_calls(tmp_path))

    operation = create("acme", secrets={"ANTHROPIC_API_KEY": Secret("sk-ant-of-the-tenant")})

    assert operation.state == Operation.State.SUCCEEDED
    ours = [r.operation for r in railway.requests[before:] if r.client == "app"]
    assert len(ours) <= 40, ours
    # One more for the further secret.
    assert len(recorded_calls(tmp_path)) - known <= 10


HANGS = Fault("templateDeployV2", "timeout", client="cli")
FAILS = Fault("deployment:gateway", "fail_build")
TENANTS_KEY = "sk-ant-of-the-tenant"


@pytest.fixture(params=["goes well", "fails", "times out"])
def recorded(
    request: pytest.FixtureRequest,
    create: Create,
    railway: LocalRailway,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Operation:
    """A create, with every CLI call of it recorded, in an environment full of others' secrets."""
    monkeypatch.setenv("RAILWAY_PROJECT_ID", "the-project-that-this-app-runs-in")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody-elses-secret")
    settings.RAILWAY_CLI = recording_cli(tmp_path)
    faults = {"goes well": [], "fails": [FAILS], "times out": [HANGS]}
    railway.faults.add(*(replace(fault) for fault in faults[request.param]))
    return create("acme", secrets={"ANTHROPIC_API_KEY": Secret(TENANTS_KEY)})


def secrets_of(operation: Operation) -> list[str]:
    return [credential.value.reveal() for credential in operation.instance.credentials.all()]


def test_no_secret_is_on_argv_and_none_but_the_token_in_an_environment(
    recorded: Operation, tmp_path: Path
) -> None:
    calls = recorded_calls(tmp_path)

    secrets = secrets_of(recorded)
    argv = json.dumps([call["argv"] for call in calls])
    envs = json.dumps([call["env"] for call in calls])
    assert len(calls) >= 10
    assert not [secret for secret in [*secrets, TOKEN] if secret in argv]
    assert not [secret for secret in [*secrets, "somebody-elses-secret"] if secret in envs]
    assert {call["env"]["RAILWAY_API_TOKEN"] for call in calls} == {TOKEN}
    assert not [c for c in calls if {"RAILWAY_PROJECT_ID", "RAILWAY_TOKEN"} & set(c["env"])]


def test_nothing_stored_or_logged_shows_a_secret_in_clear(
    recorded: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    everything = stored_text() + caplog.text

    assert "ANTHROPIC_API_KEY" in everything
    assert not [secret for secret in [*secrets_of(recorded), TOKEN] if secret in everything]


def test_the_request_writes_everything_at_once_and_wakes_a_worker(requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)

    assert operation.steps.count() == 12
    assert operation.instance.credentials.count() == 3
    nudge, watch = OrmQ.objects.order_by("lock")
    assert {nudge.func(), watch.func()} == {"instances.tasks.advance"}
    assert nudge.args() == watch.args() == (operation.pk,)


def test_who_asked_and_how_it_ended_is_in_the_history(create: Create) -> None:
    operation = create("acme")

    told = list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message"))
    assert told == [
        ("ann", "Create asked for by ann."),
        ("ann", f"Create: succeeded; the address is {operation.instance.url}"),
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "blank"),
        ("Acme", "lower-case"),
        ("1acme", "starts with a letter"),
        ("acme-", "end with a hyphen"),
        ("a--b", "two hyphens"),
        ("acme\n", "lower-case"),
        ("a" * 56, "at most 55"),
        ("admin", "protected"),
        ("proxy", "protected"),
    ],
)
def test_an_invalid_name_is_refused_with_its_rule(
    requester: Requester, name: str, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        creation.request(Wish(name), requester)

    assert not Instance.objects.exists()


@pytest.mark.parametrize("repository", ["nothing", "a/b/c", "-a/b", "a b/c", "https://x/y", "a/"])
def test_a_repository_that_is_not_owner_repo_is_refused(
    requester: Requester, repository: str
) -> None:
    with pytest.raises(ValidationError, match="owner/repo"):
        creation.request(Wish("acme", repository=repository), requester)


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "a~1", "x.lock", "/a", "a/", "@{"])
def test_a_branch_that_git_forbids_is_refused(requester: Requester, branch: str) -> None:
    with pytest.raises(ValidationError, match="branch"):
        creation.request(Wish("acme", branch=branch), requester)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": "x"}, "set by this app"),
        ({"PORT": "1"}, "set by this app"),
        ({"CLIENT_API_KEY": "x"}, "set by this app"),
        ({"RAILWAY_TOKEN": "x"}, "belongs to Railway"),
        ({"OPENAI_API_KEY": "x"}, "looks like a secret"),
        ({"LOG_LEVEL": " "}, "is empty"),
        ({"a-b": "x"}, "not a name"),
    ],
)
def test_variables_that_would_break_the_gateway_are_refused(
    requester: Requester, variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        creation.request(Wish("acme", variables=variables), requester)


@pytest.mark.parametrize("name", ["ADMIN_API_KEY", "DATABASE_URL", "RAILWAY_API_TOKEN"])
def test_secrets_that_the_app_or_railway_sets_are_refused(requester: Requester, name: str) -> None:
    with pytest.raises(ValidationError, match=name) as refusal:
        creation.request(Wish("acme", secrets={name: Secret("the-value-itself")}), requester)

    assert "the-value-itself" not in str(refusal.value)


def test_a_name_that_is_taken_here_is_refused(requester: Requester) -> None:
    creation.request(Wish("acme"), requester)

    with pytest.raises((ValidationError, NotPossible), match=r"exists already|asked for just now"):
        creation.request(Wish("acme"), requester)


def test_the_name_of_a_deleted_instance_is_free_again(requester: Requester) -> None:
    first = creation.request(Wish("acme"), requester)
    first.instance.mark_deleted()

    second = creation.request(Wish("acme"), requester)

    assert second.instance.pk != first.instance.pk


def test_keys_are_made_once_and_encrypted(requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)

    credential = Credential.objects.get(instance=operation.instance, name="CLIENT_API_KEY")
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM instances_credential WHERE id = %s", [credential.pk])
        [stored] = cursor.fetchone()
    assert len(credential.value.reveal()) == 32
    assert credential.value.reveal() not in stored
    assert credential.value.reveal() not in repr(credential.value)
