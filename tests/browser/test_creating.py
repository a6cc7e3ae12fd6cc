"""From a name to an instance that runs."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import TimeoutError as NothingCame
from playwright.sync_api import expect

from instances.models import Instance, LogLine, Operation
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.conftest import Browse, TakePicture
from tests.browser.pages import LIVE, AddForm, OperationPage
from tests.conftest import StartWorker

RULE = "A name has only lower-case letters, digits and hyphens."


def test_a_bad_name_is_refused_while_it_is_typed_and_is_not_submitted(
    browse: Browse, operator: User
) -> None:
    form = AddForm(browse(operator)).open()

    form.name.press_sequentially("Acme")
    expect(form.name_check).to_have_text(RULE)
    form.save.click()

    assert form.complaint() == RULE
    expect(form.page).to_have_url(re.compile(f"{form.url}$"))
    assert not Operation.objects.exists()


def test_a_name_put_right_is_not_held_against_the_person(browse: Browse, operator: User) -> None:
    form = AddForm(browse(operator, forgive="check-name|htmx")).open()
    form.name.press_sequentially("Acme")
    expect(form.name_check).to_have_text(RULE)

    form.page.route("**/check-name/**", lambda route: route.abort())
    form.name.fill("acme")

    assert form.complaint() == ""
    expect(form.name_check).to_have_text("")


def test_a_create_is_watched_to_its_end_without_reloading(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    picture: TakePicture,
) -> None:
    railway.faults.add(Fault("serviceDomainCreate", "hold"))
    form = AddForm(browse(operator)).open()
    form.name.fill("acme")
    expect(form.name_check).to_contain_text("Free here")
    picture(form.page, "add")

    form.save.click()
    shown = OperationPage(form.page)
    shown.shows("Queued")
    shown.mark()
    start_worker()
    expect(shown.step("Create the address")).to_have_class(re.compile("step-running"))
    shown.shows_progress("8 of 12")
    picture(shown.page, "watching")
    railway.faults.release()
    shown.shows("Succeeded")

    shown.shows_progress("12 of 12")
    instance = Instance.objects.get()
    expect(shown.link(instance.url)).to_have_attribute("href", instance.url)
    expect(shown.link(instance.project_id)).to_have_attribute("href", instance.project_url)
    picture(shown.page, "finished")
    assert shown.log_ids() == [f"log-{pk}" for pk in LogLine.objects.values_list("pk", flat=True)]
    with pytest.raises(NothingCame), shown.page.expect_request(LIVE, timeout=3000):
        pass
    assert not shown.was_reloaded
