"""Deployments: progress, logs, failures, replacement, commits."""

from typing import Any

import pytest

from instances.simulator import repositories
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service
from tests.simulator.conftest import Client, SteppedClock

REPOSITORY = repositories.GATEWAY_REPOSITORY
CONNECT = """mutation($id: String!, $branch: String) {
  serviceConnect(id: $id, input: {repo: "LuthienResearch/luthien-proxy", branch: $branch}) { id }
}"""
DEPLOY = """mutation($s: String!, $e: String!, $sha: String) {
  serviceInstanceDeployV2(serviceId: $s, environmentId: $e, commitSha: $sha)
}"""
LATEST = """mutation($s: String!, $e: String!) {
  serviceInstanceDeploy(serviceId: $s, environmentId: $e, latestCommit: true)
}"""
REDEPLOY = "mutation($id: String!) { deploymentRedeploy(id: $id) { id } }"
INSTANCE = """query($s: String!, $e: String!) {
  serviceInstance(serviceId: $s, environmentId: $e) {
    source { repo image }
    latestDeployment {
      id status canRedeploy deploymentStopped staticUrl meta instances { status }
    }
    activeDeployments { id }
  }
}"""
LOGS = """query($id: String!) {
  buildLogs(deploymentId: $id) { message severity timestamp }
  deploymentLogs(deploymentId: $id) { message }
}"""


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("luthien-acme", services=["gateway"])


@pytest.fixture
def service(project: Project) -> Service:
    (service,) = project.services.values()
    service.settings["dockerfilePath"] = "docker/Dockerfile.gateway"
    return service


@pytest.fixture
def ids(project: Project, service: Service) -> dict[str, str]:
    return {"s": service.id, "e": project.environment_id}


def instance(ask: Client, ids: dict[str, str]) -> Any:
    return ask(INSTANCE, **ids).data["serviceInstance"]


def latest(ask: Client, ids: dict[str, str]) -> Any:
    return instance(ask, ids)["latestDeployment"]


def logs(ask: Client, ids: dict[str, str]) -> tuple[list[str], list[str]]:
    found = ask(LOGS, id=latest(ask, ids)["id"]).data
    build = [line["message"] for line in found["buildLogs"]]
    return build, [line["message"] for line in found["deploymentLogs"]]


