"""No row of ours is ever deleted: the database itself would raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from instances import timing
from instances.models import Credential, Gate, Instance, Job, LogLine, Operation, Service, Step
from instances.services import (
    access,
    adoption,
    creation,
    deletion,
    dispatch,
    people,
    reaping,
    recovery,
    redeployment,
    rotation,
    sync,
)
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator import projects
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Create, Stand, carry_out
from tests.keeping import every_row_kept, our_models

pytestmark = pytest.mark.django_db

Status = Instance.Status
State = Operation.State
NOT_FOUND = Fault("serviceConnect", "error", message="Repository not found")


@pytest.fixture
def kept(db: None) -> Iterator[None]:
    with every_row_kept():
        yield


@contextmanager
def days_later(days: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
        yield


def run_sync(times: int = 1) -> None:
    with access.railway(timing.current()) as client:
        for _ in range(times):
            sync.run(client)


def run_reap() -> list[Operation]:
    with access.railway(timing.current()) as client:
        asked = reaping.run(client, people.cron()).operations
    return [carry_out(operation) for operation in asked]


def keys() -> dict[type[models.Model], set[object]]:
    return {
        model: set(model._default_manager.values_list("pk", flat=True)) for model in our_models()
    }


def status_of(instance: Instance) -> str:
    instance.refresh_from_db()
    return instance.status


def test_the_database_would_raise(kept: None, requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)

    with pytest.raises(DatabaseError, match="was to be deleted"), transaction.atomic():
        operation.steps.all().delete()
    with pytest.raises(DatabaseError, match="was to be deleted"), transaction.atomic():
        LogEntry.objects.all().delete()


def test_a_whole_life_deletes_no_row(
    kept: None, create: Create, railway: LocalRailway, requester: Requester
) -> None:
    instance = create().instance
    before = keys()

    carry_out(redeployment.request(instance, requester, same_commit=True))
    carry_out(rotation.request(instance, requester))
    carry_out(deletion.schedule(instance, requester, reason="over"))
    carry_out(deletion.cancel(instance, requester))
    carry_out(deletion.schedule(instance, requester, reason="over after all"))
    with days_later(8):
        [reaped] = run_reap()
    with days_later(11):
        railway.vanish(instance.project_id)
        run_sync()

    assert reaped.state == State.SUCCEEDED, reaped.message
    assert status_of(instance) == Status.DELETED
    assert set(Operation.objects.values_list("state", flat=True)) == {State.SUCCEEDED}
    after = keys()
    assert all(before[model] <= after[model] for model in before)


def test_what_fails_is_rolled_back_cancelled_or_swept_keeps_its_rows(
    kept: None, create: Create, railway: LocalRailway, requester: Requester
) -> None:
    railway.faults.add(NOT_FOUND)
    failed = create("failed")
    railway.faults.clear()
    railway.faults.add(NOT_FOUND)
    kept_back = create("kept", keep_on_failure=True)
    railway.faults.clear()
    cancelled = creation.request(Wish("cancelled"), requester)
    recovery.cancel(cancelled, requester)
    dispatch.sweep(seconds=5)
    deleted = carry_out(deletion.delete(kept_back.instance, requester, reason="looked at"))

    cancelled.refresh_from_db()
    assert (failed.state, cancelled.state) == (State.FAILED, State.CANCELLED)
    assert deleted.state == State.SUCCEEDED, deleted.message
    assert not Instance.objects.alive().exists()
    assert Instance.objects.count() == 3


def test_what_sync_finds_loses_and_finds_again_keeps_its_rows(
    kept: None, stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    found, left = railway.add_instance("found"), railway.add_instance("left")
    lost, gone = stand("lost"), stand("gone")
    others = [stand(f"other-{number}", address=False) for number in range(8)]
    run_sync()
    carry_out(adoption.adopt(Instance.objects.get(project_id=found.id), requester, reason="ours"))
    adoption.forget(Instance.objects.get(project_id=left.id), requester, reason="not ours")
    before = keys()

    with railway.world.lock:
        projects.schedule_deletion(railway.world, railway.world.projects[gone.project_id])
        gone_project = railway.world.projects[gone.project_id]
    run_sync()
    was_going = status_of(gone)
    projects.cancel_deletion(gone_project)
    railway.vanish(lost.project_id)
    run_sync(times=3)

    assert (was_going, status_of(gone)) == (Status.DELETING, Status.RUNNING)
    assert status_of(lost) == Status.MISSING
    assert status_of(others[0]) == Status.RUNNING
    after = keys()
    assert all(before[model] <= after[model] for model in before)


OURS = [model for model in our_models() if model in admin.site._registry]


@pytest.fixture
def filled(create: Create) -> Instance:
    """Fill every table of ours."""
    instance = create().instance
    Job.objects.get_or_create(name=Job.Name.SYNC)
    return instance


def test_nobody_deletes_a_row_in_the_admin(kept: None, filled: Instance) -> None:
    before = keys()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    answers = {model.__name__: deleting(client, model)[0] for model in OURS}

    assert answers == {"Instance": 403, "Operation": 403, "Job": 403}
    assert keys() == before


def deleting(client: Client, model: type[models.Model]) -> list[int]:
    """Post to a model's pages what would delete its first row; return what they answer."""
    row = model._default_manager.order_by("pk").first()
    assert row is not None, model
    name = f"admin:{model._meta.label_lower.replace('.', '_')}"
    selected = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    return [
        client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code,
        client.post(reverse(f"{name}_changelist"), selected).status_code,
    ]


def test_the_account_that_the_history_names_is_not_deleted_either(
    kept: None, filled: Instance
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    refused, _ = deleting(client, User)

    assert refused == 403
    assert User.objects.filter(username__in=["ann", "root"]).count() == 2


def test_no_row_goes_with_another() -> None:
    """Only the account of somebody who asked may go, and then the operation stays."""
    ours = apps_foreign_keys()

    assert {how for _, how in ours if how != models.PROTECT} == {models.SET_NULL}
    assert [name for name, how in ours if how == models.SET_NULL] == ["requested_by"]


def apps_foreign_keys() -> list[tuple[str, object]]:
    tables = (Credential, Gate, Instance, Job, LogLine, Operation, Service, Step)
    return [
        (field.name, field.remote_field.on_delete)
        for model in tables
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
    ]
