"""Pages that cannot be shown say what happened, in the look of the rest."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error


@pytest.mark.django_db
def test_a_page_that_is_not_there(admin_client: Client) -> None:
    response = admin_client.get("/admin/nothing/")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert "unfold/css/styles.css" in response.content.decode()


@pytest.mark.django_db
def test_what_one_may_not_do(viewer: Client) -> None:
    response = viewer.get(reverse("admin:instances_instance_add"))

    assert response.status_code == 403
    assert "You may not do this" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(reverse("admin:instances_instance_add"), {"name": "acme"})

    assert response.status_code == 403
    assert "The form is out of date" in response.content.decode()


def test_a_defect_is_told_without_a_database_or_an_account(rf: RequestFactory) -> None:
    response = server_error(rf.get("/admin/"))

    assert response.status_code == 500
    assert "The app has failed" in response.content.decode()


def test_a_request_that_cannot_be_read() -> None:
    assert "The request cannot be read" in render_to_string("400.html")
