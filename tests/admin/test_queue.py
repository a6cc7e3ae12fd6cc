"""django-q2's pages: to be seen, not to be used, whatever somebody may and whatever is posted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from instances.roles import ADMINISTRATORS, OPERATORS, VIEWERS
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

PAGES = ["ormq", "success", "failure", "schedule"]
ROWS = {"ormq": OrmQ, "success": Success, "failure": Failure, "schedule": Schedule}
# What would be seen at once if anything of it ran.
FUNCTION = "os.system"
ARGUMENTS = ("touch /tmp/was-run",)

EVERYTHING_OF_DJANGO_Q = "everything of django-q2"
SUPERUSER = "superuser"
PEOPLE = [VIEWERS, OPERATORS, ADMINISTRATORS, EVERYTHING_OF_DJANGO_Q, SUPERUSER]

SCHEDULE = {
    "name": "mine",
    "func": FUNCTION,
    "args": str(ARGUMENTS),
    "kwargs": "",
    "hook": "",
    "schedule_type": "I",
    "minutes": "1",
    "repeats": "-1",
    "next_run_0": "2020-01-01",
    "next_run_1": "00:00:00",
    "cron": "",
    "task": "",
    "cluster": "",
    "intended_date_kwarg": "",
}
IN_LIST = {f"form-0-{name}": value for name, value in SCHEDULE.items()}
FORMSET = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "Save"}
POSTS = [
    *("resubmit", "delete the selected", "delete", "add", "add another"),
    *("change", "save as new", "change in the list"),
]


def client_of(who: str) -> Client:
    account = User.objects.create_user("somebody", is_staff=True, is_superuser=who == SUPERUSER)
    account.groups.set(Group.objects.filter(name=who))
    if who == EVERYTHING_OF_DJANGO_Q:
        account.user_permissions.set(
            Permission.objects.filter(content_type__app_label="django_q"),
        )
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def queue(requester: Requester) -> dict[str, Any]:
    """Put one row into each of the queue's tables; return their keys."""
    creation.request(Wish("acme"), requester)
    task = {"func": FUNCTION, "args": ARGUMENTS, "started": timezone.now()}
    task |= {"stopped": timezone.now()}
    Task.objects.create(id="1" * 32, name="good", success=True, **task)
    Task.objects.create(id="2" * 32, name="bad", success=False, result="no", **task)
    due = timezone.now() + timedelta(hours=1)
    schedule = Schedule.objects.create(func="instances.tasks.sweep", next_run=due)
    queued = OrmQ.objects.earliest("lock")
    return {"ormq": queued.pk, "success": "1" * 32, "failure": "2" * 32, "schedule": schedule.pk}


def stored() -> list[dict[str, Any]]:
    """Return every row of the queue's tables."""
    models = (OrmQ, Task, Schedule)
    return [row for model in models for row in model.objects.order_by("pk").values()]


def address(page: str, view: str, *args: Any) -> str:
    return reverse(f"admin:django_q_{page}_{view}", args=args)


@pytest.mark.parametrize("table", PAGES)
def test_they_are_shown_and_nothing_can_be_added(
    admin_client: Client, queue: dict[str, Any], table: str
) -> None:
    listed = admin_client.get(address(table, "changelist"))
    shown = admin_client.get(address(table, "change", queue[table]))
    added = admin_client.get(address(table, "add"))

    assert (listed.status_code, shown.status_code, added.status_code) == (200, 200, 403)


def test_no_page_shows_what_could_be_changed_or_submitted_again(
    admin_client: Client, queue: dict[str, Any]
) -> None:
    page = admin_client.get(address("failure", "changelist")).content.decode().lower()
    page += admin_client.get(address("schedule", "changelist")).content.decode().lower()
    page += admin_client.get(address("schedule", "change", queue["schedule"])).content.decode()

    assert "resubmit" not in page
    assert 'name="action"' not in page
    assert 'name="_save"' not in page


def posts_of(what: str, rows: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return addresses and what is posted there: all that django-q2's own pages take."""
    made: dict[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
        "resubmit": lambda page: _action(page, "resubmit_task", rows),
        "delete the selected": lambda page: _action(page, "delete_selected", rows),
        "delete": lambda page: (address(page, "delete", rows[page]), {"post": "yes"}),
        "add": lambda page: (address(page, "add"), {**SCHEDULE, "_save": "1"}),
        "add another": lambda page: (address(page, "add"), {**SCHEDULE, "_addanother": "1"}),
        "change": lambda page: (address(page, "change", rows[page]), {**SCHEDULE, "_save": "1"}),
        "save as new": lambda page: (
            address(page, "change", rows[page]),
            {**SCHEDULE, "_saveasnew": "1"},
        ),
        "change in the list": lambda page: (
            address(page, "changelist"),
            {**FORMSET, "form-0-id": rows[page], **IN_LIST},
        ),
    }
    return [made[what](page) for page in PAGES]


def _action(page: str, name: str, rows: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    chosen = {"_selected_action": [str(rows[page])], "select_across": "1", "index": "0"}
    return address(page, "changelist"), {"action": name, "post": "yes", **chosen}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("what", POSTS)
def test_whatever_is_posted_nothing_is_run_scheduled_changed_or_deleted(
    queue: dict[str, Any], who: str, what: str
) -> None:
    before, client = stored(), client_of(who)

    answers = {client.post(*post).status_code for post in posts_of(what, queue)}

    assert answers <= {200, 302, 403}
    assert stored() == before


@pytest.mark.parametrize("what", ["delete", "add", "add another", "change", "save as new"])
def test_a_superuser_too_is_refused(queue: dict[str, Any], what: str) -> None:
    client = client_of(SUPERUSER)

    answers = {client.post(*post).status_code for post in posts_of(what, queue)}

    assert answers == {403}


def views_of(model: Any) -> set[str]:
    """Return the names of the pages that a model has in the admin."""
    return {str(found.name) for found in admin.site._registry[model].get_urls() if found.name}


def test_no_other_page_of_the_queue_is_there() -> None:
    models = {model for model in admin.site._registry if model._meta.app_label == "django_q"}
    names = set().union(*map(views_of, models))

    views = {"changelist", "add", "change", "delete", "history"}
    assert models == set(ROWS.values())
    assert names == {f"django_q_{page}_{view}" for page in PAGES for view in views}
