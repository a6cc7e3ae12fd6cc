"""Jobs in the admin: how the last run went, and letting a held one through."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from instances.models import Job
from instances.roles import ADMINISTRATORS, OPERATORS
from tests.admin.test_instance_verbs import client_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:instances_job_changelist")


@pytest.fixture
def held(db: None) -> Job:
    return Job.objects.create(
        name=Job.Name.REAP,
        held_at=timezone.now(),
        held_because="This run would delete 12 of 40 instances.",
        result={"due": ["a", "b"], "kept": [], "asked": 0},
    )


def let_through(client: Client, job: Job, reason: str = "all twelve are wanted") -> int:
    url = reverse("admin:instances_job_let-through", args=[job.pk])
    return client.post(url, {"reason": reason}).status_code


def test_the_list_and_the_page_say_what_is_held(viewer: Client, held: Job) -> None:
    shown = viewer.get(LIST).content.decode()
    page = viewer.get(reverse("admin:instances_job_change", args=[held.pk])).content.decode()

    assert "Held" in shown
    assert "due 2" in shown
    assert "This run would delete 12 of 40 instances." in page
    assert "Your account may not do this" in page


def test_an_administrator_lets_it_through_with_a_reason(held: Job) -> None:
    assert let_through(client_of(ADMINISTRATORS), held) == 302

    held.refresh_from_db()
    assert held.pass_by_name == "Instance-administrators"
    assert held.pass_until
    [entry] = LogEntry.objects.all()
    assert entry.get_change_message() == (
        "The next run was let through by Instance-administrators: all twelve are wanted"
    )


def test_a_reason_is_needed(held: Job) -> None:
    assert let_through(client_of(ADMINISTRATORS), held, reason=" ") == 200

    held.refresh_from_db()
    assert held.pass_until is None


def test_nobody_else_lets_it_through(held: Job, viewer: Client) -> None:
    assert let_through(client_of(OPERATORS), held) == 403
    assert let_through(viewer, held) == 403

    held.refresh_from_db()
    assert held.pass_until is None


def test_what_is_not_held_cannot_be_let_through(admin_client: Client) -> None:
    job = Job.objects.create(name=Job.Name.SYNC, error="Railway cannot be reached.")

    assert let_through(admin_client, job) == 302

    job.refresh_from_db()
    assert job.pass_until is None
    assert "Failed" in admin_client.get(LIST).content.decode()


def test_a_run_that_was_put_off_says_why_and_is_no_failure(viewer: Client) -> None:
    why = "190 are left and are kept for what people ask for now."
    job = Job.objects.create(name=Job.Name.SYNC, put_off=why, result={"seen": 100, "put_off": why})

    shown = viewer.get(LIST).content.decode()
    page = viewer.get(reverse("admin:instances_job_change", args=[job.pk])).content.decode()

    assert "Put off" in shown
    assert "Failed<" not in shown
    assert "seen 100" in shown
    assert why in page
