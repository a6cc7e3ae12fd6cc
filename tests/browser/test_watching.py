"""People watch an operation: the page tells them everything, and nobody has to reload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Route, expect
from playwright.sync_api import TimeoutError as NothingCame

from instances.models import LogLine, Operation
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.browser.conftest import Browse, TakePicture
from tests.browser.moments import asked_for, show_gateway
from tests.browser.pages import LIVE, OperationPage
from tests.conftest import StartWorker, run_until


def test_one_of_two_who_watch_cancels_and_the_other_sees_who_it_was(
    browse: Browse,
    operator: User,
    colleague: User,
    start_worker: StartWorker,
    late_gateway: None,
) -> None:
    operation = asked_for(operator)
    start_worker()
    mine = OperationPage(browse(operator)).open(operation)
    theirs = OperationPage(browse(colleague)).open(operation)
    mine.mark()
    mine.waits_for("The gateway is made")

    theirs.do("Cancel")

    expect(theirs.page.get_by_text("Create acme: told to stop.")).to_be_visible()
    mine.shows("Cancelled")
    expect(mine.status).to_contain_text("Cancelled by bob.")
    expect(mine.step("Remove the Railway project")).to_contain_text("Done")
    theirs.shows("Cancelled")
    assert not mine.was_reloaded


def test_a_failure_is_told_in_words_with_what_to_do_and_undone(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    picture: TakePicture,
) -> None:
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found"))
    operation = asked_for(operator)
    shown = OperationPage(browse(operator)).open(operation)
    shown.mark()

    start_worker()
    shown.shows("Failed")

    expect(shown.status.locator(".notice-text")).to_contain_text("Repository not found")
    expect(shown.announcement).to_contain_text("Repository not found")
    expect(shown.status).to_contain_text("What to do: What was made is removed again")
    expect(shown.step("Connect the repository")).to_contain_text("Failed")
    expect(shown.step("Remove the Railway project")).to_contain_text("Done")
    picture(shown.page, "failed")
    assert not shown.was_reloaded


@pytest.mark.parametrize("scale", [1.0])
def test_whoever_waits_for_a_turn_sees_the_place_in_line_and_a_countdown(
    browse: Browse, operator: User, start_worker: StartWorker, picture: TakePicture
) -> None:
    run_until(asked_for(operator, "acme"), step="postgres")
    later = asked_for(operator, "bolt")
    shown = OperationPage(browse(operator)).open(later)

    start_worker()

    expect(shown.status).to_contain_text("Railway allows one new project per 30 s; first in line.")
    expect(shown.status).to_contain_text("Its turn comes in about")
    picture(shown.page, "turn")
    countdown = shown.status.locator("[data-countdown]")
    expect(countdown).not_to_have_text(countdown.inner_text())


def break_off(route: Route) -> None:
    route.abort()


def answer_with_an_error(route: Route) -> None:
    route.fulfill(status=500, body="")


@pytest.mark.parametrize(
    ("trouble", "notice"),
    [
        (break_off, "The connection is lost."),
        (answer_with_an_error, "The server answers with an error (500)."),
    ],
)
def test_a_lost_connection_is_told_and_mends_itself(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    late_gateway: None,
    trouble: Callable[[Route], None],
    notice: str,
) -> None:
    operation = asked_for(operator)
    start_worker()
    page = browse(operator, forgive="/live/|htmx")
    shown = OperationPage(page).open(operation)
    shown.mark()
    shown.waits_for("The gateway is made")

    page.route(LIVE, trouble)
    expect(shown.connection).to_contain_text(notice)
    page.unroute(LIVE)
    expect(shown.connection).to_be_hidden()
    show_gateway(railway)

    shown.shows("Succeeded")
    assert not shown.was_reloaded


@pytest.mark.parametrize("status", [403, 404])
def test_what_may_not_be_seen_any_more_is_not_asked_for_again(
    browse: Browse, operator: User, status: int
) -> None:
    page = browse(operator, forgive="/live/|htmx")
    shown = OperationPage(page).open(asked_for(operator))
    shown.shows("Queued")

    page.route(LIVE, lambda route: route.fulfill(status=status, body=""))
    expect(shown.connection).to_have_text(
        "You may not see this any more, or it is gone. Reload the page."
    )

    with pytest.raises(NothingCame), page.expect_request(LIVE, timeout=3000):
        pass
    shown.shows("Queued")


def test_whoever_has_reached_a_link_is_still_there_after_an_update(
    browse: Browse, operator: User
) -> None:
    operation = asked_for(operator)
    shown = OperationPage(browse(operator)).open(operation)
    link = shown.link("The instance")
    link.focus()

    Operation.objects.update(message="Something else")

    expect(shown.status).to_contain_text("Something else")
    expect(link).to_be_focused()


def test_whoever_leaves_and_comes_back_has_missed_nothing(
    browse: Browse,
    operator: User,
    railway: LocalRailway,
    start_worker: StartWorker,
    late_gateway: None,
) -> None:
    operation = asked_for(operator)
    start_worker()
    shown = OperationPage(browse(operator)).open(operation)
    shown.waits_for("The gateway is made")

    shown.side_bar("Instances").click()
    show_gateway(railway)
    shown.page.get_by_role("link", name="acme").click()
    shown.page.get_by_role("link", name="Create acme").click()
    shown.shows("Succeeded")

    shown.shows_progress("12 of 12")
    assert shown.log_ids() == [f"log-{pk}" for pk in LogLine.objects.values_list("pk", flat=True)]
