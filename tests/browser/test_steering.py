"""What people do about an operation: with dialogs on pages and rows, with a page on selections."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from instances.models import Operation
from instances.services import people, recovery
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.conftest import Browse, TakePicture
from tests.browser.moments import asked_for, show_gateway
from tests.browser.pages import OperationList, OperationPage
from tests.conftest import Create, StartWorker, run_until
from tests.looking import NOTHING, found_on


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


def test_what_needs_attention_is_resumed_and_goes_on_to_its_end(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    create: Create,
    start_worker: StartWorker,
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    shown = OperationPage(browse(operator)).open(create("acme"))
    shown.shows("Needs attention")
    show_gateway(railway)
    start_worker()

    dialog = shown.ask_for("Resume")
    expect(dialog).to_contain_text("It goes on at the step that stopped")
    shown.confirm("Resume")

    expect(shown.page.get_by_text("Create acme: resumed.")).to_be_visible()
    shown.shows("Succeeded")
    shown.shows_progress("12 of 12")


def test_what_needs_attention_is_given_up_and_stays_on_railway(
    browse: Browse, operator: User, railway: LocalRailway, create: Create
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    shown = OperationPage(browse(operator)).open(create("acme"))
    shown.shows("Needs attention")

    dialog = shown.ask_for("Give up")
    expect(dialog).to_contain_text("Nothing is undone")
    shown.confirm("Give up")

    expect(shown.page.get_by_text("Create acme: given up.")).to_be_visible()
    shown.shows("Failed")
    expect(shown.status).to_contain_text("The project was kept as it stands")
    expect(shown.buttons.get_by_role("button")).to_have_count(0)
    assert found_on(railway).projects == ["luthien-acme"]


def test_what_was_decided_on_an_earlier_stop_is_not_done(
    browse: Browse, operator: User, railway: LocalRailway, create: Create
) -> None:
    railway.faults.add(Fault("service:gateway", "never"))
    operation = create("acme")
    shown = OperationPage(browse(operator)).open(operation)

    shown.ask_for("Roll back")
    Operation.objects.update(message="It has stopped somewhere else.")
    shown.confirm("Roll back")

    expect(shown.page.get_by_text("It has moved on since the page was shown")).to_be_visible()
    shown.shows("Needs attention")
    assert found_on(railway).projects == ["luthien-acme"]


def test_a_selection_of_text_that_ends_outside_leaves_the_dialog_open(
    browse: Browse, operator: User
) -> None:
    shown = OperationPage(browse(operator)).open(asked_for(operator))
    dialog, mouse = shown.ask_for("Cancel"), shown.page.mouse
    place = dialog.get_by_role("heading").bounding_box()
    assert place

    mouse.move(place["x"] + 5, place["y"] + 5)
    mouse.down()
    mouse.move(5, 5)
    mouse.up()
    expect(dialog).to_be_visible()
    mouse.click(5, 5)

    expect(dialog).to_be_hidden()


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
