"""A tenant is made with the stand-in alone, as a person would make it, and answers."""

import json

import pytest

from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Cli, Client, MakeCli, eventually, http

SETTINGS = """mutation($id: String!, $environment: String!) {
  serviceInstanceUpdate(serviceId: $id, environmentId: $environment, input: {
    dockerfilePath: "docker/Dockerfile.gateway", healthcheckPath: "/health"
  })
}"""
VARIABLES = (
    "DATABASE_URL=${{Postgres.DATABASE_URL}}",
    "REDIS_URL=${{Redis.REDIS_URL}}",
    "BUILD_COMMIT=${{RAILWAY_GIT_COMMIT_SHA}}",
)


@pytest.fixture
def cli(make_cli: MakeCli, live: LocalRailway) -> Cli:
    return make_cli(live)


@pytest.fixture
def project(live: LocalRailway, cli: Cli) -> Project:
    made = cli.json("init", "-n", "luthien-acme", "-w", "Luthien", "--json")
    return live.world.projects[made["id"]]


def wait_for(live: LocalRailway, project: Project, name: str) -> str:
    """Wait until a service is there and has propagated; return its id."""

    def found() -> str:
        now = live.world.now()
        seen = [one for one in project.services.values() if one.visible_at <= now]
        return next((one.id for one in seen if one.name == name), "")

    return str(eventually(found))


@pytest.fixture
def gateway(live: LocalRailway, cli: Cli, project: Project) -> str:
    """Make a whole tenant; return the address of its gateway, which is still building."""
    cli.json("add", "-d", "postgres", "--json")
    wait_for(live, project, "Postgres")
    cli.json("add", "-d", "redis", "--json")
    wait_for(live, project, "Redis")
    options = [word for pair in VARIABLES for word in ("--variables", pair)]
    cli.json("add", "--service", "gateway", *options, "--json")
    made = wait_for(live, project, "gateway")
    key = ("variable", "set", "ADMIN_API_KEY", "--stdin", "--skip-deploys", "--json")
    assert cli.json(*key, stdin="s3cret\n") == {"keys": ["ADMIN_API_KEY"], "set": True}
    assert Client(live)(SETTINGS, id=made, environment=project.environment_id).data
    url = str(cli.json("domain", "--service", "gateway", "--json")["domain"])
    source = ("--repo", "LuthienResearch/luthien-proxy", "--branch", "main")
    cli.json("service", "source", "connect", "--service", "gateway", *source, "--json")
    return url.replace("https://", "http://")


def test_a_tenant_made_with_the_stand_in_answers_and_sees_its_databases(
    live: LocalRailway, cli: Cli, gateway: str
) -> None:
    assert http("GET", f"{gateway}/health").status == 404

    eventually(lambda: cli.json("service", "status", "--json")["status"] == "SUCCESS")

    health = http("GET", f"{gateway}/health").json
    assert health["status"] == "healthy"
    assert len(health["version"]) == 40
    admin = {"x-api-key": "s3cret"}
    status = http("GET", f"{gateway}/api/admin/system-status", headers=admin).json
    assert status["status"] == "healthy"
    assert status["checks"]["redis"]["status"] == "ok"
    assert status["checks"]["db"]["status"] == "ok"
    deployed = live.deployed(gateway) or {}
    assert deployed["DATABASE_URL"].startswith("postgresql://postgres:")


def test_no_secret_is_in_what_the_control_panel_shows(
    live: LocalRailway, cli: Cli, gateway: str
) -> None:
    shown = http("GET", f"{live.control_url}/state").text
    shown += http("GET", f"{live.control_url}/requests").text

    assert "s3cret" not in shown
    assert "ADMIN_API_KEY" in json.dumps(shown)
