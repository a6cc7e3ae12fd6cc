"""The admin's pages of instances, used as a browser would."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from instances.models import Instance, Operation
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester
from tests.conftest import Create

pytestmark = pytest.mark.django_db

ADD = "admin:instances_instance_add"
FORM = {"name": "acme", "repository": "LuthienResearch/luthien-proxy", "branch": "main"}


def test_saving_the_form_asks_for_the_instance_and_shows_its_operation(
    admin_client: Client,
) -> None:
    response = admin_client.post(reverse(ADD), FORM)

    operation = Operation.objects.get()
    assert operation.instance.name == "acme"
    assert operation.requested_by_name == "admin"
    assert operation.config["keep_on_failure"] is False
    assert response.headers["Location"] == reverse(
        "admin:instances_operation_change", args=[operation.pk]
    )


def test_the_form_comes_with_defaults_so_that_a_name_is_enough(admin_client: Client) -> None:
    page = admin_client.get(reverse(ADD)).content.decode()

    assert 'value="LuthienResearch/luthien-proxy"' in page
    assert 'value="main"' in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "Acme", "lower-case letters"),
        ("name", "admin", "protected"),
        ("repository", "nothing", "owner/repo"),
        ("branch", "a..b", "branch name"),
    ],
)
def test_bad_input_is_refused_in_the_form(
    admin_client: Client, field: str, value: str, sentence: str
) -> None:
    response = admin_client.post(reverse(ADD), {**FORM, field: value})

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Instance.objects.exists()


def test_a_name_that_is_taken_is_refused_in_the_form(
    admin_client: Client, requester: Requester
) -> None:
    creation.request(Wish("acme"), requester)

    response = admin_client.post(reverse(ADD), FORM)

    assert "An instance of this name exists already." in response.content.decode()
    assert Instance.objects.count() == 1


def test_a_viewer_sees_and_cannot_ask(viewer: Client, requester: Requester) -> None:
    creation.request(Wish("acme"), requester)

    listed = viewer.get(reverse("admin:instances_instance_changelist"))
    asked = viewer.post(reverse(ADD), {**FORM, "name": "other"})

    assert "acme" in listed.content.decode()
    assert asked.status_code == 403
    assert Instance.objects.count() == 1


def test_an_instance_shows_its_services_operations_and_address(
    admin_client: Client, create: Create
) -> None:
    instance = create("acme").instance

    url = reverse("admin:instances_instance_change", args=[instance.pk])
    page = admin_client.get(url).content.decode()

    assert instance.url in page
    assert instance.project_url in page
    assert "Postgres" in page
    assert "Succeeded" in page


def test_an_instance_cannot_be_changed_or_deleted_by_hand(
    admin_client: Client, requester: Requester
) -> None:
    instance = creation.request(Wish("acme"), requester).instance

    changed = admin_client.post(
        reverse("admin:instances_instance_change", args=[instance.pk]), {**FORM, "name": "other"}
    )
    deleted = admin_client.post(
        reverse("admin:instances_instance_delete", args=[instance.pk]), {"post": "yes"}
    )

    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Instance.objects.get().name == "acme"


def test_the_history_says_who_asked(admin_client: Client) -> None:
    admin_client.post(reverse(ADD), FORM)

    url = reverse("admin:instances_instance_history", args=[Instance.objects.get().pk])
    page = admin_client.get(url).content.decode()

    assert "Create asked for by admin." in page


def test_no_page_shows_a_secret(admin_client: Client, create: Create) -> None:
    operation = create("acme")
    instance = operation.instance

    pages = [
        reverse("admin:instances_instance_change", args=[instance.pk]),
        reverse("admin:instances_operation_change", args=[operation.pk]),
        reverse("admin:instances_instance_changelist"),
        reverse("admin:instances_instance_history", args=[instance.pk]),
    ]
    text = "".join(admin_client.get(page).content.decode() for page in pages)
    secrets = [credential.value.reveal() for credential in instance.credentials.all()]
    assert not [secret for secret in secrets if secret in text]


def test_what_is_deleted_is_listed_when_it_is_asked_for(
    admin_client: Client, requester: Requester
) -> None:
    creation.request(Wish("gone"), requester).instance.mark_deleted()
    creation.request(Wish("here"), requester)
    url = reverse("admin:instances_instance_changelist")

    usual = admin_client.get(url).content.decode()
    everything = admin_client.get(url, {"deleted": "shown"}).content.decode()
    only = admin_client.get(url, {"status__exact": "deleted"}).content.decode()

    assert ("gone" in usual, "here" in usual) == (False, True)
    assert ("gone" in everything, "here" in everything) == (True, True)
    assert ("gone" in only, "field-name" in only) == (True, True)


def test_operations_are_shown_to_those_who_may_see_them(
    django_user_model: Any, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    account = django_user_model.objects.create_user("ines", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="view_instance"))
    client = Client()
    client.force_login(account)

    url = reverse("admin:instances_instance_change", args=[operation.instance_id])
    page = client.get(url).content.decode()

    assert 'aria-label="History"' in page
    assert 'aria-label="Operations"' not in page
    assert "/instances/operation/" not in page


def test_an_instance_is_called_by_its_name_above_its_page(
    admin_client: Client, requester: Requester
) -> None:
    instance = creation.request(Wish("acme"), requester).instance

    page = admin_client.get(reverse("admin:instances_instance_change", args=[instance.pk]))

    header = page.content.decode().partition('id="content"')[0]
    assert re.search(r">\s*Instances\s*<", header)
    assert re.search(r">\s*acme\s*<", header)
    assert not re.search(r">\s*Acme\s*<", header)


def test_an_instance_leads_to_its_open_operation(
    admin_client: Client, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)

    url = reverse("admin:instances_instance_change", args=[operation.instance_id])
    page = admin_client.get(url).content.decode()

    assert "Create acme: queued" in page
    assert reverse("admin:instances_operation_change", args=[operation.pk]) in page
