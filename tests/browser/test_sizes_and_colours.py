"""On a phone, and in the dark."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import ViewportSize, expect

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.accessibility import look
from tests.browser.conftest import DESKTOP, Browse, TakePicture
from tests.browser.moments import waiting
from tests.browser.pages import AddForm, InstanceList, OperationList, OperationPage, address
from tests.conftest import Create

PHONE: ViewportSize = {"width": 390, "height": 844}
# What makes the page scroll sideways.
TOO_WIDE = """() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    return scrollWidth <= clientWidth ? [] : [...document.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > clientWidth)
        .map(element => `${element.tagName} ${element.id} ${element.className}`);
}"""
# The brightest of the three colours of the page's ground, up to 255.
BRIGHTNESS = """() => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
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


def test_in_the_dark_the_ground_is_dark_and_the_text_can_be_read(
    browse: Browse, operator: User, railway: LocalRailway, picture: TakePicture
) -> None:
    operation = waiting(operator, step="deployment")
    shown = OperationPage(browse(operator, color_scheme="dark")).open(operation)
    shown.shows("Waiting")

    picture(shown.page, "dark")
    assert shown.page.evaluate(BRIGHTNESS) < 64
    assert not (found := look(shown.page)), "\n".join(found)
