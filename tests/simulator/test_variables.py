"""Variables: stored raw, rendered on demand, silently empty where a reference leads nowhere."""

import pytest

from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Client, service_named

READ = """query($p: String!, $e: String!, $s: String, $raw: Boolean) {
  variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: $raw)
}"""
WRITE = """mutation($input: VariableCollectionUpsertInput!) {
  variableCollectionUpsert(input: $input)
}"""


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    made = railway.add_project("luthien-acme", services=["Postgres", "gateway"])
    service_named(made, "Postgres").variables["DATABASE_URL"] = (
        "postgresql://${{RAILWAY_PRIVATE_DOMAIN}}"
    )
    made.shared_variables["REGION"] = "west"
    return made


def rendered(ask: Client, project: Project, value: str) -> str:
    gateway = service_named(project, "gateway")
    gateway.variables |= {"OWN": "mine", "TESTED": value}
    ids = {"p": project.id, "e": project.environment_id, "s": gateway.id}
    return str(ask(READ, **ids).data["variables"]["TESTED"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        ("${{Postgres.DATABASE_URL}}", "postgresql://postgres.railway.internal"),
        ("${{ Postgres.DATABASE_URL }}", "postgresql://postgres.railway.internal"),
        ("${{OWN}}", "mine"),
        ("a-${{OWN}}-${{shared.REGION}}", "a-mine-west"),
        ("${{RAILWAY_SERVICE_NAME}}", "gateway"),
        ("${{postgres.DATABASE_URL}}", ""),
        ("${{Redis.REDIS_URL}}", ""),
        ("${{Postgres.NOTHING}}", ""),
        ("${{NOTHING}}", ""),
        ("${{TESTED}}", ""),
    ],
)
def test_a_reference_is_rendered(ask: Client, project: Project, written: str, meant: str) -> None:
    assert rendered(ask, project, written) == meant


def test_unrendered_variables_are_as_they_were_written(ask: Client, project: Project) -> None:
    rendered(ask, project, "${{Postgres.DATABASE_URL}}")
    gateway = service_named(project, "gateway")
    ids = {"p": project.id, "e": project.environment_id, "s": gateway.id}

    raw = ask(READ, **ids, raw=True).data["variables"]

    assert raw == {"OWN": "mine", "TESTED": "${{Postgres.DATABASE_URL}}"}


def test_railways_own_variables_come_with_the_rendered_ones(ask: Client, project: Project) -> None:
    rendered(ask, project, "x")
    gateway = service_named(project, "gateway")
    ids = {"p": project.id, "e": project.environment_id, "s": gateway.id}

    found = ask(READ, **ids).data["variables"]

    assert found["RAILWAY_PROJECT_ID"] == project.id
    assert found["RAILWAY_ENVIRONMENT_NAME"] == "production"


def test_an_upsert_keeps_the_others_and_replace_does_not(ask: Client, project: Project) -> None:
    gateway = service_named(project, "gateway")
    gateway.variables["OLD"] = "1"
    wanted = {
        "projectId": project.id,
        "environmentId": project.environment_id,
        "serviceId": gateway.id,
        "variables": {"NEW": "2"},
    }

    assert ask(WRITE, input=wanted).data["variableCollectionUpsert"] is True
    assert gateway.variables == {"OLD": "1", "NEW": "2"}
    assert ask(WRITE, input=wanted | {"replace": True}).data
    assert gateway.variables == {"NEW": "2"}


def test_without_a_service_the_shared_variables_are_meant(ask: Client, project: Project) -> None:
    ids = {"p": project.id, "e": project.environment_id}

    assert ask(READ, **ids).data["variables"] == {"REGION": "west"}
