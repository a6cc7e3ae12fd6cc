"""Somebody whose session has ended comes back to where they were."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(requester: Requester) -> str:
    operation = creation.request(Wish("acme"), requester)
    return reverse("admin:instances_operation_change", args=[operation.pk])


def test_a_part_of_a_page_sends_the_whole_page_to_the_login(client: Client, page: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}?_changelist=a"}

    response = client.get(page.replace("change/", "live/"), headers=headers)

    assert response.status_code == 204
    login = response.headers["HX-Redirect"]
    assert login.startswith("/admin/login/?next=%2Fadmin%2Finstances%2Foperation%2F")
    assert login.endswith("%3F_changelist%3Da")


def test_the_login_leads_back(client: Client, page: str, admin_user: User) -> None:
    asked = client.get(page)
    signed_in = client.post(
        asked.headers["Location"], {"username": "admin", "password": "password"}
    )

    assert signed_in.headers["Location"] == page


def test_a_verb_that_was_pressed_without_a_session_is_asked_about_after_the_login(
    client: Client, page: str, admin_user: User
) -> None:
    verb = page.replace("change/", "cancel/")
    refused = client.post(verb)
    signed_in = client.post(
        refused.headers["Location"], {"username": "admin", "password": "password"}, follow=True
    )

    assert signed_in.status_code == 200
    assert "Cancel “Create acme”?" in signed_in.content.decode()


def test_other_answers_are_left_as_they_are(admin_client: Client, page: str) -> None:
    response = admin_client.get(page.replace("change/", "live/"), headers={"HX-Request": "true"})

    assert response.status_code == 200


def test_a_refused_host_gets_the_policy_too(client: Client) -> None:
    response = client.get("/admin/login/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert "Content-Security-Policy" in response.headers


def test_pages_may_run_nothing_inline(client: Client) -> None:
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "frame-ancestors 'none'" in policy
