"""django-q2's pages: to be seen, not to be used."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

PAGES = ["ormq", "success", "failure", "schedule"]


@pytest.mark.parametrize("page", PAGES)
def test_they_are_shown_and_nothing_can_be_added(
    admin_client: Client, requester: Requester, page: str
) -> None:
    creation.request(Wish("acme"), requester)

    listed = admin_client.get(reverse(f"admin:django_q_{page}_changelist"))
    added = admin_client.get(reverse(f"admin:django_q_{page}_add"))

    assert (listed.status_code, added.status_code) == (200, 403)


def test_tasks_cannot_be_submitted_again(admin_client: Client) -> None:
    url = reverse("admin:django_q_failure_changelist")

    page = admin_client.get(url).content.decode()

    assert "resubmit" not in page.lower()
