"""On a phone, and in the dark."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from instances.models import Instance, Job
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.accessibility import look
from tests.browser.conftest import DESKTOP, Browse, TakePicture
from tests.browser.moments import all_sorts, waiting
from tests.browser.pages import (
    AddForm,
    InstanceList,
    InstancePage,
    JobList,
    JobPage,
    OperationList,
    OperationPage,
    address,
)
from tests.conftest import Create

PHONE: ViewportSize = {"width": 390, "height": 844}
# What makes the page scroll sideways.
TOO_WIDE = """() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    return scrollWidth <= clientWidth ? [] : [...document.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > clientWidth)
        .map(element => `${element.tagName} ${element.id} ${element.className}`);
}"""
# What is cut off at the bottom of its cell.
CUT_OFF = """cells => cells.filter(cell => cell.scrollHeight > cell.clientHeight)
    .map(cell => cell.innerText)"""
# By how much a table is wider than its place.
OVERHANG = """table => table.getBoundingClientRect().width
    - table.closest("[data-simplebar]").getBoundingClientRect().width"""
# The brightest of the three colours of an element's ground, up to 255.
BRIGHTNESS = """element => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(element).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""


def test_on_a_phone_no_page_scrolls_sideways(
    browse: Browse, operator: User, railway: LocalRailway, create: Create, picture: TakePicture
) -> None:
    finished = create("acme")
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    failed = create("bolt", keep_on_failure=True)
    under_way = waiting(operator, "crow", step="deployment")
    page = browse(operator, viewport=PHONE)

    too_wide = {}
    for url in (
        AddForm.url,
        InstanceList.url,
        OperationList.url,
        address(finished.instance),
        address(finished),
        address(failed),
        address(under_way),
    ):
        page.goto(url)
        too_wide[url] = page.evaluate(TOO_WIDE)

    picture(page, "phone")
    assert {url: found for url, found in too_wide.items() if found} == {}
    page.set_viewport_size(DESKTOP)
    picture(InstanceList(page).open().page, "list")
    picture(OperationList(page).open().page, "operations")


def test_on_a_phone_everything_can_be_pressed(browse: Browse, operator: User) -> None:
    form = AddForm(browse(operator, viewport=PHONE)).open()
    form.name.fill("acme")
    form.save.click()

    shown = OperationPage(form.page)
    shown.shows("Queued")
    place = shown.ask_for("Cancel").bounding_box()
    assert place
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= PHONE["width"]
    shown.dialog.get_by_role("button", name="Cancel").click()

    expect(shown.status).to_contain_text("olga has cancelled it.")


def test_on_a_phone_what_is_asked_and_told_fits(
    browse: Browse, administrator: User, picture: TakePicture
) -> None:
    all_sorts()
    held = Job.objects.create(
        name=Job.Name.SYNC, held_at=timezone.now(), held_because="Railway lists 3 projects."
    )
    page = browse(administrator, viewport=PHONE)
    too_wide = {}

    shown = InstancePage(page).open(Instance.objects.get(name="bolt"))
    too_wide["instance"] = page.evaluate(TOO_WIDE)
    place = shown.ask_for("Delete now").bounding_box()
    too_wide["dialog"] = page.evaluate(TOO_WIDE)
    listed = InstanceList(page).open()
    too_wide["list"] = page.evaluate(TOO_WIDE)
    cut_off = listed.page.locator("#result_list td").evaluate_all(CUT_OFF)
    menu = listed.open_menu("hare").bounding_box()
    picture(page, "menu-phone")
    too_wide["menu"] = page.evaluate(TOO_WIDE)
    page.keyboard.press("Escape")
    listed.select("acme", "elk", "gull")
    listed.run("Delete now …")
    too_wide["selection"] = page.evaluate(TOO_WIDE)
    JobList(page).open()
    too_wide["jobs"] = page.evaluate(TOO_WIDE)
    JobPage(page).open(held)
    too_wide["job"] = page.evaluate(TOO_WIDE)

    assert {what: found for what, found in too_wide.items() if found} == {}
    assert place
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= PHONE["width"]
    assert cut_off == []
    assert menu
    assert (menu["x"] >= 0, menu["y"] >= 0) == (True, True)
    assert menu["x"] + menu["width"] <= PHONE["width"]
    assert menu["y"] + menu["height"] <= PHONE["height"]


def test_on_a_desktop_the_list_needs_no_scrolling_sideways(
    browse: Browse, administrator: User
) -> None:
    all_sorts()
    listed = InstanceList(browse(administrator)).open()

    expect(listed.row("hare")).to_be_visible()
    assert listed.page.locator("#result_list").evaluate(OVERHANG) <= 0


def test_in_the_dark_a_dialog_and_the_list_are_dark_too(
    browse: Browse, administrator: User, picture: TakePicture
) -> None:
    all_sorts()
    page = browse(administrator, color_scheme="dark")

    shown = InstancePage(page).open(Instance.objects.get(name="bolt"))
    assert shown.ask_for("Delete now").evaluate(BRIGHTNESS) < 64
    found = look(page)
    listed = InstanceList(page).open()
    expect(listed.row("hare")).to_be_visible()
    assert page.locator("body").evaluate(BRIGHTNESS) < 64
    found += look(page)
    assert listed.open_menu("acme").evaluate(BRIGHTNESS) < 64
    picture(page, "menu-dark")
    found += look(page)

    assert not found, "\n".join(found)


def test_in_the_dark_the_ground_is_dark_and_the_text_can_be_read(
    browse: Browse, operator: User, railway: LocalRailway, picture: TakePicture
) -> None:
    operation = waiting(operator, step="deployment")
    shown = OperationPage(browse(operator, color_scheme="dark")).open(operation)
    shown.shows("Waiting")

    picture(shown.page, "dark")
    assert shown.page.locator("body").evaluate(BRIGHTNESS) < 64
    assert not (found := look(shown.page)), "\n".join(found)
