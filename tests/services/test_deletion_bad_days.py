"""
What a deletion does when Railway, the network or a worker do not do their part.

Whatever happens, the row says what Railway says, and nothing is deleted of which id, name
and ownership do not agree.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from instances.exceptions import NotPossible
from instances.models import Instance, Operation
from instances.services import adoption, credentials, deletion, dispatch
from instances.services.people import Requester
from instances.simulator import projects
from instances.simulator.faults import Fault, Stage
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.conftest import Stand, carry_out
from tests.killing import kill_worker
from tests.standing import read_anew

pytestmark = pytest.mark.django_db

Status = Instance.Status
State = Operation.State
DISCOVERED = Instance.Ownership.DISCOVERED
DUE = "deletion-scheduled:2026-01-01T00:00:00+00:00"

Ask = Callable[[Instance, Requester], Operation]


@dataclass(frozen=True)
class Case:
    """
    What is asked for, by which change it is done, and what row and Railway say in the end.

    `begins` and `ends`: what Railway says, in the words of `on_railway`.
    """

    ask: Ask
    change: str
    begins: str
    ends: str
    status: Status
    reaps_at_once: bool = False


def schedule(instance: Instance, requester: Requester) -> Operation:
    return deletion.schedule(instance, requester, reason="the trial is over")


def delete(instance: Instance, requester: Requester) -> Operation:
    return deletion.delete(instance, requester, reason="asked for")


def adopt(instance: Instance, requester: Requester) -> Operation:
    return adoption.adopt(instance, requester, reason="from the old tool")


CASES = {
    "schedule": Case(schedule, "projectUpdate", "there", "tagged", Status.DELETION_SCHEDULED),
    "cancel": Case(deletion.cancel, "projectUpdate", "tagged", "there", Status.RUNNING),
    "restore": Case(
        deletion.cancel, "projectScheduleDeleteCancel", "going", "there", Status.RUNNING
    ),
    "delete": Case(delete, "projectDelete", "there", "gone", Status.DELETED),
    "hasten": Case(delete, "projectScheduleDeleteForce", "going", "gone", Status.DELETED),
    "reap": Case(deletion.reap, "projectScheduleDelete", "tagged", "going", Status.DELETING),
    "reap_at_once": Case(
        deletion.reap, "projectDelete", "tagged", "gone", Status.DELETED, reaps_at_once=True
    ),
}
DELETING = ["delete", "hasten", "reap", "reap_at_once"]


class Scene:
    """One instance in the state where its case begins."""

    def __init__(self, case: Case, instance: Instance, railway: LocalRailway, by: Requester):
        self.case = case
        self.instance = instance
        self.railway = railway
        self._by = by
        self._asked = 0

    @property
    def project(self) -> Project:
        return self.railway.world.projects[self.instance.project_id]

    @property
    def status(self) -> str:
        self.instance.refresh_from_db()
        return self.instance.status

    @property
    def on_railway(self) -> str:
        """Return "there", "tagged", "going" (it can be brought back) or "gone"."""
        project = self.project
        if project.removed_at is not None:
            is_over = project.removed_at <= self.railway.world.now()
            return "gone" if is_over else "going"
        return "tagged" if "deletion-scheduled:" in project.description else "there"

    @property
    def changes(self) -> int:
        """Return how often the case's change was asked for."""
        return [request.operation for request in self.railway.requests].count(self.case.change)

    def ask(self) -> Operation:
        return self.case.ask(self.instance, self._by)

    def asked_and_stopped_by(self, *faults: Fault) -> Operation:
        """Ask, and carry it on to where the faults have it wait."""
        self.railway.faults.add(*faults)
        operation = self.ask()
        dispatch.advance(operation.pk)
        operation.refresh_from_db()
        assert operation.state == State.WAITING, operation.message
        return operation

    def assert_done(self, operation: Operation) -> None:
        assert operation.state == State.SUCCEEDED, operation.message
        assert (self.status, self.on_railway) == (self.case.status, self.case.ends)


@pytest.fixture
def scale() -> float:
    return 0.005


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    stand: Stand,
    railway: LocalRailway,
    requester: Requester,
    settings: Any,
) -> Scene:
    case = CASES[request.param]
    settings.REAP_IMMEDIATELY = case.reaps_at_once
    instance = stand(address=False, description=DUE if case.begins == "tagged" else None)
    if case.begins == "going":
        projects.schedule_deletion(railway.world, railway.world.projects[instance.project_id])
        read_anew(instance)
    found = Scene(case, instance, railway, requester)
    assert found.on_railway == case.begins
    return found


