"""What a row would have to change: whatever Railway shows, once stored it differs no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.models import Instance, Operation, Service
from instances.railway.client import Deployment, Picture, ServiceInstance
from instances.services import mirror, people
from instances.services.difference import Difference, difference
from instances.services.statuses import DEPLOYMENT_STATUSES

pytestmark = pytest.mark.django_db

Status = Instance.Status
TAKEN = "taken"
DAY = datetime(2026, 1, 1, tzinfo=UTC)

descriptions = st.sampled_from(
    [
        "",
        "Luthien Proxy instance: acme",
        "deletion-scheduled:2026-02-12T18:00:00+00:00",
        "deletion-scheduled:2099-01-01T00:00:00Z",
        "Demo deletion-scheduled:2026-02-12T18:00:00+02:00",
        "deletion-scheduled:2026-02-12T18:00:00",
        "deletion-scheduled:soon",
    ]
)
project_names = st.sampled_from(
    ["luthien-acme", "luthien-beta", f"luthien-{TAKEN}", "luthien-", "luthien-No_Name", "acme"]
)
moments = st.integers(0, 5).map(lambda days: DAY + timedelta(days=days))
hosts = st.sampled_from(["", "acme.up.railway.app", "acme.example"])


def services_with(service_id: st.SearchStrategy[str]) -> st.SearchStrategy[ServiceInstance]:
    return st.builds(
        ServiceInstance,
        service_id=service_id,
        name=st.sampled_from(["Postgres", "postgres-1a2b", "Redis", "gateway", "Gateway", "web"]),
        created_at=moments,
        template_service_id=st.sampled_from(["", "t1"]),
        image=st.sampled_from(["", "ghcr.io/railwayapp/postgres:17", "redis:8", "postgres-redis"]),
        repo=st.just(""),
        settings=st.just({}),
        host=hosts,
        deployment=st.none()
        | st.builds(
            Deployment,
            id=st.sampled_from(["d1", "d2"]),
            status=st.sampled_from([*DEPLOYMENT_STATUSES, "LEVITATING"]),
            created_at=moments,
            stopped=st.booleans(),
            commit=st.sampled_from(["", "c0ffee"]),
        ),
    )


SERVICE_IDS = st.sampled_from(["s1", "s2", "s3", "s4", "s5"])
shown_services = st.lists(
    services_with(SERVICE_IDS), max_size=5, unique_by=lambda service: service.service_id
).map(tuple)
pictures = st.builds(
    Picture,
    id=st.just("p1"),
    name=project_names,
    description=descriptions,
    created_at=moments,
    deleted_at=st.none() | moments,
    environment_id=st.sampled_from(["", "e1", "e2"]),
    services=st.none() | shown_services,
)
rows = st.fixed_dictionaries(
    {
        "status": st.sampled_from(sorted(Instance.OBSERVED)),
        "description": descriptions,
        "former_description": st.sampled_from(["", "Demo"]),
        "problem": st.sampled_from(["", "Something was odd."]),
        "missed": st.integers(0, 3),
        "host": hosts,
        "environment_id": st.sampled_from(["", "e1"]),
        "deletion_scheduled_at": st.none() | moments,
        "gone_at": st.none() | moments,
    }
).filter(lambda row: row["status"] != Status.DELETION_SCHEDULED or row["deletion_scheduled_at"])
held_services = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(Service.Role.values),
            "service_id": SERVICE_IDS,
            "name": st.sampled_from(["Postgres", "gateway"]),
            "status": st.sampled_from(Service.Status.values),
        }
    ),
    max_size=3,
    unique_by=(lambda held: str(held["role"]), lambda held: str(held["service_id"])),
)


def make(row: dict[str, Any], services: Iterable[dict[str, Any]] = ()) -> Instance:
    """Store a row with its services, beside one whose name is taken."""
    now = timezone.now()
    Instance.objects.create(name=TAKEN, project_id="p2", status=Status.UNKNOWN)
    instance = Instance.objects.create(name="acme", project_id="p1", **row)
    Service.objects.bulk_create(Service(instance=instance, as_of=now, **one) for one in services)
    return instance


def differs(instance: Instance, picture: Picture, *, is_left: bool = False) -> Difference:
    """Compare what is stored now with the picture."""
    row = Instance.objects.get(pk=instance.pk)
    return difference(row, row.services.all(), picture, timezone.now(), is_left=is_left)


def picture(**changes: Any) -> Picture:
    """Return what Railway shows of an instance that is as its row says."""
    shown = {
        "id": "p1",
        "name": "luthien-acme",
        "description": "",
        "created_at": DAY,
        "deleted_at": None,
        "environment_id": "e1",
        "services": (),
    }
    return Picture(**{**shown, **changes})


# Whatever there is, and whatever is shown.


@settings(deadline=None, max_examples=150)
@given(rows, held_services, pictures)
def test_what_is_stored_differs_no_more_and_is_not_noted_again(
    row: dict[str, Any], held: list[dict[str, Any]], shown: Picture
) -> None:
    with transaction.atomic():
        instance = make(row, held)
        mirror.store(instance, shown, asked_at=timezone.now())

        again = differs(instance, shown)

        transaction.set_rollback(True)
    assert again == Difference()
    assert not again


@settings(deadline=None, max_examples=50)
@given(rows, held_services, pictures)
def test_storing_it_twice_writes_history_once(
    row: dict[str, Any], held: list[dict[str, Any]], shown: Picture
) -> None:
    with transaction.atomic():
        instance = make(row, held)
        mirror.store(instance, shown, asked_at=timezone.now())
        noted = people.history(instance).count()
        mirror.store(instance, shown, asked_at=timezone.now())

        noted_again = people.history(instance).count()

        transaction.set_rollback(True)
    assert noted_again == noted


@settings(deadline=None, max_examples=50)
@given(rows, held_services, pictures)
def test_what_an_operation_is_at_keeps_what_the_operation_decides(
    row: dict[str, Any], held: list[dict[str, Any]], shown: Picture
) -> None:
    with transaction.atomic():
        instance = make(row, held)
        Operation.objects.create(instance=instance, kind=Operation.Kind.REDEPLOY)
        mirror.store(instance, shown, asked_at=timezone.now())

        kept = Instance.objects.filter(
            pk=instance.pk,
            name="acme",
            **{name: row[name] for name in row if name not in {"host", "environment_id"}},
        )

        assert kept.exists()
        assert not differs(instance, shown, is_left=True)
        transaction.set_rollback(True)


@settings(deadline=None, max_examples=50)
@given(rows, held_services, pictures)
def test_comparing_writes_nothing_of_the_row(
    row: dict[str, Any], held: list[dict[str, Any]], shown: Picture
) -> None:
    with transaction.atomic():
        instance = make(row, held)
        before = Instance.objects.filter(pk=instance.pk).values().get()
        services = list(instance.services.values())

        differs(instance, shown)

        assert Instance.objects.filter(pk=instance.pk).values().get() == before
        assert list(instance.services.values()) == services
        transaction.set_rollback(True)


# Single cases.


def test_a_difference_in_nothing_is_false() -> None:
    instance = make({"status": Status.UNKNOWN, "environment_id": "e1"})

    assert not differs(instance, picture())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": "Demo"}, "description"),
        ({"environment_id": "e2"}, "environment_id"),
        ({"name": "luthien-beta"}, "name"),
        ({"name": "Something else"}, "problem"),
        ({"deleted_at": DAY}, "gone_at"),
    ],
)
def test_each_difference_is_found(change: dict[str, Any], field: str) -> None:
    instance = make({"status": Status.UNKNOWN, "environment_id": "e1"})

    assert field in differs(instance, picture(**change)).fields


def test_an_environment_that_cannot_be_told_leaves_the_one_that_was_known() -> None:
    instance = make({"status": Status.UNKNOWN, "environment_id": "e1"})

    found = differs(instance, picture(environment_id="", services=None))

    assert "environment_id" not in found.fields
    assert found.fields["problem"].startswith("Which environment of its Railway project is meant")


def test_services_that_are_not_all_known_leave_the_rows_as_they_are() -> None:
    held = {"role": Service.Role.GATEWAY, "service_id": "s1", "name": "gateway"}
    row = {"status": Status.RUNNING, "environment_id": "e1"}
    instance = make(row, [{**held, "status": Service.Status.RUNNING}])

    found = differs(instance, picture(services=None))

    assert (found.new_services, found.changed_services) == ([], [])
    assert "status" not in found.fields
