"""The page on which people watch an operation and steer it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from instances.admin import live
from instances.models import Instance, LogLine, Operation
from instances.services import creation, redeployment
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Create, run_until

pytestmark = pytest.mark.django_db

VERBS = ["cancel", "resume", "roll-back", "give-up"]


def page_of(client: Client, operation: Operation) -> str:
    url = reverse("admin:instances_operation_change", args=[operation.pk])
    return client.get(url).content.decode()


def steer(client: Client, operation: Operation, verb: str) -> list[str]:
    """Do what the dialog's form does, on the operation as it was when it was loaded."""
    url = reverse(f"admin:instances_operation_{verb}", args=[operation.pk])
    response = client.post(url, {"seen": live.version(operation)})
    assert response.status_code == 302
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_it_shows_every_step_from_the_first_second(
    admin_client: Client, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)

    page = page_of(admin_client, operation)

    assert "0 of 12" in page
    assert "1. Check name, token, workspace and repository" in page
    assert "12. Wait until the gateway answers" in page


def test_it_shows_what_is_waited_for(
    admin_client: Client, railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="deployment")

    page = page_of(admin_client, operation)

    assert "The deployment is" in page
    assert "10 of 12" in page
    assert "CLIENT_API_KEY is set." in page


def test_it_shows_why_it_failed(
    admin_client: Client, create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))

    page = page_of(admin_client, create("acme"))

    assert "Repository not found" in page
    assert "Remove the Railway project" in page


def test_a_button_that_cannot_be_pressed_says_why(
    admin_client: Client, requester: Requester
) -> None:
    page = page_of(admin_client, creation.request(Wish("acme"), requester))

    assert "<strong>Resume, Roll back, Give up:</strong> Only an operation that needs" in page


def test_what_has_ended_has_no_buttons(admin_client: Client, create: Create) -> None:
    page = page_of(admin_client, create("acme"))

    assert "verb-button" not in page.split('id="operation-buttons"')[1].split("</div>")[0]


def test_cancel_by_button_ends_it(
    admin_client: Client, railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)

    messages = steer(admin_client, operation, "cancel")
    operation.refresh_from_db()
    run_until(operation)

    assert messages == ["Create acme: told to stop."]
    assert operation.state == Operation.State.CANCELLED
    assert operation.cancelled_by_name == "admin"


@pytest.mark.parametrize(
    ("verb", "state"), [("resume", "queued"), ("roll-back", "queued"), ("give-up", "failed")]
)
def test_what_needs_attention_can_be_dealt_with_by_button(
    admin_client: Client, requester: Requester, verb: str, state: str
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)
    operation.refresh_from_db()

    steer(admin_client, operation, verb)

    operation.refresh_from_db()
    assert operation.state == state


@pytest.mark.parametrize("verb", ["resume", "roll-back", "give-up"])
def test_what_was_decided_on_one_stop_is_not_done_on_a_later_one(
    admin_client: Client, requester: Requester, verb: str
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION, message="The first stop")
    operation.refresh_from_db()
    Operation.objects.update(message="A later stop")

    [told] = steer(admin_client, operation, verb)

    assert "It has moved on since the page was shown; look at it again." in told
    operation.refresh_from_db()
    assert operation.state == Operation.State.NEEDS_ATTENTION


def test_the_dialog_carries_what_was_shown_but_for_a_cancel(
    admin_client: Client, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    shown = f'name="seen" value="{live.version(operation)}"'
    cancel = admin_client.get(reverse("admin:instances_operation_cancel", args=[operation.pk]))
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)
    operation.refresh_from_db()

    give_up = admin_client.get(reverse("admin:instances_operation_give-up", args=[operation.pk]))

    assert shown not in cancel.content.decode()
    assert f'name="seen" value="{live.version(operation)}"' in give_up.content.decode()


def test_the_whole_log_is_shown_as_text(admin_client: Client, requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    LogLine.objects.create(operation=operation, at=at, text="<b>begun</b>")
    later = [LogLine(operation=operation, at=at, text="x") for _ in range(live.FIRST_LINES)]
    LogLine.objects.bulk_create(later)
    url = reverse("admin:instances_operation_log", args=[operation.pk])

    response = admin_client.get(url)

    text = b"".join(response).decode()
    assert text.startswith("2026-01-02 03:04:05 INFO <b>begun</b>\n")
    assert text.count("\n") == live.FIRST_LINES + 1
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert url in page_of(admin_client, operation)


def test_the_whole_log_is_for_those_who_may_see_operations(
    requester: Requester, django_user_model: Any
) -> None:
    operation = creation.request(Wish("acme"), requester)
    client = Client()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))

    url = reverse("admin:instances_operation_log", args=[operation.pk])

    assert client.get(url).status_code == 403


