"""Services: propagation, names, sources, settings."""

import pytest

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Client, SteppedClock

CREATE = """mutation($project: String!, $name: String, $variables: EnvironmentVariables) {
  serviceCreate(input: {projectId: $project, name: $name, variables: $variables}) { id name }
}"""
LIST = """query($project: String!) {
  project(id: $project) { services { edges { node { id name } } } }
}"""
DOMAIN = """mutation($service: String!, $environment: String!) {
  serviceDomainCreate(input: {serviceId: $service, environmentId: $environment}) {
    domain syncStatus
  }
}"""
INSTANCE = """query($service: String!, $environment: String!) {
  serviceInstance(serviceId: $service, environmentId: $environment) {
    dockerfilePath healthcheckPath healthcheckTimeout restartPolicyType restartPolicyMaxRetries
    domains { serviceDomains { domain syncStatus } }
  }
}"""


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("luthien-acme")


def listed(ask: Client, project: Project) -> list[str]:
    found = ask(LIST, project=project.id).data["project"]["services"]["edges"]
    return [edge["node"]["name"] for edge in found]


def test_a_new_service_is_invisible_until_it_has_propagated(
    project: Project, ask: Client, clock: SteppedClock
) -> None:
    made = ask(CREATE, project=project.id, name="gateway").data["serviceCreate"]
    by_id = "query($id: String!) { service(id: $id) { name } }"

    assert listed(ask, project) == []
    assert ask(by_id, id=made["id"]).message == "Not Authorized"
    clock.step(15)
    assert listed(ask, project) == ["gateway"]
    assert ask(by_id, id=made["id"]).data["service"] == {"name": "gateway"}


def test_a_mutation_on_a_service_that_has_not_propagated_finds_no_instance(
    project: Project, ask: Client, clock: SteppedClock
) -> None:
    made = ask(CREATE, project=project.id, name="gateway").data["serviceCreate"]
    ids = {"service": made["id"], "environment": project.environment_id}

    assert ask(DOMAIN, **ids).message == "ServiceInstance not found"
    clock.step(15)
    assert ask(DOMAIN, **ids).data["serviceDomainCreate"]["domain"].startswith("localhost:")


def test_a_service_can_be_told_to_be_late_or_to_stay_away(
    railway: LocalRailway, project: Project, ask: Client, clock: SteppedClock
) -> None:
    railway.faults.add(
        Fault("service:gateway", "late", seconds=40), Fault("service:other", "never")
    )
    ask(CREATE, project=project.id, name="gateway")
    ask(CREATE, project=project.id, name="other")

    clock.step(54)
    assert listed(ask, project) == []
    clock.step(1)
    assert listed(ask, project) == ["gateway"]
    clock.step(10_000)
    assert listed(ask, project) == ["gateway"]


def test_a_name_is_taken_even_before_it_is_seen(project: Project, ask: Client) -> None:
    assert ask(CREATE, project=project.id, name="gateway").data

    refused = ask(CREATE, project=project.id, name="gateway")

    assert refused.message == 'A service named "gateway" already exists in this project'


def test_settings_are_read_back_as_they_were_written(railway: LocalRailway, ask: Client) -> None:
    project = railway.add_project("a", services=["gateway"])
    (service_id,) = project.services
    ids = {"service": service_id, "environment": project.environment_id}
    update = """mutation($service: String!, $environment: String!) {
      serviceInstanceUpdate(serviceId: $service, environmentId: $environment, input: {
        dockerfilePath: "docker/Dockerfile.gateway", healthcheckPath: "/health",
        healthcheckTimeout: 300, restartPolicyMaxRetries: 3
      })
    }"""

    assert ask(update, **ids).data["serviceInstanceUpdate"] is True

    read = ask(INSTANCE, **ids).data["serviceInstance"]
    assert read == {
        "dockerfilePath": "docker/Dockerfile.gateway",
        "healthcheckPath": "/health",
        "healthcheckTimeout": 300,
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 3,
        "domains": {"serviceDomains": []},
    }


def test_config_as_code_cannot_be_switched_on(railway: LocalRailway, ask: Client) -> None:
    project = railway.add_project("a", services=["gateway"])
    (service_id,) = project.services
    update = """mutation($service: String!) {
      serviceInstanceUpdate(serviceId: $service, input: {railwayConfigFile: "railway.toml"})
    }"""

    assert "Config as Code" in ask(update, service=service_id).message


def test_a_domain_becomes_active_and_a_second_call_makes_a_second_one(
    railway: LocalRailway, ask: Client, clock: SteppedClock
) -> None:
    project = railway.add_project("a", services=["gateway"])
    (service_id,) = project.services
    ids = {"service": service_id, "environment": project.environment_id}

    first = ask(DOMAIN, **ids).data["serviceDomainCreate"]
    clock.step(2)
    second = ask(DOMAIN, **ids).data["serviceDomainCreate"]

    shown = ask(INSTANCE, **ids).data["serviceInstance"]["domains"]["serviceDomains"]
    assert first["syncStatus"] == "CREATING"
    assert [domain["syncStatus"] for domain in shown] == ["ACTIVE", "CREATING"]
    assert first["domain"] != second["domain"]


def test_a_deleted_service_is_gone_and_its_name_is_free(railway: LocalRailway, ask: Client) -> None:
    project = railway.add_project("a", services=["gateway"])
    (service_id,) = project.services

    assert ask("mutation($id: String!) { serviceDelete(id: $id) }", id=service_id).data

    assert listed(ask, project) == []
    assert ask(CREATE, project=project.id, name="gateway").data
