"""Every verb once: from its button to what is left on Railway."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from instances.gateway_variables import CLIENT_API_KEY
from instances.models import Instance, Operation
from instances.simulator import repositories
from instances.simulator.server import LocalRailway
from tests.browser.conftest import Browse, TakePicture
from tests.browser.pages import AskingPage, InstanceList, InstancePage, OperationPage
from tests.conftest import Stand, StartWorker
from tests.looking import NOTHING, found_on, only_gateway


def carry_through(shown: InstancePage, instance: Instance, verb: str, **answers: str) -> None:
    """Ask for it, watch it to its end, and come back to the instance's page."""
    shown.do(verb, **answers)
    OperationPage(shown.page).shows("Succeeded")
    shown.open(instance)
    expect(shown.history.filter(has_text=f"{verb}: succeeded")).to_have_count(1)


def test_what_was_discovered_is_adopted_changed_and_let_go(
    browse: Browse,
    administrator: User,
    railway: LocalRailway,
    stand: Stand,
    start_worker: StartWorker,
) -> None:
    instance = stand(ownership=Instance.Ownership.DISCOVERED)
    gateway = only_gateway(railway)
    start_worker()
    shown = InstancePage(browse(administrator)).open(instance)
    assert shown.usable_buttons() == ["Sync", "Adopt", "Forget"]
    expect(shown.reasons).to_contain_text(
        "Rotate keys: It was only discovered on Railway. Adopt it first."
    )

    carry_through(shown, instance, "Adopt", why="from the old tool")
    older = shown.reveal(CLIENT_API_KEY)
    assert older == gateway.variables[CLIENT_API_KEY]

    railway.edit(instance.project_id, description="The one of the zoo")
    carry_through(shown, instance, "Sync")
    expect(shown.page.get_by_text("The one of the zoo")).to_be_visible()

    newest = repositories.push(railway.world, repositories.GATEWAY_REPOSITORY).sha
    carry_through(shown, instance, "Redeploy", why="the fix for the login")
    expect(shown.service("gateway")).to_contain_text(newest[:7])
    assert gateway.deployments[-1].commit == newest

    carry_through(shown, instance, "Rotate keys", why="somebody has left")
    expect(shown.receipts.filter(has_text=CLIENT_API_KEY)).to_have_count(2)
    expect(shown.receipts.filter(has_text="Retired")).to_have_count(2)
    newer = shown.reveal(CLIENT_API_KEY)
    assert newer != older
    assert (railway.deployed(instance.project_id) or {})[CLIENT_API_KEY] == newer

    shown.do("Forget", why="it moves to another team")
    expect(shown.page.get_by_text("acme: forgotten.")).to_be_visible()
    expect(InstanceList(shown.page).open().row("acme")).to_have_count(0)
    assert found_on(railway).projects == ["luthien-acme"]


def test_a_deletion_is_scheduled_and_cancelled_and_the_next_one_carried_out(
    browse: Browse,
    administrator: User,
    railway: LocalRailway,
    stand: Stand,
    start_worker: StartWorker,
    picture: TakePicture,
) -> None:
    instance = stand()
    project = railway.world.projects[instance.project_id]
    former = project.description
    start_worker()
    shown = InstancePage(browse(administrator)).open(instance)

    carry_through(shown, instance, "Schedule deletion", why="the trial is over")
    expect(shown.glance).to_contain_text("(in 6d 23h), unless that is cancelled.")
    picture(shown.page, "instance-life")
    listed = InstanceList(shown.page).open()
    expect(listed.row("acme")).to_contain_text("deleting in 6d 23h")
    assert project.description.startswith("deletion-scheduled:")

    shown.open(instance)
    carry_through(shown, instance, "Cancel deletion")
    expect(shown.glance).to_contain_text("Running")
    assert project.description == former

    expect(shown.ask_for("Delete now")).to_contain_text(instance.project_id)
    picture(shown.page, "delete")
    shown.confirm("Delete now", typed="Acme", why="nobody needs it")
    asked = AskingPage(shown.page)
    expect(asked.alert).to_have_text("Type exactly: acme")
    assert not Operation.objects.filter(kind=Operation.Kind.DELETE).exists()
    assert found_on(railway).projects == ["luthien-acme"]

    asked.confirm("Delete now", typed="acme")
    OperationPage(shown.page).shows("Succeeded")
    assert found_on(railway) == NOTHING
    expect(InstanceList(shown.page).open().row("acme")).to_have_count(0)
    expect(shown.open(instance).glance).to_contain_text("Deleted")
    expect(shown.buttons).to_have_count(0)
    asked_for = "ada Delete asked for by ada: nobody needs it"
    expect(shown.history.filter(has_text=asked_for)).to_have_count(1)
