"""Every page of ours, looked at by axe-core in light and in dark."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from playwright.sync_api import expect

from instances.gateway_variables import ADMIN_API_KEY
from instances.models import Credential as Key
from instances.models import Instance, Job, Operation
from instances.secrets import Secret
from instances.services import people
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.admin.test_instance_verbs import make
from tests.browser.accessibility import grave_findings
from tests.browser.conftest import PASSWORD, Browse, TakePicture
from tests.browser.moments import all_sorts, asked_for, waiting
from tests.browser.pages import (
    AddForm,
    AskingPage,
    InstanceList,
    InstancePage,
    JobList,
    JobPage,
    Login,
    OperationList,
    OperationPage,
    address,
)
from tests.conftest import Create

# A verb for each of the forms that there are.
ASKING = ("Redeploy", "Schedule deletion", "Delete now", "Rotate keys", "Sync")
QUEUE = ("ormq", "success", "failure", "schedule")


def test_the_login_the_start_page_and_the_error_pages(browse: Browse, viewer: User) -> None:
    page = browse(forgive="status of 40[34]")
    page.goto("/admin/login/")
    found = grave_findings(page)
    Login(page).sign_in("nobody", "nothing")
    expect(page.get_by_text("Please enter the correct username")).to_be_visible()
    found += grave_findings(page)

    Login(page).sign_in(viewer.username, PASSWORD)
    for url in ("/admin/", "/admin/nothing/", AddForm.url):
        page.goto(url)
        found += grave_findings(page)

    assert not found, "\n".join(found)


def test_the_way_out(browse: Browse, viewer: User) -> None:
    page = browse(viewer)
    page.goto("/admin/")
    page.locator("#nav-sidebar").get_by_text(viewer.username).click()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_text("Thanks for spending")).to_be_visible()
    assert not (found := grave_findings(page)), "\n".join(found)


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "500.html"])
def test_pages_that_cannot_be_shown(browse: Browse, template: str) -> None:
    page = browse()
    body = render_to_string(template)
    page.route("**/fault/", lambda route: route.fulfill(body=body, content_type="text/html"))

    page.goto("/fault/")

    expect(page.get_by_role("heading")).to_be_visible()
    assert not (found := grave_findings(page)), "\n".join(found)


def test_the_accounts(browse: Browse, admin_user: User) -> None:
    page = browse(admin_user)
    account = [admin_user.pk]
    urls = [
        reverse("admin:auth_user_changelist"),
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_change", args=account),
        reverse("admin:auth_user_password_change", args=account),
        reverse("admin:auth_group_changelist"),
        reverse("admin:auth_group_add"),
        reverse("admin:password_change"),
        reverse("admin:password_change_done"),
    ]

    found = []
    for url in urls:
        page.goto(url)
        found += grave_findings(page)

    assert not found, "\n".join(found)


def test_the_form(browse: Browse, operator: User) -> None:
    form = AddForm(browse(operator)).open()
    found = grave_findings(form.page)
    form.name.fill("acme")
    expect(form.name_check).to_contain_text("Free here")
    found += grave_findings(form.page)

    form.page.get_by_label("Further variables").fill("nonsense")
    form.save.click()
    expect(form.page.get_by_text("Line 1 has no =")).to_be_visible()
    form.name.fill("Acme")
    expect(form.name_check).to_contain_text("only lower-case")
    found += grave_findings(form.page)

    assert not found, "\n".join(found)


def test_what_is_being_made(
    browse: Browse, operator: User, railway: LocalRailway, picture: TakePicture
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    operation = waiting(operator, step="gateway")
    page = browse(operator)
    shown = OperationPage(page).open(operation)
    shown.ask_for("Cancel")
    picture(page, "dialog")
    found = grave_findings(page)
    page.keyboard.press("Escape")
    found += grave_findings(page)

    for verb in ("cancel", "resume"):
        page.goto(reverse(f"admin:instances_operation_{verb}", args=[operation.pk]))
        found += grave_findings(page)
    InstancePage(page).open(operation.instance)
    found += grave_findings(page)
    listed = OperationList(page).open()
    found += grave_findings(page)
    listed.select("Create acme")
    found += grave_findings(page)
    listed.run("Resume …")
    expect(page.get_by_role("heading", name="Left alone: 1")).to_be_visible()
    found += grave_findings(page)

    assert not found, "\n".join(found)


def test_what_no_worker_comes_for(browse: Browse, operator: User) -> None:
    operation = asked_for(operator)
    Operation.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    shown = OperationPage(browse(operator)).open(operation)

    expect(shown.status).to_contain_text("no worker has come")
    assert not (found := grave_findings(shown.page)), "\n".join(found)


def test_what_has_failed(
    browse: Browse, operator: User, railway: LocalRailway, create: Create
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    shown = OperationPage(browse(operator)).open(create("acme"))

    shown.shows("Failed")
    assert not (found := grave_findings(shown.page)), "\n".join(found)


def test_what_needs_attention(
    browse: Browse, operator: User, railway: LocalRailway, create: Create
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    shown = OperationPage(browse(operator)).open(create("acme"))

    shown.shows("Needs attention")
    assert not (found := grave_findings(shown.page)), "\n".join(found)


def test_what_is_finished(browse: Browse, operator: User, create: Create) -> None:
    operation = create("acme")
    page = browse(operator)
    shown = InstancePage(page).open(operation.instance)
    shown.reveal("ADMIN_API_KEY")
    found = grave_findings(page)

    for url in (
        address(operation),
        InstanceList.url,
        OperationList.url,
        reverse("admin:instances_instance_history", args=[operation.instance_id]),
        reverse("admin:instances_operation_history", args=[operation.pk]),
    ):
        page.goto(url)
        found += grave_findings(page)

    assert not found, "\n".join(found)


def test_keys_that_were_rotated_and_one_that_is_refused(browse: Browse, operator: User) -> None:
    instance = make("acme")
    of = {"instance": instance, "name": ADMIN_API_KEY}
    Key.objects.create(**of, value=Secret("in-use"))
    Key.objects.create(**of, value=Secret("to-come"), state=Key.State.COMING)
    Key.objects.create(**of, state=Key.State.RETIRED)
    page = browse(operator)
    shown = InstancePage(page).open(instance)
    expect(shown.receipts).to_have_count(1)
    found = grave_findings(page)

    Key.objects.all().delete()
    shown.key_button(f"Reveal {ADMIN_API_KEY}").click()
    expect(shown.glance.get_by_role("alert")).to_have_text("acme has no such key any more.")
    found += grave_findings(page)

    assert not found, "\n".join(found)


def test_the_queue(browse: Browse, viewer: User) -> None:
    now = timezone.now()
    OrmQ.objects.create(key="luthien_admin", payload="", lock=now)
    Schedule.objects.create(name="sweep", func="instances.tasks.sweep")
    task = {"name": "advance:1", "func": "instances.tasks.advance", "started": now, "stopped": now}
    Task.objects.create(id="1", success=True, **task)
    Task.objects.create(id="2", success=False, result="OperationalError", **task)
    page = browse(viewer)

    found = []
    for model in QUEUE:
        page.goto(reverse(f"admin:django_q_{model}_changelist"))
        found += grave_findings(page)
        with page.expect_navigation():
            page.locator("#result_list tbody a").first.click()
        found += grave_findings(page)

    assert not found, "\n".join(found)


def test_what_can_be_done_to_an_instance(browse: Browse, administrator: User) -> None:
    instance = make("acme")
    page = browse(administrator)
    shown = InstancePage(page).open(instance)
    found = grave_findings(page)

    for verb in ASKING:
        shown.ask_for(verb)
        found += grave_findings(page)
        page.keyboard.press("Escape")

    assert not found, "\n".join(found)


def test_what_is_asked_and_asked_again(browse: Browse, administrator: User) -> None:
    instance = make("acme")
    page = browse(administrator)
    asked = AskingPage(page)
    found = []

    for verb in ("redeploy", "delete-now"):
        page.goto(reverse(f"admin:instances_instance_{verb}", args=[instance.pk]))
        found += grave_findings(page)
    asked.confirm("Delete now", typed="Acme", why="nobody needs it")
    name, why = asked.form.get_by_label("to go on"), asked.form.get_by_label("Why")
    expect(name).to_have_accessible_description("Type exactly: acme")
    expect(why).to_have_accessible_description("It stays in the history.")
    found += grave_findings(page)

    assert not found, "\n".join(found)


def test_what_is_odd_and_what_is_held(browse: Browse, administrator: User) -> None:
    all_sorts()
    now = timezone.now()
    held = Job.objects.create(
        name=Job.Name.SYNC, started_at=now, held_at=now, held_because="Railway lists 3 projects."
    )
    Job.objects.create(name=Job.Name.REAP, started_at=now, error="Railway cannot be reached.")
    page = browse(administrator)

    listed = InstanceList(page).open()
    found = grave_findings(page)
    listed.open_menu("acme")
    found += grave_findings(page)
    page.keyboard.press("Escape")
    listed.open_filters()
    found += grave_findings(page)
    listed.open()
    listed.select("acme", "elk", "gull")
    asked = listed.run("Delete now …")
    found += grave_findings(page)
    asked.confirm("Delete now 2", typed="delete", why="nobody needs them")
    expect(asked.alert).to_be_visible()
    found += grave_findings(page)
    for name in ("bolt", "elk"):
        InstancePage(page).open(Instance.objects.get(name=name))
        found += grave_findings(page)
    JobList(page).open()
    found += grave_findings(page)
    JobPage(page).open(held).ask_for("Let through")
    found += grave_findings(page)
    page.keyboard.press("Escape")
    found += grave_findings(page)
    people.note_job(held, people.person(administrator), "Let through", "nine were removed")
    page.goto(reverse("admin:instances_job_history", args=[held.pk]))
    expect(page.get_by_text("nine were removed")).to_be_visible()
    found += grave_findings(page)

    assert not found, "\n".join(found)
