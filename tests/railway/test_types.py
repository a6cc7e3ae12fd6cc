"""Railway's answers in our words: what is read, what may be missing, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from instances.railway.api.types import (
    Deployment,
    ListedProject,
    LogEntry,
    Picture,
    Project,
    ServiceInstance,
    reading,
)
from instances.railway.errors import RailwayBadResponse
from tests.railway.conftest import SECRET, connection, everything_in

CREATED = "2026-01-02T03:04:05.678Z"
CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def listed_node(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "name": "luthien-acme",
        "description": "Luthien Proxy instance: acme",
        "createdAt": CREATED,
        "deletedAt": None,
        "services": connection(),
        **changes,
    }


def project_node(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "name": "luthien-acme",
        "description": "Luthien Proxy instance: acme",
        "createdAt": CREATED,
        "deletedAt": None,
        "primaryEnvironmentId": "e1",
        "environments": connection(),
        **changes,
    }


def environment_node(name: str, *services: Any, more: bool = False) -> dict[str, Any]:
    return {
        "id": f"{name}-id",
        "name": name,
        "serviceInstances": connection(*services, more=more),
    }


def picture_node(**changes: Any) -> dict[str, Any]:
    """Return a project as the listing of everything shows it, with one gateway."""
    environments = connection(environment_node("production", service_node()))
    return project_node(
        **{"primaryEnvironmentId": "production-id", "environments": environments, **changes}
    )


def deployment_node(**changes: Any) -> dict[str, Any]:
    return {
        "id": "d1",
        "status": "SUCCESS",
        "createdAt": CREATED,
        "deploymentStopped": False,
        "meta": {"commitHash": "c0ffee"},
        **changes,
    }


def service_node(**changes: Any) -> dict[str, Any]:
    return {
        "serviceId": "s1",
        "serviceName": "gateway",
        "dockerfilePath": "docker/Dockerfile.gateway",
        "healthcheckPath": "/health",
        "healthcheckTimeout": 300,
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 10,
        "service": {"createdAt": CREATED, "templateServiceId": None},
        "source": {"repo": "LuthienResearch/luthien-proxy", "image": None},
        "domains": {"serviceDomains": [], "customDomains": []},
        "latestDeployment": None,
        **changes,
    }


def environments(*names: str) -> dict[str, Any]:
    return connection(*({"id": f"{name}-id", "name": name} for name in names))


# Projects.


@pytest.mark.parametrize(
    "value", ["", "p\x00", "\ud800", "x" * 65, "-p", "p 1", "p\n", "\u00e9", 7, [], {}, None]
)
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(RailwayBadResponse), reading("project"):
        Project.from_node(project_node(id=value))


def test_a_listed_project_is_read() -> None:
    project = ListedProject.from_node(listed_node())

    assert project == ListedProject(
        id="p1",
        name="luthien-acme",
        description="Luthien Proxy instance: acme",
        created_at=CREATED_AT,
        deleted_at=None,
        has_services=False,
    )


def test_a_listed_project_knows_whether_it_has_services() -> None:
    project = ListedProject.from_node(listed_node(services=connection({"id": "s1"})))

    assert project.has_services is True


@pytest.mark.parametrize("read", [ListedProject.from_node, Project.from_node])
def test_a_missing_description_is_empty(read: Callable[[Any], Any]) -> None:
    node = {**listed_node(description=None), **project_node(description=None)}

    assert read({**node, "services": connection()}).description == ""


@pytest.mark.parametrize("read", [ListedProject.from_node, Project.from_node])
def test_a_deleted_project_says_since_when(read: Callable[[Any], Any]) -> None:
    node = {**listed_node(), **project_node(), "deletedAt": CREATED}

    assert read(node).deleted_at == CREATED_AT


def test_the_primary_environment_is_the_one_meant() -> None:
    node = project_node(primaryEnvironmentId="e9", environments=environments("production"))

    assert Project.from_node(node).environment_id == "e9"


def test_without_a_primary_environment_production_is_the_one_meant() -> None:
    node = project_node(
        primaryEnvironmentId=None, environments=environments("staging", "production", "pr-7")
    )

    assert Project.from_node(node).environment_id == "production-id"


def test_without_production_the_only_environment_is_the_one_meant() -> None:
    node = project_node(primaryEnvironmentId=None, environments=environments("staging"))

    assert Project.from_node(node).environment_id == "staging-id"


@pytest.mark.parametrize("names", [(), ("staging", "pr-7"), ("production", "production")])
def test_which_environment_is_meant_is_never_guessed(names: tuple[str, ...]) -> None:
    node = project_node(primaryEnvironmentId=None, environments=environments(*names))

    assert Project.from_node(node).environment_id == ""


# Pictures.


def test_a_picture_is_a_project_with_its_services() -> None:
    picture = Picture.from_node(picture_node(deletedAt=CREATED))

    assert (picture.id, picture.name) == ("p1", "luthien-acme")
    assert picture.description == "Luthien Proxy instance: acme"
    assert (picture.created_at, picture.deleted_at) == (CREATED_AT, CREATED_AT)
    assert picture.environment_id == "production-id"
    assert picture.services == (ServiceInstance.from_node(service_node()),)


def test_a_picture_shows_the_services_of_the_environment_that_is_meant() -> None:
    environments = connection(
        environment_node("pr-7", service_node(serviceId="s7")),
        environment_node("production", service_node(serviceId="s1")),
    )

    picture = Picture.from_node(picture_node(primaryEnvironmentId=None, environments=environments))

    assert picture.environment_id == "production-id"
    assert [service.service_id for service in picture.services or ()] == ["s1"]


def test_a_picture_of_a_project_without_services_has_none_and_knows_it() -> None:
    empty = connection(environment_node("production"))

    assert Picture.from_node(picture_node(environments=empty)).services == ()


def test_services_that_go_on_beyond_their_page_are_not_known() -> None:
    cut = connection(environment_node("production", service_node(), more=True))

    assert Picture.from_node(picture_node(environments=cut)).services is None


def test_services_of_other_environments_may_go_on() -> None:
    environments = connection(
        environment_node("pr-7", more=True), environment_node("production", service_node())
    )

    assert Picture.from_node(picture_node(environments=environments)).services


@pytest.mark.parametrize("names", [(), ("staging", "pr-7")])
def test_a_picture_whose_environment_cannot_be_told_knows_no_services(
    names: tuple[str, ...],
) -> None:
    environments = connection(*(environment_node(name, service_node()) for name in names))

    picture = Picture.from_node(picture_node(primaryEnvironmentId=None, environments=environments))

    assert (picture.environment_id, picture.services) == ("", None)


def test_a_primary_environment_that_is_not_listed_has_no_known_services() -> None:
    picture = Picture.from_node(picture_node(primaryEnvironmentId="beyond-the-page"))

    assert (picture.environment_id, picture.services) == ("beyond-the-page", None)


# Services.


def test_a_service_is_read_with_its_settings() -> None:
    service = ServiceInstance.from_node(service_node())

    assert (service.service_id, service.name) == ("s1", "gateway")
    assert service.created_at == CREATED_AT
    assert (service.repo, service.image) == ("LuthienResearch/luthien-proxy", "")
    assert service.settings == {
        "dockerfilePath": "docker/Dockerfile.gateway",
        "healthcheckPath": "/health",
        "healthcheckTimeout": 300,
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 10,
    }


def test_a_service_from_a_template_is_told_by_its_template_and_image() -> None:
    node = service_node(
        service={"createdAt": CREATED, "templateServiceId": "t1"},
        source={"repo": None, "image": "ghcr.io/railwayapp/postgres:17"},
    )

    service = ServiceInstance.from_node(node)

    assert service.template_service_id == "t1"
    assert (service.repo, service.image) == ("", "ghcr.io/railwayapp/postgres:17")


def test_a_service_may_have_neither_source_nor_domain_nor_deployment() -> None:
    service = ServiceInstance.from_node(service_node(source=None))

    assert (service.repo, service.image, service.host) == ("", "", "")
    assert service.template_service_id == ""
    assert service.deployment is None


@pytest.mark.parametrize(
    ("own", "custom", "host"),
    [
        (["a.up.railway.app"], [], "a.up.railway.app"),
        (["a.up.railway.app", "b.up.railway.app"], ["acme.example"], "a.up.railway.app"),
        ([], ["acme.example"], "acme.example"),
    ],
)
def test_railways_own_domain_comes_before_custom_ones(
    own: list[str], custom: list[str], host: str
) -> None:
    domains = {
        "serviceDomains": [{"domain": name} for name in own],
        "customDomains": [{"domain": name} for name in custom],
    }

    assert ServiceInstance.from_node(service_node(domains=domains)).host == host


def test_a_service_brings_its_latest_deployment() -> None:
    service = ServiceInstance.from_node(service_node(latestDeployment=deployment_node()))

    assert service.deployment == Deployment("d1", "SUCCESS", CREATED_AT, False, "c0ffee")


# Deployments and log lines.


@pytest.mark.parametrize("meta", [None, {}, {"image": "redis:8"}])
def test_a_deployment_may_have_no_commit(meta: object) -> None:
    assert Deployment.from_node(deployment_node(meta=meta)).commit == ""


def test_a_deployment_knows_its_branch() -> None:
    meta = {"commitHash": "c0ffee", "branch": "main"}

    assert Deployment.from_node(deployment_node(meta=meta)).branch == "main"


def test_a_status_that_is_not_known_is_passed_on() -> None:
    assert Deployment.from_node(deployment_node(status="LEVITATING")).status == "LEVITATING"


def test_a_log_line_may_have_no_severity() -> None:
    entry = LogEntry.from_node({"timestamp": CREATED, "message": "ready", "severity": None})

    assert entry == LogEntry(CREATED, "ready", "")


# Misshapen ones.


@pytest.mark.parametrize(
    "node",
    [
        {},
        None,
        [],
        "p1",
        listed_node(createdAt=SECRET),
        listed_node(createdAt=None),
        listed_node(createdAt=7),
        listed_node(services={"edges": None}),
        listed_node(services={"edges": [SECRET]}),
        listed_node(services=None),
    ],
)
def test_a_misshapen_node_is_a_bad_response_that_shows_no_value(node: Any) -> None:
    with (
        pytest.raises(RailwayBadResponse, match="answer to projects") as caught,
        reading("projects"),
    ):
        ListedProject.from_node(node)

    assert SECRET not in everything_in(caught.value)
    assert caught.value.may_have_happened is True


def test_a_deployment_whose_meta_is_no_object_is_a_bad_response() -> None:
    with pytest.raises(RailwayBadResponse), reading("environment"):
        Deployment.from_node(deployment_node(meta="text"))


def test_reading_lets_other_errors_through() -> None:
    with pytest.raises(ZeroDivisionError), reading("projects"):
        raise ZeroDivisionError
