"""The page on which everything that this app depends on is looked at."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway

pytestmark = pytest.mark.django_db

URL = reverse("check_up")


def test_it_looks_when_it_is_asked_to(admin_client: Client, railway: LocalRailway) -> None:
    railway.world.schema_without = frozenset({"Project.primaryEnvironmentId"})

    offered = admin_client.get(URL).content.decode()
    asked_before = len(railway.requests)
    admin_client.post(URL)
    shown = admin_client.post(URL).content.decode()

    assert "Check now" in offered
    assert asked_before == 0
    assert "workspace_pictures: Cannot query field" in shown
    assert "install a newer version of this app" in shown
    assert "of 11 need" in shown


def test_it_does_not_wait_long_for_a_slow_railway(
    admin_client: Client, railway: LocalRailway, settings: Any
) -> None:
    settings.RAILWAY_TIME_SCALE = 1.0
    railway.faults.add(Fault("*", "delay", seconds=10, times=None))
    begun = time.monotonic()

    shown = admin_client.post(URL).content.decode()

    # Three seconds for Railway, two for a worker that does not come.
    assert time.monotonic() - begun < 8
    assert "Railway did not answer" in shown or "too slow for a page" in shown


def test_it_is_in_the_side_bar_of_those_who_may(viewer: Client) -> None:
    assert URL in viewer.get(reverse("admin:index")).content.decode()
    assert viewer.get(URL).status_code == 200


def test_others_do_not_get_there(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("sten", is_staff=True))

    assert client.post(URL).status_code == 403


def test_without_a_csrf_token_nothing_is_looked_at(admin_user: Any, railway: LocalRailway) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    assert client.post(URL).status_code == 403
    assert railway.requests == []
