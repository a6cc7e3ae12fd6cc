"""Somebody whose session ends in the middle goes to the login, and comes back."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from instances.models import Operation
from tests.browser.conftest import PASSWORD, Browse
from tests.browser.moments import asked_for
from tests.browser.pages import AddForm, Login, OperationList, OperationPage


def sign_out(page: Page) -> None:
    """End the session behind the page's back."""
    page.context.clear_cookies(name="sessionid")


def test_whoever_watches_comes_back_to_the_operation(browse: Browse, operator: User) -> None:
    operation = asked_for(operator)
    page = browse(operator)
    shown = OperationPage(page).open(operation)
    address = page.url

    sign_out(page)
    Login(page).sign_in("olga", PASSWORD)

    expect(page).to_have_url(address)
    shown.shows("Queued")


def test_whoever_presses_a_button_comes_back_to_where_it_is(browse: Browse, operator: User) -> None:
    operation = asked_for(operator)
    page = browse(operator)
    shown = OperationList(page).open()
    address = page.url

    sign_out(page)
    shown.row("Create acme").get_by_role("button", name="Cancel").click()
    Login(page).sign_in("olga", PASSWORD)

    expect(page).to_have_url(address)
    operation.refresh_from_db()
    assert operation.cancel_requested_at is None


def test_whoever_confirms_in_a_dialog_is_asked_again(browse: Browse, operator: User) -> None:
    operation = asked_for(operator)
    page = browse(operator)
    dialog = OperationList(page).open().ask_for("Cancel", "Create acme")

    sign_out(page)
    dialog.get_by_role("button", name="Cancel").click()
    Login(page).sign_in("olga", PASSWORD)
    page.get_by_role("button", name="Cancel").click()

    OperationPage(page).shows("Queued")
    operation.refresh_from_db()
    assert operation.cancelled_by_name == "olga"


def test_whoever_saves_comes_back_to_the_form(browse: Browse, operator: User) -> None:
    form = AddForm(browse(operator)).open()
    form.name.fill("acme")
    expect(form.name_check).to_contain_text("Free here")

    sign_out(form.page)
    form.save.click()
    Login(form.page).sign_in("olga", PASSWORD)

    expect(form.page).to_have_url(re.compile(f"{form.url}$"))
    expect(form.save).to_be_visible()
    assert not Operation.objects.exists()
