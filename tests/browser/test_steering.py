"""What people do about an operation: with dialogs on pages and rows, with a page on selections."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from instances.models import Operation
from instances.services import people, recovery
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.conftest import Browse, TakePicture
from tests.browser.moments import asked_for
from tests.browser.pages import OperationList, OperationPage
from tests.conftest import StartWorker, run_until
from tests.looking import NOTHING, found_on

STOPPED = "It has stopped already; roll it back, or give it up."


def test_what_needs_attention_gets_its_buttons_and_is_rolled_back(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    picture: TakePicture,
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    operation = asked_for(operator)
    shown = OperationPage(browse(operator)).open(operation)
    expect(shown.reasons).to_contain_text("Resume, Roll back, Give up: Only an operation that")
    shown.mark()

    start_worker()
    shown.shows("Needs attention")

    expect(shown.reasons).to_have_text(
        "Cancel: It has stopped already; roll it back, or give it up."
    )
    assert shown.usable_buttons() == ["Resume", "Roll back", "Give up"]
    assert not shown.was_reloaded
    picture(shown.page, "attention")
    shown.do("Roll back")
    shown.shows("Failed")
    expect(shown.step("Remove the Railway project")).to_contain_text("Done")
    assert found_on(railway) == NOTHING


def test_a_row_of_the_list_is_cancelled_in_its_dialog(browse: Browse, operator: User) -> None:
    operations = [asked_for(operator, name) for name in ("acme", "bolt")]
    shown = OperationList(browse(operator)).open()

    dialog = shown.ask_for("Cancel", "Create bolt")
    expect(dialog).to_contain_text("Cancel “Create bolt”?")
    dialog.get_by_role("button", name="Cancel").click()

    expect(shown.page.get_by_text("Create bolt: told to stop.")).to_be_visible()
    expect(shown.row("Create bolt").get_by_role("button")).to_have_count(0)
    first, second = (Operation.objects.get(pk=operation.pk) for operation in operations)
    assert (first.cancelled_by_name, second.cancelled_by_name) == ("", "olga")


def test_of_selected_rows_those_that_can_be_cancelled_are_and_the_others_say_why(
    browse: Browse, operator: User, railway: LocalRailway
) -> None:
    ended = asked_for(operator, "acme")
    recovery.cancel(ended, people.person(operator))
    run_until(ended)
    asked_for(operator, "bolt")
    shown = OperationList(browse(operator)).open()

    shown.select("Create acme", "Create bolt")
    shown.run("Cancel …")
    page = shown.page
    expect(page.get_by_role("heading", name="Left alone: 1")).to_be_visible()
    expect(page.get_by_text("Create acme: The operation has ended")).to_be_visible()
    page.get_by_role("button", name="Cancel 1").click()

    expect(page.get_by_text("Create bolt: told to stop.")).to_be_visible()
    assert Operation.objects.get(instance__name="bolt").cancelled_by_name == "olga"