def test_what_is_not_possible_is_said(admin_client: Client, create: Create) -> None:
    messages = steer(admin_client, create("acme"), "cancel")

    assert messages[0].startswith("Create acme: cancel is not possible. The operation has ended")


@pytest.mark.parametrize("verb", VERBS)
def test_looking_at_a_verb_changes_nothing(
    admin_client: Client, requester: Requester, verb: str
) -> None:
    operation = creation.request(Wish("acme"), requester)
    Operation.objects.update(state=Operation.State.NEEDS_ATTENTION)

    url = reverse(f"admin:instances_operation_{verb}", args=[operation.pk])

    assert admin_client.get(url).status_code == 200
    operation.refresh_from_db()
    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert operation.cancel_requested_at is None


@pytest.mark.parametrize("verb", VERBS)
def test_steering_without_the_permission_is_refused(
    viewer: Client, requester: Requester, verb: str
) -> None:
    operation = creation.request(Wish("acme"), requester)

    url = reverse(f"admin:instances_operation_{verb}", args=[operation.pk])

    assert viewer.post(url).status_code == 403
    assert "Your account may not do this" in page_of(viewer, operation)


@pytest.mark.parametrize("verb", VERBS)
def test_steering_without_a_csrf_token_is_refused(
    admin_user: User, requester: Requester, verb: str
) -> None:
    operation = creation.request(Wish("acme"), requester)
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    url = reverse(f"admin:instances_operation_{verb}", args=[operation.pk])

    assert client.post(url).status_code == 403


def test_the_list_shows_progress(admin_client: Client, requester: Requester) -> None:
    creation.request(Wish("acme"), requester)

    page = admin_client.get(reverse("admin:instances_operation_changelist")).content.decode()

    assert "Create acme" in page
    assert "0 of 12" in page


@pytest.mark.parametrize("key", ["abc", "999999"])
def test_an_operation_that_does_not_exist_is_no_crash(admin_client: Client, key: str) -> None:
    url = reverse("admin:instances_operation_change", args=[key])

    assert admin_client.get(url).status_code == 302


def test_its_history_is_that_of_its_instance(admin_client: Client, requester: Requester) -> None:
    operation = creation.request(Wish("acme"), requester)
    url = reverse("admin:instances_operation_history", args=[operation.pk])

    page = admin_client.get(url, follow=True).content.decode()

    assert "Create asked for by ann." in page


def test_what_was_rolled_back_shows_how_far_it_had_come(
    admin_client: Client, create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))

    page = page_of(admin_client, create("acme"))

    assert "9 of 12, rolled back" in page
    assert page.count("Not reached") == 2
    assert "Pending" not in page


def test_what_needs_a_look_on_railway_links_there_and_shows_no_keys(
    admin_client: Client, railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="postgres")
    operation.instance.refresh_from_db()

    page = page_of(admin_client, operation)

    assert f'href="{operation.instance.project_url}"' in page
    assert "ADMIN_API_KEY" not in page


def in_line(instances: int, settings: Any, requester: Requester) -> Operation:
    """Return the last of so many redeploys that were asked for together."""
    settings.BULK_OPERATIONS_AT_ONCE = 1
    for number in range(instances):
        instance = Instance.objects.create(
            name=f"acme-{number}",
            status=Instance.Status.RUNNING,
            ownership=Instance.Ownership.CREATED,
            project_id=f"p-{number}",
        )
        redeployment.request(instance, replace(requester, for_many=True))
    return Operation.objects.latest("pk")


def test_one_of_many_shows_its_place_and_about_when_its_turn_comes(
    admin_client: Client, settings: Any, requester: Requester
) -> None:
    last = in_line(4, settings, requester)

    page = page_of(admin_client, last)
    live_url = reverse("admin:instances_operation_live", args=[last.pk])
    update = admin_client.get(live_url).content.decode()

    said = "of what is asked for together, 1 are under way at once; third in line."
    assert said in page
    assert said in update
    assert "Its turn comes in" in page


def test_the_list_says_what_each_one_waits_for(
    admin_client: Client, settings: Any, requester: Requester
) -> None:
    in_line(3, settings, requester)

    page = admin_client.get(reverse("admin:instances_operation_changelist")).content.decode()

    assert page.count("first in line.") == 1
    assert page.count("second in line.") == 1
