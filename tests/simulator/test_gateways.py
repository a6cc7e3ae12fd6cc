"""What is deployed behind a domain answers as a gateway with those variables would."""

import pytest

from instances.simulator import deployments, domains
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service
from tests.simulator.conftest import Answer, SteppedClock, http, service_named

DATABASES = {
    "Postgres": {"DATABASE_URL": "postgresql://u:p@${{RAILWAY_PRIVATE_DOMAIN}}:5432/railway"},
    "Redis": {"REDIS_URL": "redis://${{RAILWAY_PRIVATE_DOMAIN}}:6379"},
}
GOOD = {
    "DATABASE_URL": "${{Postgres.DATABASE_URL}}",
    "REDIS_URL": "${{Redis.REDIS_URL}}",
    "ADMIN_API_KEY": "admin",
    "CLIENT_API_KEY": "client",
}
STATUS = "/api/admin/system-status"


@pytest.fixture
def project(railway: LocalRailway, clock: SteppedClock) -> Project:
    made = railway.add_project("luthien-acme", services=["Postgres", "Redis", "gateway"])
    for name, variables in DATABASES.items():
        database = service_named(made, name)
        database.image, database.variables = f"{name}:1", dict(variables)
        deployments.start(railway.world, made, database)
    clock.step(6)
    return made


@pytest.fixture
def service(railway: LocalRailway, project: Project) -> Service:
    gateway = service_named(project, "gateway")
    gateway.repo, gateway.branch = "LuthienResearch/luthien-proxy", "main"
    gateway.settings["dockerfilePath"] = "docker/Dockerfile.gateway"
    gateway.variables = dict(GOOD)
    domains.create(railway.world, gateway, None)
    return gateway


class Tenant:
    """A gateway that has been deployed with some variables changed."""

    def __init__(self, railway: LocalRailway, project: Project, service: Service) -> None:
        self.railway, self.project, self.service = railway, project, service

    def deploy(self, clock: SteppedClock, **changes: str | None) -> "Tenant":
        changed = {**self.service.variables, **changes}
        self.service.variables = {key: one for key, one in changed.items() if one is not None}
        deployments.start(self.railway.world, self.project, self.service)
        clock.step(142)
        return self

    def get(self, path: str, key: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return http("GET", f"http://{self.service.domains[0].host}{path}", headers=headers)

    def message(self, key: str) -> Answer:
        url = f"http://{self.service.domains[0].host}/v1/messages"
        return http("POST", url, {"model": "x"}, {"x-api-key": key} if key else {})

    @property
    def status(self) -> str:
        newest = self.service.deployments[-1]
        return deployments.status(self.service, newest, self.railway.world.now()).status


@pytest.fixture
def tenant(railway: LocalRailway, project: Project, service: Service) -> Tenant:
    return Tenant(railway, project, service)


def test_a_domain_without_a_live_deployment_is_an_unknown_application(tenant: Tenant) -> None:
    answer = tenant.get("/health")

    assert answer.status == 404
    assert answer.json["message"] == "Application not found"


def test_a_good_gateway_is_healthy_ready_and_sees_its_databases(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock)

    assert tenant.get("/health").json == {"status": "healthy", "version": "unknown"}
    assert tenant.get("/ready").json == {"status": "ready"}
    status = tenant.get(STATUS, "admin").json
    assert status["status"] == "healthy"
    assert [check["status"] for check in status["checks"].values()] == ["ok", "ok"]
    assert tenant.get("/nothing").status == 404


def test_the_version_is_the_commit_when_the_build_was_told(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock, BUILD_COMMIT="${{RAILWAY_GIT_COMMIT_SHA}}")

    assert tenant.get("/health").json["version"] == tenant.service.deployments[-1].commit


@pytest.mark.parametrize("key", ["", "client", "wrong"])
def test_only_the_admin_key_opens_the_status(tenant: Tenant, clock: SteppedClock, key: str) -> None:
    tenant.deploy(clock)

    assert tenant.get(STATUS, key).status == 403


def test_an_unresolved_database_reference_means_a_silent_throw_away_database(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock, DATABASE_URL="${{postgres.DATABASE_URL}}", REDIS_URL=None)

    status = tenant.get(STATUS, "admin").json
    assert status["status"] == "healthy"
    assert status["checks"]["db"]["status"] == "ok"
    assert status["checks"]["redis"]["status"] == "not_configured"


def test_a_redis_that_does_not_run_crashes_the_gateway(tenant: Tenant, clock: SteppedClock) -> None:
    tenant.deploy(clock, REDIS_URL="redis://elsewhere.railway.internal:6379")

    assert tenant.status == "CRASHED"
    assert tenant.get("/health").status == 404


def test_a_redis_that_is_being_redeployed_runs_all_the_while(
    tenant: Tenant, clock: SteppedClock
) -> None:
    redis = service_named(tenant.project, "Redis")
    clock.step(100)
    deployments.start(tenant.railway.world, tenant.project, redis, at=clock.now() + 122)

    assert tenant.deploy(clock).status == "SUCCESS"


def test_a_database_that_is_removed_later_is_seen_in_the_status(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock)
    postgres = service_named(tenant.project, "Postgres")

    deployments.remove(tenant.railway.world, postgres.deployments[-1])

    assert tenant.get("/health").status == 200
    assert tenant.get("/ready").status == 503
    assert tenant.get(STATUS, "admin").json["status"] == "unhealthy"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "${{PORT}}x"),
        ("USAGE_TELEMETRY", ""),
        ("AUTH_MODE", "proxy_key"),
        ("CREDENTIAL_ENCRYPTION_KEY", "short"),
    ],
)
def test_a_variable_the_gateway_cannot_read_keeps_it_from_starting(
    tenant: Tenant, clock: SteppedClock, name: str, value: str
) -> None:
    tenant.deploy(clock, **{name: value})

    assert tenant.status == "CRASHED"


def test_a_wrong_health_check_path_fails_the_deployment(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.service.settings["healthcheckPath"] = "/healthz"

    tenant.deploy(clock)

    assert tenant.status == "FAILED"


def test_the_client_key_works_only_with_an_upstream_key(
    tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock)
    refused = [tenant.message(""), tenant.message("wrong"), tenant.message("admin")]
    no_upstream = tenant.message("client")

    tenant.deploy(clock, ANTHROPIC_API_KEY="sk-x")

    assert [answer.status for answer in refused] == [401, 401, 401]
    assert no_upstream.status == 500
    assert "No Anthropic credentials available" in no_upstream.text
    assert tenant.message("client").status == 200


def test_a_project_on_its_way_out_serves_nothing(tenant: Tenant, clock: SteppedClock) -> None:
    tenant.deploy(clock)

    tenant.project.deleted_at = clock.now() + 1000

    assert tenant.get("/health").status == 404


def test_what_runs_can_be_looked_at_by_domain_or_project(
    railway: LocalRailway, tenant: Tenant, clock: SteppedClock
) -> None:
    tenant.deploy(clock)

    by_domain = railway.deployed(f"https://{tenant.service.domains[0].host}")
    by_project = railway.deployed(tenant.project.id)

    assert by_domain == by_project
    assert by_domain is not None
    assert by_domain["DATABASE_URL"].endswith("@postgres.railway.internal:5432/railway")
    assert railway.deployed("localhost:1") is None
