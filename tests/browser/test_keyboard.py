"""Without a mouse: everything is reached, and it shows where one is."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import Locator, expect

from tests.admin.test_instance_verbs import make
from tests.browser.conftest import PASSWORD, Browse
from tests.browser.pages import AddForm, InstanceList, InstancePage, Login, OperationPage
from tests.conftest import StartWorker

IS_FOCUSED = "element => element === document.activeElement"
# An outline, or a ring that Tailwind draws as a shadow.
SHOWS_FOCUS = """element => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
        || style.boxShadow !== "none";
}"""


def tab_to(target: Locator) -> None:
    """Press Tab until the target has the focus, and shows it."""
    for _ in range(60):
        if target.evaluate(IS_FOCUSED):
            break
        target.page.keyboard.press("Tab")
    assert target.evaluate(IS_FOCUSED), f"{target} is not reached"
    assert target.evaluate(SHOWS_FOCUS), f"{target} does not show that it has the focus"


def test_an_instance_is_asked_for_and_cancelled_without_a_mouse(
    browse: Browse,
    operator: User,
    start_worker: StartWorker,
    late_gateway: None,
) -> None:
    start_worker()
    page = browse()
    keys = page.keyboard
    page.goto("/admin/")
    login = Login(page)
    tab_to(login.name)
    keys.type("olga")
    tab_to(login.password)
    keys.type(PASSWORD)
    keys.press("Enter")

    tab_to(login.side_bar("Instances"))
    keys.press("Enter")
    tab_to(page.get_by_role("link", name="Add instance"))
    keys.press("Enter")
    form = AddForm(page)
    tab_to(form.name)
    keys.type("acme")
    tab_to(form.save)
    keys.press("Enter")

    shown = OperationPage(page)
    shown.waits_for("The gateway is made")
    cancel = shown.button("Cancel")
    tab_to(cancel)
    keys.press("Space")
    expect(shown.dialog).to_be_visible()
    expect(shown.dialog.get_by_role("button", name="Back")).to_be_focused()
    keys.press("Escape")
    expect(shown.dialog).to_be_hidden()
    expect(cancel).to_be_focused()
    keys.press("Enter")
    tab_to(shown.dialog.get_by_role("button", name="Cancel"))
    keys.press("Enter")

    shown.shows("Cancelled")


def test_a_verb_is_asked_for_with_a_reason_without_a_mouse(
    browse: Browse, administrator: User
) -> None:
    instance = make("acme")
    page = browse(administrator)
    keys = page.keyboard
    shown = InstancePage(page).open(instance)

    verb = shown.button("Schedule deletion")
    tab_to(verb)
    keys.press("Enter")
    why = shown.dialog.get_by_label("Why")
    expect(why).to_be_focused()
    keys.press("Escape")
    expect(shown.dialog).to_be_hidden()
    expect(verb).to_be_focused()

    keys.press("Space")
    expect(why).to_be_focused()
    keys.type("the fair is over")
    tab_to(shown.dialog.get_by_role("button", name="Schedule deletion"))
    keys.press("Enter")

    OperationPage(page).shows("Queued")
    assert instance.operations.get().reason == "the fair is over"


def test_a_row_is_dealt_with_from_its_menu_without_a_mouse(
    browse: Browse, administrator: User
) -> None:
    instance = make("acme")
    page = browse(administrator)
    keys = page.keyboard
    listed = InstanceList(page).open()
    button, menu = listed.menu_button("acme"), listed.menu("acme")
    dialog = page.get_by_role("dialog")

    tab_to(button)
    keys.press("Enter")
    expect(menu).to_be_visible()
    keys.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()

    keys.press("Space")
    tab_to(menu.get_by_role("button", name="Schedule deletion"))
    keys.press("Enter")
    expect(dialog).to_be_visible()
    expect(menu).to_be_hidden()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()

    keys.press("Enter")
    tab_to(menu.get_by_role("button", name="Schedule deletion"))
    keys.press("Space")
    expect(dialog.get_by_label("Why")).to_be_focused()
    keys.type("the fair is over")
    keys.press("Enter")
    OperationPage(page).shows("Queued")
    assert instance.operations.get().reason == "the fair is over"


def test_a_choice_is_made_and_sent_without_a_mouse(browse: Browse, administrator: User) -> None:
    instance = make("acme")
    page = browse(administrator)
    keys = page.keyboard
    shown = InstancePage(page).open(instance)

    tab_to(shown.button("Redeploy"))
    keys.press("Enter")
    expect(shown.dialog.get_by_label("The newest commit")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(shown.dialog.get_by_label("This commit")).to_be_checked()
    tab_to(shown.dialog.get_by_label("Commit", exact=True))
    keys.type("0123abcd")
    keys.press("Enter")

    OperationPage(page).shows("Queued")
    assert instance.operations.get().config == {"what": "commit", "commit": "0123abcd"}
