"""The list of instances: what it tells, what is done to selected rows, and who may do it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from instances.models import Instance, Job, Operation
from instances.roles import OPERATORS, VIEWERS
from tests.admin.test_instance_verbs import make
from tests.browser.conftest import Browse, TakePicture, make_member
from tests.browser.moments import all_sorts
from tests.browser.pages import InstanceList, InstancePage, JobPage, OperationPage

Kind = Operation.Kind
MAY_NOT = "Your account may not do this; ask an administrator for the permission."
HELD = "Railway's list does not show 9 of the 12 instances that it showed before."


def asked_for(kind: Operation.Kind) -> list[str]:
    """Return the names of the instances that this was asked for."""
    operations = Operation.objects.filter(kind=kind).order_by("instance__name")
    return list(operations.values_list("instance__name", flat=True))


@pytest.fixture
def held(transactional_db: None) -> Job:
    now = timezone.now()
    return Job.objects.create(
        name=Job.Name.SYNC,
        started_at=now,
        finished_at=now,
        held_at=now,
        held_because=HELD,
        result={"seen": 3, "unchanged": 3},
    )


def test_several_are_deleted_with_the_words_that_are_shown_and_the_others_say_why_not(
    browse: Browse, administrator: User, picture: TakePicture
) -> None:
    all_sorts()
    listed = InstanceList(browse(administrator)).open()

    listed.select("acme", "elk", "gull")
    asked = listed.run("Delete now …")
    expect(asked.row("acme")).to_contain_text("luthien-acme (project-of-acme) is deleted at once")
    expect(asked.row("gull")).to_contain_text("luthien-gull (project-of-gull) is deleted at once")
    asked.left_alone(1)
    expect(asked.row("elk")).to_contain_text("It was only discovered on Railway. Adopt it first.")
    picture(asked.page, "selection")

    asked.confirm("Delete now 2", typed="delete", why="the fair is over")
    expect(asked.alert).to_have_text("Type exactly: delete 2")
    assert asked_for(Kind.DELETE) == []

    asked.confirm("Delete now 2", typed="delete 2")
    expect(asked.page.get_by_text("acme, gull: deletion asked for.")).to_be_visible()
    assert asked_for(Kind.DELETE) == ["acme", "gull"]


def test_a_row_that_changes_before_it_is_confirmed_is_skipped_and_says_so(
    browse: Browse, administrator: User
) -> None:
    for name in ("acme", "bolt", "crow"):
        make(name)
    listed = InstanceList(browse(administrator)).open()

    listed.select("acme", "bolt", "crow")
    asked = listed.run("Schedule deletion …")
    Instance.objects.filter(name="bolt").update(status=Instance.Status.FAILED)
    asked.confirm("Schedule deletion 3", why="the fair is over")

    told = asked.page.get_by_text
    expect(told("acme, crow: deletion asked to be scheduled.")).to_be_visible()
    expect(told("bolt: schedule deletion is not possible. It has changed since")).to_be_visible()
    assert asked_for(Kind.SCHEDULE_DELETION) == ["acme", "crow"]


def test_the_list_tells_what_is_odd_and_is_narrowed_to_it(
    browse: Browse, administrator: User, picture: TakePicture
) -> None:
    all_sorts()
    listed = InstanceList(browse(administrator)).open()
    picture(listed.page, "life-list")

    expect(listed.row("bolt")).to_contain_text("deleting in 6d 23h")
    expect(listed.row("deer")).to_contain_text("gone for good in 1d 5h")
    expect(listed.row("crow").get_by_title("gateway: failed")).to_be_visible()
    listed.filter_by("Needs attention")

    expect(listed.rows).to_have_count(4)
    for name in ("crow", "fox", "gull", "hare"):
        expect(listed.row(name)).to_be_visible()


def test_a_held_run_is_told_above_the_list_and_let_through_with_a_reason(
    browse: Browse, administrator: User, held: Job, picture: TakePicture
) -> None:
    listed = InstanceList(browse(administrator)).open()
    expect(listed.held).to_contain_text(f"Sync with Railway is held. {HELD}")
    listed.held.get_by_role("link", name="Look at it").click()

    shown = JobPage(listed.page)
    expect(shown.notice).to_have_text(f"It is held: {HELD}")
    picture(shown.page, "held")
    shown.do("Let through", why="nine were removed by hand")

    expect(
        shown.page.get_by_text("Sync with Railway: the next run is let through.")
    ).to_be_visible()
    expect(shown.reasons).to_have_text("Let through: ada has let the next run through already.")
    assert shown.usable_buttons() == []
    held.refresh_from_db()
    assert (held.pass_by_name, held.pass_reason) == ("ada", "nine were removed by hand")


def test_a_viewer_sees_every_button_with_the_reason_and_has_no_actions(
    browse: Browse, held: Job
) -> None:
    instance = make("acme")
    page = browse(make_member("vera", VIEWERS))

    shown = InstancePage(page).open(instance)
    expect(shown.reasons).to_contain_text(f"Adopt, Forget: {MAY_NOT}")
    assert shown.usable_buttons() == []
    listed = InstanceList(page).open()
    expect(listed.row("acme")).to_be_visible()
    expect(listed.actions).to_have_count(0)
    expect(listed.row("acme").get_by_role("checkbox")).to_have_count(0)

    job = JobPage(page).open(held)
    expect(job.reasons).to_have_text(f"Let through: {MAY_NOT}")
    assert job.usable_buttons() == []


def test_an_operator_redeploys_and_schedules_and_is_told_why_not_more(
    browse: Browse, transactional_db: None
) -> None:
    acme, _ = make("acme"), make("bolt")
    page = browse(make_member("otto", OPERATORS))

    shown = InstancePage(page).open(acme)
    assert shown.usable_buttons() == ["Redeploy", "Schedule deletion"]
    expect(shown.button("Delete now")).to_have_attribute("title", MAY_NOT)
    expect(shown.reasons).to_contain_text(
        f"Delete now, Rotate keys, Sync, Adopt, Forget: {MAY_NOT}"
    )
    shown.do("Redeploy")
    OperationPage(page).shows("Queued")

    listed = InstanceList(page).open()
    listed.select("acme", "bolt")
    assert listed.offered() == ["Redeploy …", "Schedule deletion …", "Cancel deletion …"]
    asked = listed.run("Schedule deletion …")
    expect(asked.row("acme")).to_contain_text("An operation is at it (redeploy).")
    asked.confirm("Schedule deletion 1", why="the fair is over")
    expect(page.get_by_text("bolt: deletion asked to be scheduled.")).to_be_visible()
    assert asked_for(Kind.REDEPLOY) == ["acme"]
    assert asked_for(Kind.SCHEDULE_DELETION) == ["bolt"]
