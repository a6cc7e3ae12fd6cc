"""Keys are shown one at a time, to those who may see them, and the history says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from instances.models import Credential, Instance
from instances.secrets import Secret
from instances.services import creation, credentials
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

KEY = "ADMIN_API_KEY"


@pytest.fixture
def instance(requester: Requester) -> Instance:
    return creation.request(Wish("acme"), requester).instance


def reveal_url(instance: Instance, name: str = KEY) -> str:
    return reverse("admin:instances_instance_reveal", args=[instance.pk, name])


def page_of(client: Client, instance: Instance) -> str:
    url = reverse("admin:instances_instance_change", args=[instance.pk])
    return client.get(url).content.decode()


def test_a_key_is_shown_to_who_may_see_it(admin_client: Client, instance: Instance) -> None:
    response = admin_client.post(reveal_url(instance))

    assert credentials.of(instance)[KEY].reveal() in response.content.decode()
    assert 'data-hide-after="60"' in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_each_reveal_is_a_line_in_the_history_without_the_key(
    admin_client: Client, instance: Instance
) -> None:
    admin_client.post(reveal_url(instance))
    admin_client.post(reveal_url(instance))

    lines = LogEntry.objects.filter(change_message=f"{KEY} revealed to admin.")
    assert lines.count() == 2
    assert f"{KEY} revealed to admin." in page_of(admin_client, instance)


def test_the_page_names_the_keys_and_holds_none(admin_client: Client, instance: Instance) -> None:
    page = page_of(admin_client, instance)

    assert KEY in page
    assert not [s for s in credentials.of(instance).values() if s.reveal() in page]


def test_without_the_permission_it_is_refused_and_said(viewer: Client, instance: Instance) -> None:
    refused = viewer.post(reveal_url(instance))

    assert refused.status_code == 403
    assert "Your account may not reveal keys" in page_of(viewer, instance)
    assert not LogEntry.objects.filter(change_message__contains="revealed").exists()


def test_who_comes_back_from_the_login_has_to_ask_again(
    admin_client: Client, instance: Instance
) -> None:
    response = admin_client.get(reveal_url(instance))

    page = reverse("admin:instances_instance_change", args=[instance.pk])
    assert response.headers["Location"] == page
    assert not LogEntry.objects.filter(change_message__contains="revealed").exists()


def test_a_key_that_is_not_there_is_said(admin_client: Client, instance: Instance) -> None:
    answer = admin_client.post(reveal_url(instance, "NOTHING")).content.decode()

    assert "acme has no such key any more." in answer
    assert "<html" not in answer


def test_a_key_that_cannot_be_decrypted_is_said(
    admin_client: Client, instance: Instance, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    answer = admin_client.post(reveal_url(instance)).content.decode()

    assert "none of ENCRYPTION_KEYS made it" in answer
    assert not LogEntry.objects.filter(change_message__contains="revealed").exists()


def test_revealing_needs_to_see_the_instance_too(
    instance: Instance, django_user_model: Any
) -> None:
    account = django_user_model.objects.create_user("rita", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="reveal_credential"))
    client = Client()
    client.force_login(account)

    assert client.post(reveal_url(instance)).status_code == 403


def test_a_deleted_instance_shows_no_keys(admin_client: Client, instance: Instance) -> None:
    instance.mark_deleted()

    assert KEY not in page_of(admin_client, instance)
    assert "is deleted" in admin_client.post(reveal_url(instance)).content.decode()


def test_two_new_keys_of_the_same_name_can_be_told_apart(
    admin_client: Client, instance: Instance
) -> None:
    for day in (1, 2):
        Credential.objects.create(
            instance=instance,
            name=KEY,
            state=Credential.State.COMING,
            value=Secret(f"key-of-day-{day}"),
            created_at=datetime(2026, 3, day, 12, 30, 15, tzinfo=UTC),
        )

    page = page_of(admin_client, instance)

    ids = re.findall(r'<dd class="key" id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert f"{KEY} (new, 2026-03-01 12:30:15 UTC)" in page
    assert f"{KEY} (new, 2026-03-02 12:30:15 UTC)" in page


def test_an_account_is_not_deleted_with_its_history(admin_client: Client, admin_user: User) -> None:
    url = reverse("admin:auth_user_delete", args=[admin_user.pk])

    assert admin_client.post(url, {"post": "yes"}).status_code == 403