every_case = pytest.mark.parametrize("scene", CASES, indirect=True)
every_deletion = pytest.mark.parametrize("scene", DELETING, indirect=True)


@pytest.fixture
def found(stand: Stand) -> Instance:
    """An instance that was only discovered."""
    return stand(address=False, ownership=DISCOVERED)


# What passes by itself.


@every_case
def test_on_a_good_day_it_is_done_once(scene: Scene) -> None:
    operation = carry_out(scene.ask())

    scene.assert_done(operation)
    assert scene.changes == 1


@every_case
@pytest.mark.parametrize(
    "refusal",
    [
        {"action": "error", "message": "Endpoint too recently updated"},
        {"action": "error", "message": "Problem processing request"},
        {"action": "status", "status": 429, "retry_after": 0},
        {"action": "cut"},
        {"action": "html"},
    ],
    ids=lambda refusal: refusal.get("message") or refusal["action"],
)
def test_what_was_refused_or_never_arrived_is_done_a_little_later(
    scene: Scene, refusal: dict[str, Any]
) -> None:
    scene.railway.faults.add(Fault(scene.case.change, **refusal))

    operation = carry_out(scene.ask())

    scene.assert_done(operation)
    assert scene.changes == 2


@pytest.mark.parametrize("scene", DELETING, indirect=True)
def test_a_token_that_may_not_delete_is_told_at_once(scene: Scene) -> None:
    scene.railway.faults.add(Fault(scene.case.change, "error", message="Not Authorized"))

    operation = carry_out(scene.ask())

    assert operation.state == State.FAILED
    assert operation.message.endswith("Perhaps the token may not delete projects.")
    assert scene.on_railway == scene.case.begins


@every_case
def test_a_railway_that_is_away_for_a_while_is_waited_for(scene: Scene) -> None:
    scene.railway.faults.add(Fault("*", "status", status=503, times=3))

    scene.assert_done(carry_out(scene.ask()))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("project", "cut", times=4),
        Fault("environment", "error", message="Problem processing request"),
        Fault("variables", "error", message="Problem processing request", times=2),
        Fault("variables", "html"),
        Fault("variables", "status", status=429, retry_after=0),
    ],
    ids=lambda fault: f"{fault.operation}-{fault.message or fault.action}",
)
def test_an_adoption_waits_for_what_cannot_be_read_for_the_moment(
    found: Instance, railway: LocalRailway, requester: Requester, fault: Fault
) -> None:
    railway.faults.add(fault)

    operation = carry_out(adopt(found, requester))

    found.refresh_from_db()
    assert operation.state == State.SUCCEEDED, operation.message
    assert found.ownership == Instance.Ownership.ADOPTED
    assert len(credentials.of(found)) == 3


# What was done although it failed.


@every_case
@pytest.mark.parametrize("action", ["cut", "html"])
def test_what_was_done_although_its_answer_was_lost_is_not_done_again(
    scene: Scene, action: str
) -> None:
    scene.railway.faults.add(Fault(scene.case.change, action, stage="after"))

    operation = carry_out(scene.ask())

    scene.assert_done(operation)
    assert scene.changes == 1


@pytest.mark.parametrize("scene", ["schedule", "cancel", "restore", "reap"], indirect=True)
def test_what_was_done_although_it_was_refused_is_not_done_again(scene: Scene) -> None:
    scene.railway.faults.add(Fault(scene.case.change, "error_after"))

    operation = carry_out(scene.ask())

    scene.assert_done(operation)
    assert scene.changes == 1


@every_case
def test_a_railway_that_goes_away_with_the_answer_is_waited_for(scene: Scene) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut", stage="after"))
    scene.railway.faults.add(Fault("*", "status", status=503, times=3))

    carry_out(operation)

    scene.assert_done(operation)
    assert scene.changes == 1


@pytest.mark.parametrize("scene", ["reap"], indirect=True)
@pytest.mark.parametrize("message", ["Not Authorized", "Project not found"])
def test_what_is_not_shown_once_it_is_scheduled_is_going_and_not_yet_gone(
    scene: Scene, message: str
) -> None:
    scene.railway.faults.add(Fault("project", "error", message=message, skip=2))

    scene.assert_done(carry_out(scene.ask()))


# A worker that dies.


@every_case
@pytest.mark.parametrize("stage", ["before", "after"])
def test_another_worker_finishes_what_a_dead_one_has_begun(scene: Scene, stage: Stage) -> None:
    operation = scene.ask()
    kill_worker(operation, scene.railway, scene.case.change, stage)

    carry_out(operation)

    scene.assert_done(operation)


