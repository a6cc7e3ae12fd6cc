"""A database that is put back as it was an hour ago: nothing is lost on Railway, or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from instances import timing
from instances.gateway_variables import ADMIN_API_KEY
from instances.models import Instance, LogLine, Operation
from instances.operations.plan import STOOD_STILL
from instances.services import (
    access,
    adoption,
    creation,
    deletion,
    dispatch,
    people,
    reaping,
    recovery,
    redeployment,
    rotation,
    sync,
)
from instances.services.creation import Wish
from instances.services.difference import KEYS_DIFFER
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests import death
from tests.conftest import Stand, StartWorker, carry_out, run_until
from tests.restoring import Backup, a_backup_at_each_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(170)]

State = Operation.State
Status = Instance.Status
Ask = Callable[[Instance, Requester], Operation]


def run_sync() -> None:
    with access.railway(timing.current()) as client:
        sync.run(client)


def run_reap() -> reaping.Report:
    with access.railway(timing.current()) as client:
        return reaping.run(client, people.cron())


def pictured(railway: LocalRailway) -> dict[str, Any]:
    """Return all that is on the local Railway, what was deleted or replaced included."""
    with railway.world.lock:
        return {
            project.id: {
                "name": project.name,
                "description": project.description,
                "deleted_at": project.deleted_at,
                "services": {
                    service.id: {
                        "name": service.name,
                        "variables": dict(service.variables),
                        "deployments": [deployment.id for deployment in service.deployments],
                        "domains": [domain.host for domain in service.domains],
                    }
                    for service in project.services.values()
                },
            }
            for project in railway.world.projects.values()
        }


def backups_of(operation: Operation) -> list[Backup]:
    """Carry the operation out; return the database as it was at each of its moments."""
    queued = Backup.take()
    with a_backup_at_each_call() as taken:
        carry_out(operation)
    assert operation.state == State.SUCCEEDED, operation.message
    return [queued, *taken]


def goes_on(backup: Backup) -> tuple[str, str, str]:
    """Put the database back and let all come to rest; return how the operation and its row end."""
    backup.put_back()
    operation = Operation.objects.latest("pk")
    carry_out(operation)
    run_sync()
    found = Instance.objects.alive().get()
    return operation.state, found.status, found.ownership


def resumed(requester: Requester) -> Callable[[Backup], str]:
    """Return what puts the database back and has a person resume the operation."""

    def resume(backup: Backup) -> str:
        backup.put_back()
        operation = Operation.objects.latest("pk")
        carry_out(operation)
        recovery.resume(operation, requester)
        carry_out(operation)
        return f"{operation.state}: {operation.message.partition(',')[0].partition(':')[0]}"

    return resume


def test_a_create_that_is_put_back_to_any_moment_makes_nothing_twice(
    railway: LocalRailway, requester: Requester
) -> None:
    backups = backups_of(creation.request(Wish("acme"), requester))
    before = pictured(railway)

    ends = Counter(map(goes_on, backups))

    assert pictured(railway) == before
    # What it does not know to have made was made elsewhere, as far as it can tell.
    assert set(ends) == {
        (State.SUCCEEDED, Status.RUNNING, Instance.Ownership.CREATED),
        (State.FAILED, Status.RUNNING, Instance.Ownership.DISCOVERED),
    }
    assert ends[State.SUCCEEDED, Status.RUNNING, Instance.Ownership.CREATED] > 15


def test_a_create_that_is_put_back_deletes_no_project_when_it_fails(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    backup = Backup.take()
    carry_out(operation)
    before = pictured(railway)
    railway.faults.add(
        Fault("environment", "error", message="Your workspace has been restricted", client="app")
    )

    ended = goes_on(backup)

    operation.refresh_from_db()
    assert pictured(railway) == before
    assert operation.config[STOOD_STILL]
    assert ended[:2] == (State.FAILED, Status.FAILED)


def test_a_roll_back_that_is_put_back_asks_before_it_deletes(
    railway: LocalRailway, requester: Requester
) -> None:
    operation = creation.request(Wish("acme"), requester)
    run_until(operation, step="redis")
    recovery.cancel(operation, requester)
    Backup.take().put_back()
    before = pictured(railway)

    carry_out(operation)

    assert pictured(railway) == before
    assert operation.state == State.NEEDS_ATTENTION
    assert "may be in use by now" in operation.message


def redeploy(instance: Instance, requester: Requester) -> Operation:
    return redeployment.request(instance, requester, same_commit=True)


def rotate(instance: Instance, requester: Requester) -> Operation:
    return rotation.request(instance, requester)


def schedule(instance: Instance, requester: Requester) -> Operation:
    return deletion.schedule(instance, requester, reason="over")


@pytest.mark.parametrize("ask", [redeploy, rotate, schedule])
def test_what_changes_an_instance_waits_for_a_person_after_it_was_put_back(
    stand: Stand, railway: LocalRailway, requester: Requester, ask: Ask
) -> None:
    backups = backups_of(ask(stand(), requester))
    before = pictured(railway)

    ends = {goes_on(backup)[0] for backup in backups}

    assert pictured(railway) == before
    assert ends == {State.NEEDS_ATTENTION}
    assert "or the database was put back" in Operation.objects.latest("pk").message


def test_a_deletion_that_somebody_stopped_is_not_carried_out_by_a_database_from_before(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    operation = deletion.delete(stand(), requester, reason="a mistake")
    backup = Backup.take()
    recovery.cancel(operation, requester)
    carry_out(operation)
    before = pictured(railway)

    ended = goes_on(backup)

    assert pictured(railway) == before
    assert ended[:2] == (State.NEEDS_ATTENTION, Status.RUNNING)


def test_keys_that_were_rotated_once_more_are_not_set_back_even_if_somebody_resumes(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    backups = backups_of(rotate(instance, requester))[1:]
    carry_out(rotate(instance, requester))
    before = pictured(railway)

    ends = set(map(resumed(requester), backups))

    assert pictured(railway) == before
    assert ends == {
        f"{State.FAILED}: {ADMIN_API_KEY} on Railway is not the one known here",
        f"{State.NEEDS_ATTENTION}: {ADMIN_API_KEY} on Railway is not one of those known here",
    }


def test_keys_that_do_not_fit_any_more_are_told_of_until_the_instance_is_adopted_anew(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    backup = Backup.take()
    carry_out(rotate(instance, requester))
    backup.put_back()

    carry_out(adoption.sync(instance, requester))
    run_sync()
    instance.refresh_from_db()
    told = instance.problem
    adoption.forget(instance, requester, reason="its keys do not fit")
    run_sync()
    anew = Instance.objects.alive().get()
    carry_out(adoption.adopt(anew, requester, reason="ours"))
    carry_out(adoption.sync(anew, requester))

    assert told == KEYS_DIFFER
    anew.refresh_from_db()
    assert anew.problem == ""
    assert death.deployed_keys(railway, anew) == death.stored_keys(anew)


def test_everything_at_once_converges(
    stand: Stand,
    start_worker: StartWorker,
    railway: LocalRailway,
    requester: Requester,
) -> None:
    scene = Scene(stand, requester)
    foreign = railway.add_project("somebody-elses", services=["web"])
    run_sync()
    backup = Backup.take()
    scene.go_on_for_an_hour()
    before = pictured(railway)

    backup.put_back()
    start_worker()
    until_at_rest()
    reaped = run_reap()
    until_at_rest()
    run_sync()

    assert pictured(railway) == before
    assert foreign.id in before
    assert reaped.operations == []
    assert scene.rows() == RESTED


# Of each row its status, its ownership, and how what was last asked of it stands.
RESTED = {
    "runs": (Status.DELETION_SCHEDULED, Instance.Ownership.CREATED, ""),
    "kept": (Status.RUNNING, Instance.Ownership.CREATED, State.SUCCEEDED),
    "built": (Status.RUNNING, Instance.Ownership.CREATED, State.NEEDS_ATTENTION),
    "rotated": (Status.RUNNING, Instance.Ownership.CREATED, State.NEEDS_ATTENTION),
    "made": (Status.RUNNING, Instance.Ownership.CREATED, State.SUCCEEDED),
    "deleted": (Status.DELETING, Instance.Ownership.CREATED, ""),
    # Of these the older database knows no project: they are there to be adopted.
    "queued": (Status.RUNNING, Instance.Ownership.DISCOVERED, ""),
    "later": (Status.RUNNING, Instance.Ownership.DISCOVERED, ""),
}


class Scene:
    """Instances of which each has something under way when the backup is taken."""

    def __init__(self, stand: Stand, requester: Requester) -> None:
        self.requester = requester
        self.stood = {name: stand(name) for name in ("runs", "rotated", "built", "deleted")}
        self.kept, self.tagged = stand("kept"), self.stood["runs"]
        carry_out(schedule(self.kept, requester))
        self.built = redeploy(self.stood["built"], requester)
        run_until(self.built, step="source")
        self.rotated = rotate(self.stood["rotated"], requester)
        run_until(self.rotated, step="new_keys")
        self.made = creation.request(Wish("made"), requester)
        run_until(self.made, step="databases_ready")
        self.queued = creation.request(Wish("queued"), requester)

    def go_on_for_an_hour(self) -> None:
        for operation in (self.made, self.queued, self.built, self.rotated):
            carry_out(operation)
            assert operation.state == State.SUCCEEDED, death.report(operation)
        later = creation.request(Wish("later"), self.requester)
        gone = deletion.delete(self.stood["deleted"], self.requester, reason="over")
        back = deletion.cancel(self.kept, self.requester)
        once_more = rotate(self.stood["rotated"], self.requester)
        for operation in (later, gone, back, once_more, schedule(self.tagged, self.requester)):
            carry_out(operation)
            assert operation.state == State.SUCCEEDED, death.report(operation)

    def rows(self) -> dict[str, tuple[str, str, str]]:
        """Return of each living row its status, its ownership, and how it was last worked on."""
        return {
            row.name: (row.status, row.ownership, getattr(row.operations.first(), "state", ""))
            for row in Instance.objects.alive()
        }


def until_at_rest() -> None:
    """Sync and sweep as cron does, until nothing moves by itself any more."""
    run_sync()
    dispatch.sweep(seconds=60)
    assert death.is_nothing_moving(), list(LogLine.objects.values_list("text", flat=True))