def test_a_connected_repository_is_built_started_and_live(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    assert instance(ask, ids)["latestDeployment"] is None
    ask(CONNECT, id=service.id, branch="main")
    seen = []
    for seconds in (0, 1, 1, 119, 1, 19, 1):
        clock.step(seconds)
        seen.append(latest(ask, ids)["status"])

    assert seen == [
        "INITIALIZING",
        "QUEUED",
        "BUILDING",
        "BUILDING",
        "DEPLOYING",
        "DEPLOYING",
        "SUCCESS",
    ]
    live = latest(ask, ids)
    assert live["canRedeploy"] is True
    assert live["instances"] == [{"status": "RUNNING"}]
    assert live["meta"]["repo"] == REPOSITORY
    assert live["meta"]["branch"] == "main"
    assert len(live["meta"]["commitHash"]) == 40


def test_a_service_without_a_dockerfile_path_fails_to_build_and_says_so(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    service.settings.clear()
    ask(CONNECT, id=service.id, branch="main")

    clock.step(142)

    build, deploy = logs(ask, ids)
    assert latest(ask, ids)["status"] == "FAILED"
    assert "Railpack" in build[-1]
    assert deploy == []


def test_the_dockerfile_path_may_be_a_variable(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    service.settings.clear()
    service.variables["RAILWAY_DOCKERFILE_PATH"] = "docker/Dockerfile.gateway"
    ask(CONNECT, id=service.id, branch="main")

    clock.step(142)

    assert latest(ask, ids)["status"] == "SUCCESS"


def test_a_branch_that_does_not_exist_fails_to_build(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="nope")

    clock.step(142)

    assert "Remote branch nope not found" in logs(ask, ids)[0][-1]


def test_logs_grow_as_time_passes(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    lengths = []
    for seconds in (1, 30, 60, 31, 20):
        clock.step(seconds)
        lengths.append(sum(map(len, logs(ask, ids))))

    assert lengths[0] == 0
    assert lengths == sorted(set(lengths))
    assert "Application startup complete" in logs(ask, ids)[1][-1]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("fail_build", "FAILED"),
        ("fail_deploy", "FAILED"),
        ("crash", "CRASHED"),
        ("hang", "BUILDING"),
        ("needs_approval", "NEEDS_APPROVAL"),
        ("skip", "SKIPPED"),
        ("remove", "REMOVED"),
    ],
)
def test_a_deployment_can_be_told_how_to_end(
    railway: LocalRailway,
    ask: Client,
    service: Service,
    ids: dict[str, str],
    clock: SteppedClock,
    action: str,
    status: str,
) -> None:
    railway.faults.add(Fault("deployment:gateway", action))
    ask(CONNECT, id=service.id, branch="main")

    clock.step(200)

    assert latest(ask, ids)["status"] == status


def test_an_approved_deployment_goes_on(
    railway: LocalRailway, ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    railway.faults.add(Fault("deployment", "needs_approval"))
    ask(CONNECT, id=service.id, branch="main")
    approve = "mutation($id: String!) { deploymentApprove(id: $id) }"

    assert ask(approve, id=latest(ask, ids)["id"]).data
    clock.step(142)

    assert latest(ask, ids)["status"] == "SUCCESS"


def test_the_live_deployment_serves_until_the_next_one_succeeds(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(142)
    first = latest(ask, ids)["id"]

    second = ask(DEPLOY, **ids).data["serviceInstanceDeployV2"]

    clock.step(141)
    assert instance(ask, ids)["activeDeployments"] == [{"id": first}]
    clock.step(1)
    assert instance(ask, ids)["activeDeployments"] == [{"id": second}]
    status = "query($id: String!) { deployment(id: $id) { status deploymentStopped } }"
    replaced = ask(status, id=first).data["deployment"]
    assert replaced == {"status": "REMOVED", "deploymentStopped": True}


def test_a_deployment_runs_with_the_variables_of_its_beginning(
    railway: LocalRailway, ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    service.variables["WHO"] = "old"
    ask(CONNECT, id=service.id, branch="main")
    service.variables["WHO"] = "new"

    clock.step(142)

    assert service.deployments[-1].variables["WHO"] == "old"


def test_redeploying_during_the_build_is_refused(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(60)
    building = latest(ask, ids)

    assert ask(REDEPLOY, id=building["id"]).message.startswith("Cannot redeploy yet")
    assert building["canRedeploy"] is False


def test_redeploying_what_was_never_deployed_is_refused(ask: Client, ids: dict[str, str]) -> None:
    redeploy = """mutation($s: String!, $e: String!) {
      serviceInstanceRedeploy(serviceId: $s, environmentId: $e)
    }"""

    assert ask(redeploy, **ids).message == "Cannot redeploy without a snapshot"


def test_a_push_is_deployed_by_latest_commit_only(
    railway: LocalRailway, ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(142)
    before = latest(ask, ids)["meta"]["commitHash"]
    pushed = repositories.push(railway.world, REPOSITORY, "main", "Something new")

    same = ask(DEPLOY, **ids).data["serviceInstanceDeployV2"]
    assert latest(ask, ids)["id"] == same
    assert latest(ask, ids)["meta"]["commitHash"] == before
    assert ask(LATEST, **ids).data["serviceInstanceDeploy"] is True
    assert latest(ask, ids)["meta"]["commitHash"] == pushed.sha


def test_a_named_commit_is_deployed_and_an_unknown_one_is_not_found(
    railway: LocalRailway, ask: Client, service: Service, ids: dict[str, str]
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    oldest = repositories.repository(railway.world, REPOSITORY).branches["main"][0]

    assert ask(DEPLOY, **ids, sha=oldest.sha).data
    assert latest(ask, ids)["meta"]["commitHash"] == oldest.sha
    assert ask(DEPLOY, **ids, sha="f" * 40).message == "Commit not found"


def test_a_variable_write_deploys_unless_it_is_told_not_to(
    ask: Client, project: Project, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(142)
    write = """mutation($s: String!, $e: String!, $p: String!, $skip: Boolean) {
      variableUpsert(input: {
        projectId: $p, serviceId: $s, environmentId: $e, name: "A", value: "1", skipDeploys: $skip
      })
    }"""

    assert ask(write, **ids, p=project.id, skip=True).data
    assert len(service.deployments) == 1
    assert ask(write, **ids, p=project.id).data
    assert len(service.deployments) == 2


def test_a_removed_deployment_is_over(
    ask: Client, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(142)

    ask("mutation($id: String!) { deploymentRemove(id: $id) }", id=latest(ask, ids)["id"])

    assert latest(ask, ids)["status"] == "REMOVED"
    assert instance(ask, ids)["activeDeployments"] == []


def test_deployments_are_listed_newest_first_and_by_status(
    ask: Client, project: Project, service: Service, ids: dict[str, str], clock: SteppedClock
) -> None:
    ask(CONNECT, id=service.id, branch="main")
    clock.step(142)
    ask(DEPLOY, **ids)
    query = """query($input: DeploymentListInput!) {
      deployments(input: $input, first: 5) { edges { node { status } } }
    }"""
    wanted: dict[str, Any] = {"projectId": project.id, "serviceId": service.id}

    def statuses(**more: Any) -> list[str]:
        edges = ask(query, input=wanted | more).data["deployments"]["edges"]
        return [edge["node"]["status"] for edge in edges]

    assert statuses() == ["INITIALIZING", "SUCCESS"]
    assert statuses(status={"in": ["SUCCESS"]}) == ["SUCCESS"]
