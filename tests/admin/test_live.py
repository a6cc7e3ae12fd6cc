"""What the page of an operation gets when it asks for what is new."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from instances.admin import live
from instances.models import LogLine, Operation
from instances.services import creation, dispatch, recovery
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.server import LocalRailway
from tests.conftest import Create, run_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation(requester: Requester) -> Operation:
    return creation.request(Wish("acme"), requester)


def page_of(client: Client, operation: Operation) -> str:
    url = reverse("admin:instances_operation_change", args=[operation.pk])
    return client.get(url).content.decode()


def next_address(html: str) -> str:
    """Return where the page asks for its next update; empty when it asks no more."""
    found = re.search(r'id="operation-status"[^>]*hx-get="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


def lines_in(html: str) -> list[str]:
    return re.findall(r'<li id="log-(\d+)"', html)


def test_nothing_is_sent_while_nothing_has_changed(
    admin_client: Client, operation: Operation
) -> None:
    address = next_address(page_of(admin_client, operation))

    assert admin_client.get(address).status_code == 204


def test_what_has_changed_is_sent_with_the_address_of_the_next_update(
    admin_client: Client, railway: LocalRailway, operation: Operation
) -> None:
    address = next_address(page_of(admin_client, operation))
    run_until(operation, step="postgres")

    update = admin_client.get(address).content.decode()

    assert "2 of 12" in update
    assert next_address(update) != address
    assert admin_client.get(next_address(update)).status_code == 204


def test_log_lines_are_only_added(admin_client: Client, operation: Operation) -> None:
    LogLine.objects.create(operation=operation, text="shown already")
    address = next_address(page_of(admin_client, operation))
    newest = LogLine.objects.create(operation=operation, text="the newest")
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)

    update = admin_client.get(address).content.decode()

    assert lines_in(update) == [str(newest.pk)]


def test_a_worker_that_does_not_come_is_said(admin_client: Client, operation: Operation) -> None:
    address = next_address(page_of(admin_client, operation))
    Operation.objects.update(due_at=timezone.now() - timedelta(seconds=20))

    update = admin_client.get(address).content.decode()

    assert "no worker has come" in update
    assert 'hx-trigger="every 5s"' in update


def test_a_worker_that_stopped_and_has_no_successor_is_said(
    admin_client: Client, operation: Operation
) -> None:
    address = next_address(page_of(admin_client, operation))
    Operation.objects.update(
        state=Operation.State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_owner="host:1",
        lease_expires_at=timezone.now() - timedelta(seconds=20),
    )

    update = admin_client.get(address).content.decode()

    assert "Its worker host:1 stopped, and no other has come since" in update
    assert "It was due on" not in update
    assert 'hx-trigger="every 5s"' in update


def test_a_worker_that_is_at_it_is_not_missed(admin_client: Client, operation: Operation) -> None:
    Operation.objects.update(
        state=Operation.State.RUNNING,
        due_at=timezone.now() - timedelta(seconds=20),
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(seconds=20),
    )

    assert "qcluster" not in page_of(admin_client, operation)


def test_what_the_sweep_says_is_shown(admin_client: Client, operation: Operation) -> None:
    Operation.objects.update(due_at=timezone.now() - timedelta(seconds=20))
    address = next_address(page_of(admin_client, operation))
    dispatch.sweep()

    update = admin_client.get(address).content.decode()

    assert "Picked up by the sweep" in update
    assert "no worker has come" in update


def test_a_long_log_begins_with_its_newest_lines(
    admin_client: Client, operation: Operation
) -> None:
    lines = [LogLine(operation=operation, text="x") for _ in range(live.FIRST_LINES + 5)]
    LogLine.objects.bulk_create(lines)

    shown = lines_in(page_of(admin_client, operation))

    newest = operation.log_lines.order_by("-pk").values_list("pk", flat=True)
    assert shown == [str(pk) for pk in reversed(newest[: live.FIRST_LINES])]


def test_buttons_are_replaced_only_when_they_differ(
    admin_client: Client, operation: Operation
) -> None:
    address = next_address(page_of(admin_client, operation))
    Operation.objects.update(message="Something else")
    same = admin_client.get(address).content.decode()
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)
    other = admin_client.get(next_address(same)).content.decode()

    assert "operation-buttons" not in same
    assert "operation-buttons" in other


def test_what_has_ended_is_not_asked_about_any_more(admin_client: Client, create: Create) -> None:
    page = page_of(admin_client, create("acme"))

    assert "Succeeded" in page
    assert next_address(page) == ""


def every_change(operation: Operation, requester: Requester) -> Iterator[Callable[[], Any]]:
    """Yield what changes an operation in its life, one after the other."""
    for _ in range(4):
        yield lambda: dispatch.advance(operation.pk)
    yield lambda: Operation.objects.update(state="needs_attention", lease_token=None)
    yield lambda: recovery.resume(Operation.objects.get(), requester)
    yield lambda: recovery.cancel(Operation.objects.get(), requester)
    yield lambda: dispatch.advance(operation.pk)


# Slow enough not to come past the point of no return in so few turns.
@pytest.mark.parametrize("scale", [0.3])
def test_every_change_changes_the_version(
    railway: LocalRailway, operation: Operation, requester: Requester
) -> None:
    versions = [live.version(operation)]
    for change in every_change(operation, requester):
        Operation.objects.filter(state="waiting").update(due_at=operation.created_at)
        versions.append(live.version(Operation.objects.get()))
        change()
        versions.append(live.version(Operation.objects.get()))

    assert all(
        before != after for before, after in zip(versions[1::2], versions[2::2], strict=True)
    )


def test_a_look_without_news_costs_three_queries(
    admin_client: Client, operation: Operation, django_assert_num_queries: Any
) -> None:
    address = next_address(page_of(admin_client, operation))

    with django_assert_num_queries(3):
        # Session, account, operation.
        admin_client.get(address)


def test_an_update_costs_the_same_however_long_the_log_is(
    admin_client: Client, operation: Operation, django_assert_max_num_queries: Any
) -> None:
    LogLine.objects.bulk_create(LogLine(operation=operation, text="x") for _ in range(300))
    url = reverse("admin:instances_operation_live", args=[operation.pk])

    with django_assert_max_num_queries(5):
        admin_client.get(url)


def test_it_is_for_those_who_may_see_operations(
    operation: Operation, django_user_model: Any
) -> None:
    client = Client()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))

    url = reverse("admin:instances_operation_live", args=[operation.pk])

    assert client.get(url).status_code == 403


@pytest.mark.parametrize("log", ["", "-1", "x", "9" * 5000])
def test_nonsense_from_the_page_is_no_crash(
    admin_client: Client, operation: Operation, log: str
) -> None:
    url = reverse("admin:instances_operation_live", args=[operation.pk])

    assert admin_client.get(url, {"log": log, "seen": "x"}).status_code == 200
