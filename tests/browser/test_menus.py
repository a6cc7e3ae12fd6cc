"""What is done to one row of the list: a menu behind a button, and the verb's dialog over it."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.admin.test_instance_verbs import make
from tests.browser.conftest import Browse, TakePicture
from tests.browser.moments import all_sorts
from tests.browser.pages import InstanceList, OperationPage, confirm


def test_a_row_of_the_list_is_scheduled_from_its_menu(
    browse: Browse, administrator: User, picture: TakePicture
) -> None:
    all_sorts()
    listed = InstanceList(browse(administrator)).open()

    menu = listed.open_menu("acme")
    picture(listed.page, "menu")
    expect(menu.get_by_role("heading")).to_have_text("acme")
    expect(menu.get_by_role("button", name="Adopt")).to_have_count(0)
    listed.page.keyboard.press("Escape")
    dialog = listed.ask_for("Schedule deletion", "acme")
    expect(menu).to_be_hidden()
    confirm(dialog, "Schedule deletion", why="the fair is over")

    OperationPage(listed.page).shows("Queued")


def test_what_was_selected_stays_so_while_a_row_has_its_menu_and_dialog_open(
    browse: Browse, administrator: User
) -> None:
    make("acme")
    make("bolt")
    listed = InstanceList(browse(administrator)).open()
    listed.select("acme")

    listed.ask_for("Sync", "bolt").get_by_role("button", name="Back").click()

    expect(listed.page.get_by_role("dialog")).to_be_hidden()
    expect(listed.row("acme").get_by_role("checkbox")).to_be_checked()


def test_one_menu_is_open_at_a_time_and_a_press_beside_it_closes_it(
    browse: Browse, administrator: User
) -> None:
    make("acme")
    make("bolt")
    listed = InstanceList(browse(administrator)).open()

    listed.open_menu("bolt")
    listed.open_menu("acme")
    expect(listed.menu("bolt")).to_be_hidden()
    listed.page.locator("#content").click(position={"x": 2, "y": 2})

    expect(listed.menu("acme")).to_be_hidden()


def test_a_menu_stays_beside_its_button_when_the_page_scrolls(
    browse: Browse, administrator: User
) -> None:
    for number in range(30):
        make(f"row-{number}")
    listed = InstanceList(browse(administrator)).open()
    menu, button = listed.open_menu("row-20"), listed.menu_button("row-20")

    listed.page.mouse.wheel(0, -120)
    listed.page.wait_for_timeout(300)

    at, of = menu.bounding_box(), button.bounding_box()
    assert at
    assert of
    gaps = (at["y"] - of["y"] - of["height"], of["y"] - at["y"] - at["height"])
    assert 0 < max(gaps) < 10