@every_case
def test_a_worker_that_dies_while_looking_has_changed_nothing(scene: Scene) -> None:
    operation = scene.ask()
    before = copy.deepcopy(scene.project)

    kill_worker(operation, scene.railway, "project", "after", skip=1)

    assert scene.project == before
    scene.assert_done(carry_out(operation))


@pytest.mark.parametrize("call", ["variables", "environment"])
def test_an_adoption_whose_worker_died_takes_each_key_over_once(
    found: Instance, railway: LocalRailway, requester: Requester, call: str
) -> None:
    operation = adopt(found, requester)
    kill_worker(operation, railway, call, "after", skip=call == "environment")

    carry_out(operation)

    found.refresh_from_db()
    assert operation.state == State.SUCCEEDED, operation.message
    assert found.is_ours
    assert found.credentials.count() == 3


# What does not pass.


def vanish(railway: LocalRailway, project: Project) -> None:
    railway.vanish(project.id)


def delete_there(railway: LocalRailway, project: Project) -> None:
    projects.delete(railway.world, project)


@every_case
@pytest.mark.parametrize("go", [vanish, delete_there])
def test_a_project_that_went_behind_our_back_leaves_the_row_as_it_was(
    scene: Scene, go: Callable[[LocalRailway, Project], None]
) -> None:
    status = scene.status
    operation = scene.ask()
    go(scene.railway, scene.project)

    carry_out(operation)

    assert operation.state == State.FAILED
    assert "Railway does not show the project of acme" in operation.message
    assert scene.status == status
    assert scene.changes == 0


@pytest.mark.parametrize("go", [vanish, delete_there])
def test_what_has_gone_cannot_be_adopted(
    found: Instance,
    railway: LocalRailway,
    requester: Requester,
    go: Callable[[LocalRailway, Project], None],
) -> None:
    operation = adopt(found, requester)
    go(railway, railway.world.projects[found.project_id])

    carry_out(operation)

    found.refresh_from_db()
    assert operation.state == State.FAILED
    assert found.ownership == DISCOVERED
    assert not found.credentials.exists()


@pytest.mark.parametrize("scene", ["delete", "hasten", "reap_at_once"], indirect=True)
def test_a_project_that_somebody_else_deletes_after_our_call_was_lost_is_gone(
    scene: Scene,
) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut"))
    projects.delete(scene.railway.world, scene.project)

    carry_out(operation)

    scene.assert_done(operation)
    assert scene.changes == 1


@pytest.mark.parametrize("scene", ["schedule", "reap"], indirect=True)
def test_a_project_that_is_gone_after_a_lost_call_is_left_to_a_person(scene: Scene) -> None:
    status = scene.status
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut"))
    projects.delete(scene.railway.world, scene.project)

    carry_out(operation)

    assert operation.state == State.NEEDS_ATTENTION
    assert scene.status == status


