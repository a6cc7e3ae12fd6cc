"""Looking, on one page, whether everything is there."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from instances.simulator.server import LocalRailway
from tests.browser.accessibility import grave_findings
from tests.browser.conftest import Browse, TakePicture
from tests.browser.pages import Screen
from tests.conftest import StartWorker


def test_what_is_wrong_is_named_with_what_to_do(
    browse: Browse,
    viewer: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    picture: TakePicture,
) -> None:
    railway.world.schema_without = frozenset({"Project.primaryEnvironmentId"})
    start_worker()
    page = browse(viewer)
    page.goto("/admin/")
    Screen(page).side_bar("Check-up").click()
    found = grave_findings(page)

    page.get_by_role("button", name="Check now").click()

    expect(page.get_by_role("status").filter(has_text="attention")).to_be_visible()
    expect(page.get_by_role("row", name="Database")).to_contain_text("migrated")
    expect(page.get_by_role("row", name="Sync with Railway")).to_contain_text("Set up cron")
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    picture(page, "checkup")
    found += grave_findings(page)
    assert not found, "\n".join(found)
