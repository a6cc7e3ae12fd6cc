"""What Railway's words mean for a service and for its instance."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, build_schema

from instances.models import Service
from instances.railway.client import Deployment
from instances.services import statuses

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "railway" / "schema.json"
Status = Service.Status


def deployment(status: str, *, stopped: bool = False) -> Deployment:
    return Deployment("d1", status, datetime(2026, 11, 1, tzinfo=UTC), stopped, "")


def test_every_status_that_the_local_railway_knows_has_a_meaning() -> None:
    schema = build_schema((ROOT / "instances/simulator/schema.graphql").read_text())
    kind = schema.type_map["DeploymentStatus"]

    assert isinstance(kind, GraphQLEnumType)
    assert set(kind.values) == set(statuses.DEPLOYMENT_STATUSES)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="Railway's published schema is not here")
def test_every_status_of_the_published_schema_has_a_meaning() -> None:
    found = json.loads(PUBLISHED.read_text())
    types = found.get("data", found)["__schema"]["types"]
    [kind] = [t for t in types if t["name"] == "DeploymentStatus"]

    assert {v["name"] for v in kind["enumValues"]} == set(statuses.DEPLOYMENT_STATUSES)


def test_an_unlisted_status_is_unknown() -> None:
    assert statuses.service_status(deployment("HIBERNATING")) is Status.UNKNOWN


def test_a_success_whose_instances_have_stopped_is_not_running() -> None:
    assert statuses.service_status(deployment("SUCCESS")) is Status.RUNNING
    assert statuses.service_status(deployment("SUCCESS", stopped=True)) is Status.STOPPED


def test_a_service_that_never_was_deployed_is_unknown() -> None:
    assert statuses.service_status(None) is Status.UNKNOWN


@pytest.mark.parametrize(
    ("gateway", "redis", "expected"),
    [
        (Status.RUNNING, Status.RUNNING, "running"),
        (Status.RUNNING, Status.FAILED, "unhealthy"),
        (Status.FAILED, Status.RUNNING, "unhealthy"),
        (Status.STOPPED, Status.RUNNING, "unhealthy"),
        (Status.DEPLOYING, Status.RUNNING, "as before"),
    ],
)
def test_an_instance_is_as_well_as_its_services(
    gateway: Service.Status, redis: Service.Status, expected: str
) -> None:
    services = {"postgres": Status.RUNNING, "redis": redis, "gateway": gateway}

    assert statuses.instance_status(services, "as before") == expected


def test_an_instance_without_a_database_or_gateway_does_not_run() -> None:
    assert statuses.instance_status({"gateway": Status.RUNNING}, "running") == "unhealthy"
    assert statuses.instance_status({"redis": Status.RUNNING}, "running") == "unknown"