def test_what_railway_is_deleting_meanwhile_is_not_tagged(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand(address=False)
    operation = schedule(instance, requester)
    project = railway.world.projects[instance.project_id]
    projects.schedule_deletion(railway.world, project)

    carry_out(operation)

    assert operation.state == State.FAILED
    assert operation.message == "Railway is deleting the project of acme already."
    assert project.description == "Luthien Proxy instance: acme"


@every_case
def test_without_a_valid_token_nothing_is_done(scene: Scene, settings: Any) -> None:
    status, before = scene.status, copy.deepcopy(scene.project)
    operation = scene.ask()
    settings.RAILWAY_API_TOKEN = "a-token-that-was-revoked"

    carry_out(operation)

    assert operation.state == State.FAILED
    assert operation.message.startswith("Railway no longer accepts the token (RAILWAY_API_TOKEN)")
    assert scene.status == status
    assert scene.project == before


def test_without_a_valid_token_nothing_is_adopted(
    found: Instance, requester: Requester, settings: Any
) -> None:
    operation = adopt(found, requester)
    settings.RAILWAY_API_TOKEN = "a-token-that-was-revoked"

    carry_out(operation)

    found.refresh_from_db()
    assert operation.state == State.FAILED
    assert "no longer accepts the token" in operation.message
    assert found.ownership == DISCOVERED


@every_case
def test_what_railway_forbids_is_told_in_its_words(scene: Scene) -> None:
    status, before = scene.status, copy.deepcopy(scene.project)
    fault = Fault(scene.case.change, "error", message="This project has been locked")
    scene.railway.faults.add(fault)

    operation = carry_out(scene.ask())

    assert operation.state == State.FAILED
    assert operation.message == "Railway answered: This project has been locked"
    assert scene.status == status
    assert scene.project == before


@every_deletion
def test_a_token_that_may_not_delete_is_told(scene: Scene) -> None:
    status = scene.status
    scene.railway.faults.add(Fault(scene.case.change, "error", message="Not Authorized"))

    operation = carry_out(scene.ask())

    assert operation.state == State.FAILED
    assert operation.message.endswith("Perhaps the token may not delete projects.")
    assert (scene.status, scene.on_railway) == (status, scene.case.begins)


@every_case
def test_whether_it_was_done_is_asked_of_a_person_when_no_answer_ever_comes(scene: Scene) -> None:
    status = scene.status
    scene.railway.faults.add(Fault(scene.case.change, "cut", times=None))

    operation = carry_out(scene.ask())

    assert operation.state == State.NEEDS_ATTENTION
    assert "it is not known whether it was done" in operation.message
    assert (scene.status, scene.on_railway) == (status, scene.case.begins)


# What must never be touched.


def rename(scene: Scene, settings: Any) -> None:
    scene.railway.edit(scene.project.id, name="luthien-theirs")


def disown(scene: Scene, settings: Any) -> None:
    Instance.objects.filter(pk=scene.instance.pk).update(ownership=DISCOVERED)


def protect_its_name(scene: Scene, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-acme"]


def be_our_own(scene: Scene, settings: Any) -> None:
    settings.RAILWAY_OWN_PROJECT_ID = scene.project.id


def rename_to_a_protected_one(scene: Scene, settings: Any) -> None:
    settings.PROTECTED_PROJECTS = ["luthien-proxy"]
    scene.railway.edit(scene.project.id, name="luthien-proxy")


TAMPERING = [rename, disown, protect_its_name, be_our_own, rename_to_a_protected_one]

Tamper = Callable[[Scene, Any], None]

whatever_was_changed = pytest.mark.parametrize("tamper", TAMPERING)


def assert_left_alone(scene: Scene, operation: Operation, tamper: Tamper, settings: Any) -> None:
    """Tamper, carry the operation on, and see that neither project nor row were changed."""
    tamper(scene, settings)
    status, before = scene.status, copy.deepcopy(scene.project)

    carry_out(operation)

    assert operation.state == State.FAILED
    assert "left alone" in operation.message
    assert scene.project == before
    assert scene.status == status


@every_case
@whatever_was_changed
def test_what_does_not_agree_any_more_when_work_begins_is_left_alone(
    scene: Scene, settings: Any, tamper: Tamper
) -> None:
    assert_left_alone(scene, scene.ask(), tamper, settings)


@every_deletion
@whatever_was_changed
def test_what_does_not_agree_any_more_directly_before_the_call_is_left_alone(
    scene: Scene, settings: Any, tamper: Tamper
) -> None:
    look = Fault("project", "error", message="Problem processing request", skip=1)

    operation = scene.asked_and_stopped_by(look)

    assert operation.steps.get(name="project").is_finished
    assert_left_alone(scene, operation, tamper, settings)


@every_deletion
@pytest.mark.parametrize("tamper", [rename, disown])
def test_what_does_not_agree_any_more_is_not_deleted_at_the_second_try(
    scene: Scene, settings: Any, tamper: Tamper
) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut"))

    assert_left_alone(scene, operation, tamper, settings)


@every_deletion
@whatever_was_changed
def test_what_does_not_agree_any_more_is_not_deleted_by_whoever_takes_over(
    scene: Scene, settings: Any, tamper: Tamper
) -> None:
    operation = scene.ask()
    kill_worker(operation, scene.railway, scene.case.change, "before")

    assert_left_alone(scene, operation, tamper, settings)


def let_go_while_held(scene: Scene) -> None:
    """Have a sync or a person in another process change the row during a call."""
    if scene.railway.faults.wait_held(20):
        disown(scene, None)
        connection.close()
    scene.railway.faults.release()


@pytest.mark.django_db(transaction=True)
@every_deletion
def test_what_is_let_go_of_while_railway_answers_is_left_alone(scene: Scene) -> None:
    operation = scene.ask()
    scene.railway.faults.add(Fault("project", "hold", stage="after", skip=1))
    other = threading.Thread(target=let_go_while_held, args=(scene,))
    other.start()

    carry_out(operation)
    other.join()

    assert operation.state == State.FAILED
    assert "was only discovered here and is left alone" in operation.message
    assert scene.on_railway == scene.case.begins


@every_case
def test_a_row_that_names_somebody_elses_project_does_it_no_harm(scene: Scene) -> None:
    theirs = scene.railway.add_project("theirs", services=["web"])
    before = copy.deepcopy(theirs)
    operation = scene.ask()
    Instance.objects.filter(pk=scene.instance.pk).update(project_id=theirs.id)

    carry_out(operation)

    assert operation.state == State.FAILED
    assert "is named theirs, not luthien-acme, so it is left alone" in operation.message
    assert theirs == before


@every_case
@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (disown, "only discovered on Railway. Adopt it first"),
        (protect_its_name, "is protected: nobody can change it"),
        (be_our_own, "is protected: nobody can change it"),
    ],
)
def test_what_is_not_ours_or_protected_cannot_even_be_asked_for(
    scene: Scene, settings: Any, tamper: Tamper, sentence: str
) -> None:
    tamper(scene, settings)
    asked = len(scene.railway.requests)

    with pytest.raises(NotPossible, match=sentence):
        scene.ask()

    assert not Operation.objects.exists()
    assert len(scene.railway.requests) == asked


