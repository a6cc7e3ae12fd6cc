"""The list of instances: what it shows, finds and costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from instances.models import Instance, Job, Operation, Service
from tests.admin.test_instance_verbs import make

pytestmark = pytest.mark.django_db

LIST = reverse("admin:instances_instance_changelist")
Status = Instance.Status


def page(client: Client, **filters: str) -> str:
    return client.get(LIST, filters).content.decode()


def names(client: Client, **filters: str) -> list[str]:
    rows = client.get(LIST, filters).context["cl"].result_list
    return sorted(row.name for row in rows)


def in_time(*, days: float = 0, hours: float = 0) -> datetime:
    """Return a moment that is still as far away when the test comes to run."""
    return timezone.now() + timedelta(days=days, hours=hours, minutes=30)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (in_time(days=6, hours=23), "deleting in 6d 23h"),
        (in_time(hours=12), "deleting in 12h"),
        (in_time(), "deletion imminent"),
    ],
)
def test_what_is_scheduled_counts_down(admin_client: Client, at: Any, text: str) -> None:
    make(status=Status.DELETION_SCHEDULED, deletion_scheduled_at=at)

    assert text in page(admin_client)


def test_a_row_says_what_there_is_at_a_glance(admin_client: Client) -> None:
    instance = make(as_of=timezone.now() - timedelta(minutes=2, seconds=5))
    Service.objects.create(
        instance=instance,
        role=Service.Role.REDIS,
        service_id="r",
        name="Redis",
        status=Service.Status.FAILED,
        as_of=timezone.now(),
    )

    shown = page(admin_client)

    assert "http://acme.example.com" in shown
    assert "https://github.com/LuthienResearch/luthien-proxy/commit/0123456789abcdef" in shown
    assert "as of 2 min" in shown
    assert 'title="Redis: failed"' in shown


def test_a_row_that_a_sync_found_unchanged_is_as_of_that_sync(admin_client: Client) -> None:
    make(as_of=timezone.now() - timedelta(days=3))
    make("gone", as_of=timezone.now() - timedelta(days=3), missed=1)
    Job.objects.create(name=Job.Name.SYNC, complete_at=timezone.now() - timedelta(minutes=4))

    shown = page(admin_client)

    assert "as of 4 min" in shown
    assert "as of 3 d" in shown
    assert "not seen once" in shown


def test_filters_and_search_find_rows(admin_client: Client) -> None:
    make("fine")
    make("ill", status=Status.UNHEALTHY)
    make("odd", problem="Its deletion tag has no time that can be read (soon).")
    make("found", ownership=Instance.Ownership.DISCOVERED)
    make("over", status=Status.DELETED)
    make("there-again", status=Status.DELETED, problem="Railway lists its project again.")
    Operation.objects.create(
        instance=make("stuck"), kind=Operation.Kind.DELETE, state=Operation.State.NEEDS_ATTENTION
    )

    assert names(admin_client) == ["fine", "found", "ill", "odd", "stuck", "there-again"]
    assert names(admin_client, attention="yes") == ["ill", "odd", "stuck", "there-again"]
    assert names(admin_client, status__exact="unhealthy") == ["ill"]
    assert names(admin_client, ownership__exact="discovered") == ["found"]
    assert names(admin_client, q="project-of-fine") == ["fine"]
    assert names(admin_client, q="ill.example.com") == ["ill"]
    assert names(admin_client, status__exact="deleted") == ["over", "there-again"]


def test_it_costs_the_same_number_of_queries_whatever_it_shows(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page(admin_client)
        return len(captured)

    make("first")
    page(admin_client)
    few = queries()
    for number in range(40):
        row = make(f"more-{number}", problem="odd")
        Operation.objects.create(instance=row, kind=Operation.Kind.DELETE)
        make(f"idle-{number}")

    assert queries() == few
    assert few <= 12


def test_a_selection_costs_the_same_number_of_queries_too(admin_client: Client) -> None:
    def queries(*rows: Instance) -> int:
        chosen = {"action": "redeploy", "_selected_action": [str(row.pk) for row in rows]}
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.post(LIST, chosen).status_code == 200
        return len(captured)

    rows = [make(f"row-{number}") for number in range(20)]
    queries(rows[0])

    assert queries(*rows) == queries(rows[0])


def test_a_held_run_is_shown_above_the_list(admin_client: Client) -> None:
    job = Job.objects.create(
        name=Job.Name.SYNC, held_at=timezone.now(), held_because="Railway lists 5 projects."
    )

    shown = page(admin_client)

    assert "Sync with Railway is held." in shown
    assert "Railway lists 5 projects." in shown
    assert reverse("admin:instances_job_change", args=[job.pk]) in shown


def test_a_held_run_is_shown_to_those_who_may_see_jobs(django_user_model: Any) -> None:
    Job.objects.create(name=Job.Name.SYNC, held_at=timezone.now(), held_because="Too many.")

    assert "is held" not in page(signed_in(django_user_model, "view_instance"))


def test_a_row_has_a_menu_of_the_verbs_that_can_be_used(admin_client: Client) -> None:
    ours, theirs = make("acme"), make("other", ownership=Instance.Ownership.DISCOVERED)

    shown = page(admin_client)

    assert 'aria-label="Actions for acme"' in shown
    assert f'id="verb-{ours.pk}-redeploy"' in shown
    assert f'id="verb-{theirs.pk}-redeploy"' not in shown
    assert f'id="verb-{theirs.pk}-adopt"' in shown


def test_a_row_on_which_nothing_can_be_done_has_no_menu(admin_client: Client) -> None:
    Operation.objects.create(instance=make("busy"), kind=Operation.Kind.DELETE)

    assert "Actions for busy" not in page(admin_client)


def test_menus_are_for_those_who_may_do_something(django_user_model: Any) -> None:
    make("acme")

    nobody = page(signed_in(django_user_model, "view_instance"))
    somebody = page(signed_in(django_user_model, "view_instance", "redeploy_instance"))

    assert "Actions" not in nobody
    assert "Actions for acme" in somebody
    assert "Delete now" not in somebody


def signed_in(accounts: Any, *codenames: str) -> Client:
    account = accounts.objects.create_user(f"ines-{len(codenames)}", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(account)
    return client
