"""Verbs: dialogs, their pages, and actions on selected rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from instances.models import Operation
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

LIST = reverse("admin:instances_operation_changelist")


@pytest.fixture
def moving(requester: Requester) -> Operation:
    return creation.request(Wish("moving"), requester)


@pytest.fixture
def ended(requester: Requester) -> Operation:
    operation = creation.request(Wish("ended"), requester)
    Operation.objects.filter(pk=operation.pk).update(state=Operation.State.FAILED)
    return operation


def cancel_url(operation: Operation) -> str:
    return reverse("admin:instances_operation_cancel", args=[operation.pk])


def act(client: Client, *rows: Operation, **more: str) -> HttpResponse:
    chosen = {"action": "cancel", "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(LIST, chosen)  # type: ignore[return-value]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def test_scripts_get_a_dialog_and_browsers_a_page(admin_client: Client, moving: Operation) -> None:
    dialog = admin_client.get(cancel_url(moving), headers={"HX-Request": "true"})
    page = admin_client.get(cancel_url(moving))

    assert "<html" not in dialog.content.decode()
    assert "<html" in page.content.decode()
    assert "what it has made on Railway is removed" in dialog.content.decode()
    assert "what it has made on Railway is removed" in page.content.decode()


def test_a_dialog_says_when_it_is_too_late(admin_client: Client, ended: Operation) -> None:
    dialog = admin_client.get(cancel_url(ended), headers={"HX-Request": "true"}).content.decode()

    assert "The operation has ended (failed); there is nothing to stop." in dialog
    assert 'type="submit"' not in dialog


def test_one_comes_back_to_where_the_button_was(admin_client: Client, moving: Operation) -> None:
    response = admin_client.post(cancel_url(moving), {"back": f"{LIST}?state=queued"})

    assert response.headers["Location"] == f"{LIST}?state=queued"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_nobody_is_sent_to_another_site(admin_client: Client, moving: Operation, back: str) -> None:
    response = admin_client.post(cancel_url(moving), {"back": back})

    own_page = reverse("admin:instances_operation_change", args=[moving.pk])
    assert response.headers["Location"] == own_page


def test_a_selection_is_shown_before_anything_is_done(
    admin_client: Client, moving: Operation, ended: Operation
) -> None:
    page = act(admin_client, moving, ended).content.decode()

    assert "Cancel 1" in page
    assert "Left alone: 1" in page
    assert "there is nothing to stop" in page
    assert f'name="_selected_action" value="{moving.pk}"' in page
    assert f'name="_selected_action" value="{ended.pk}"' not in page
    moving.refresh_from_db()
    assert moving.cancel_requested_at is None


def test_a_row_that_refuses_does_not_stop_the_others(
    admin_client: Client, moving: Operation, ended: Operation
) -> None:
    response = act(admin_client, ended, moving, confirmed="yes")

    moving.refresh_from_db()
    assert moving.cancelled_by_name == "admin"
    refused, told = said(response)
    assert refused.startswith("Create ended: cancel is not possible. The operation has ended")
    assert told == "Create moving: told to stop."


def test_a_viewer_has_no_verbs(viewer: Client, moving: Operation) -> None:
    page = viewer.get(LIST).content.decode()

    assert "moving" in page
    assert "verb-button" not in page
    assert "_selected_action" not in page


def test_a_viewer_cannot_act_on_a_selection(viewer: Client, moving: Operation) -> None:
    act(viewer, moving, confirmed="yes")

    moving.refresh_from_db()
    assert moving.cancel_requested_at is None


def test_rows_of_the_list_have_the_verbs_that_can_be_used(
    admin_client: Client, moving: Operation, ended: Operation
) -> None:
    page = admin_client.get(LIST).content.decode()

    assert f'id="verb-{moving.pk}-cancel"' in page
    assert f'id="verb-{ended.pk}-cancel"' not in page
    assert f'id="verb-{moving.pk}-resume"' not in page


def test_a_row_that_left_the_filter_meanwhile_is_not_forgotten(
    admin_client: Client, moving: Operation
) -> None:
    Operation.objects.update(state=Operation.State.WAITING)

    chosen = {"action": "cancel", "_selected_action": [str(moving.pk)], "confirmed": "yes"}
    response = admin_client.post(f"{LIST}?state__exact=queued", chosen)

    moving.refresh_from_db()
    assert moving.cancelled_by_name == "admin"
    assert said(response) == ["Create moving: told to stop."]  # type: ignore[arg-type]


def test_a_verb_needs_to_see_the_row_too(moving: Operation, django_user_model: Any) -> None:
    account = django_user_model.objects.create_user("sten", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="steer_operation"))
    client = Client()
    client.force_login(account)

    assert client.post(cancel_url(moving)).status_code == 403
    moving.refresh_from_db()
    assert moving.cancel_requested_at is None
