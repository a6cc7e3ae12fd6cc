"""Somebody who may look, and nothing else."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from instances.models import Instance
from tests.browser.conftest import Browse
from tests.browser.moments import asked_for
from tests.browser.pages import AddForm, InstancePage, OperationList, OperationPage
from tests.conftest import Create


def post(page: Page, address: str) -> tuple[int, str]:
    """Send what a page's own form would send; return the answer's status and text."""
    [token] = [c["value"] for c in page.context.cookies() if c["name"] == "csrftoken"]
    form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "name": "bolt"}
    answer = page.request.post(address, form=form, max_redirects=0)
    return answer.status, answer.text()


def test_a_viewer_sees_the_instance_and_its_operation_and_can_do_nothing(
    browse: Browse, operator: User, viewer: User, create: Create
) -> None:
    finished = create("acme")
    waiting = asked_for(operator, "bolt")
    page = browse(viewer)

    instance = InstancePage(page).open(finished.instance)
    expect(page.get_by_role("link", name=finished.instance.url)).to_be_visible()
    expect(page.get_by_text("Your account may not reveal keys")).to_be_visible()
    expect(page.get_by_role("button", name="Reveal")).to_have_count(0)
    instance.side_bar("Instances").click()
    expect(page.get_by_role("link", name="acme")).to_be_visible()
    expect(page.locator(f"a[href*='{AddForm.url}']")).to_have_count(0)

    listed = OperationList(page).open()
    expect(listed.row("Create bolt")).to_contain_text("0 of 12")
    expect(listed.row("Create bolt").get_by_role("button")).to_have_count(0)
    shown = OperationPage(page).open(waiting)
    shown.shows("Queued")
    shown.shows_progress("0 of 12")
    expect(shown.reasons).to_contain_text("Your account may not do this")
    assert shown.usable_buttons() == []


def test_a_viewer_who_sends_the_form_all_the_same_is_refused(
    browse: Browse, operator: User, viewer: User
) -> None:
    operation = asked_for(operator)
    page = OperationPage(browse(viewer)).open(operation).page

    addresses = [
        AddForm.url,
        reverse("admin:instances_operation_cancel", args=[operation.pk]),
        reverse("admin:instances_instance_reveal", args=[operation.instance_id, "ADMIN_API_KEY"]),
    ]
    for address in addresses:
        status, text = post(page, address)
        assert status == 403
        assert "Your account does not have the permission" in text

    operation.refresh_from_db()
    assert operation.cancel_requested_at is None
    assert Instance.objects.count() == 1
