"""The keys of an instance: hidden until somebody who may asks, and not for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import Browse, TakePicture
from tests.browser.pages import InstancePage
from tests.conftest import Create

KEY = "CLIENT_API_KEY"
# As in a browser without TLS, that refuses.
NOTHING_IS_COPIED = """() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.execCommand = () => false;
}"""


def test_a_key_is_shown_on_request_and_hides_again(
    browse: Browse, operator: User, create: Create, picture: TakePicture
) -> None:
    instance = create("acme").instance
    value = instance.credentials.get(name=KEY).value.reveal()
    page = browse(operator)
    page.clock.install()
    shown = InstancePage(page).open(instance)
    picture(page, "instance")
    assert value not in page.content()

    shown.reveal(KEY)
    assert shown.key(KEY).locator("code").inner_text() == value
    shown.key_button(f"Hide {KEY}").click()
    expect(shown.key_button(f"Reveal {KEY}")).to_be_focused()
    assert value not in page.content()

    shown.reveal(KEY)
    page.clock.fast_forward("00:58")
    expect(shown.key(KEY)).to_contain_text(value)
    page.clock.fast_forward("00:03")
    expect(shown.key_button(f"Reveal {KEY}")).to_be_visible()
    assert value not in page.content()

    page.reload()
    expect(shown.history.filter(has_text=f"olga {KEY} revealed to olga.")).to_have_count(2)


def test_the_address_is_copied(browse: Browse, operator: User, create: Create) -> None:
    instance = create("acme").instance
    page = browse(operator, permissions=["clipboard-read", "clipboard-write"])
    shown = InstancePage(page).open(instance)

    shown.key_button("Copy the address").click()

    page.wait_for_function(
        "async text => await navigator.clipboard.readText() === text", arg=instance.url
    )


def test_a_key_is_hidden_after_the_machine_has_slept(
    browse: Browse, operator: User, create: Create
) -> None:
    page = browse(operator)
    page.clock.install()
    shown = InstancePage(page).open(create("acme").instance)
    value = shown.reveal(KEY)

    # The clock has gone on, and no timer with it.
    page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=5))

    expect(shown.key_button(f"Reveal {KEY}")).to_be_visible()
    assert value not in page.content()


def test_what_becomes_of_a_copy_is_said_and_shown(
    browse: Browse, operator: User, create: Create
) -> None:
    page = browse(operator, permissions=["clipboard-read", "clipboard-write"])
    shown = InstancePage(page).open(create("acme").instance)
    button, said = shown.key_button("Copy the address"), page.get_by_role("status")

    button.click()
    expect(said).to_have_text("Copied.")
    expect(button).to_have_text("check")
    expect(button).to_have_text("content_copy")

    page.evaluate(NOTHING_IS_COPIED)
    button.click()
    expect(said).to_have_text("It could not be copied.")
    expect(button).to_have_text("error")
    expect(button).to_be_focused()


def test_a_button_without_an_answer_says_so(browse: Browse, operator: User, create: Create) -> None:
    page = browse(operator, forgive="/keys/|htmx")
    shown = InstancePage(page).open(create("acme").instance)

    page.route("**/keys/**", lambda route: route.abort())
    shown.key_button(f"Reveal {KEY}").click()

    expect(page.get_by_role("alert").filter(has_text="The server did not answer.")).to_be_visible()