def test_what_is_protected_by_the_time_of_its_adoption_does_not_become_ours(
    found: Instance, requester: Requester, settings: Any
) -> None:
    operation = adopt(found, requester)
    settings.RAILWAY_OWN_PROJECT_ID = found.project_id

    carry_out(operation)

    found.refresh_from_db()
    assert operation.state == State.FAILED
    assert "is protected" in operation.message
    assert found.ownership == DISCOVERED
    assert not found.credentials.exists()


def test_what_becomes_protected_while_it_is_adopted_keeps_its_keys_to_itself(
    found: Instance, railway: LocalRailway, requester: Requester, settings: Any
) -> None:
    operation = adopt(found, requester)
    railway.faults.add(Fault("project", "error", message="Problem processing request", skip=1))
    dispatch.advance(operation.pk)
    settings.PROTECTED_PROJECTS = ["luthien-acme"]

    carry_out(operation)

    found.refresh_from_db()
    assert operation.state == State.FAILED
    assert found.ownership == DISCOVERED
    assert not found.credentials.exists()


# Doubt, and what is seen after it.


@pytest.mark.parametrize("scene", ["delete", "hasten", "reap_at_once"], indirect=True)
def test_what_was_deleted_although_it_was_refused_is_deleted_here_too(scene: Scene) -> None:
    scene.railway.faults.add(Fault(scene.case.change, "error_after"))

    scene.assert_done(carry_out(scene.ask()))


@pytest.mark.parametrize("scene", ["hasten"], indirect=True)
def test_what_railway_can_still_bring_back_is_not_deleted_here(scene: Scene) -> None:
    scene.railway.faults.add(
        Fault("projectScheduleDeleteForce", "cut"),
        Fault("project", "error", message="Not Authorized", skip=2),
    )

    scene.assert_done(carry_out(scene.ask()))


@pytest.mark.parametrize("scene", ["delete"], indirect=True)
def test_what_somebody_else_scheduled_after_our_call_was_lost_is_deleted_now(scene: Scene) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut"))
    projects.schedule_deletion(scene.railway.world, scene.project)

    scene.assert_done(carry_out(operation))


@pytest.mark.parametrize("scene", ["reap"], indirect=True)
def test_a_deletion_that_has_begun_is_not_said_to_be_called_off(scene: Scene) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut", stage="after"))
    scene.railway.edit(scene.project.id, description="Demo")

    carry_out(operation)

    assert (operation.state, scene.status) == (State.SUCCEEDED, Status.DELETING)


@pytest.mark.parametrize("scene", ["schedule"], indirect=True)
def test_what_may_have_been_done_is_not_said_to_be_not_done(scene: Scene) -> None:
    scene.railway.faults.add(
        Fault(scene.case.change, "cut", stage="after"),
        Fault("project", "error", message="Not Authorized", skip=2),
    )

    scene.assert_done(carry_out(scene.ask()))


@pytest.mark.parametrize("scene", ["delete", "reap", "schedule"], indirect=True)
def test_a_token_refused_after_a_lost_call_leaves_the_outcome_to_a_person(
    scene: Scene,
) -> None:
    operation = scene.asked_and_stopped_by(Fault(scene.case.change, "cut", stage="after"))
    scene.railway.faults.add(
        Fault("project", "error", message="Not Authorized", times=None),
        Fault("apiToken", "error", message="Not Authorized", times=None),
    )

    carry_out(operation)

    assert operation.state == State.NEEDS_ATTENTION, operation.message
