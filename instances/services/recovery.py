"""What a person can do about an operation: cancel, resume, roll back, give up."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from instances import queue, timing
from instances.exceptions import NotPossible
from instances.models import Instance, LogLine, Operation, Step
from instances.operations import places
from instances.operations.turn import add_rollback
from instances.services import people
from instances.services.dispatch import PLANS
from instances.services.people import Requester
from instances.services.steps.keys import LookAgain
from instances.services.steps.look import LookAtProject
from instances.services.steps.project import CreateProject

State = Operation.State
LOOKS = (LookAtProject.name, LookAgain.name)
ONLY_IN_NEED = "Only an operation that needs attention asks for this."


def why_not_cancel(operation: Operation) -> str:
    """Return why the operation cannot be cancelled now; empty when it can."""
    if operation.state == State.NEEDS_ATTENTION:
        verb = "resume it" if why_not_roll_back(operation) else "roll it back"
        return f"It has stopped already; {verb}, or give it up."
    if not operation.is_moving:
        ending = operation.get_state_display().lower()
        return f"The operation has ended ({ending}); there is nothing to stop."
    if operation.cancel_requested_at:
        return f"{operation.cancelled_by_name} has cancelled it already."
    if operation.rolling_back:
        return "It is rolling back already."
    if operation.past_no_return:
        if operation.kind == Operation.Kind.CREATE:
            return "It is past its point of no return: the repository is connected."
        return "It is past its point of no return: it may have changed something on Railway."
    return ""


def why_not_resume(operation: Operation) -> str:
    if operation.state != State.NEEDS_ATTENTION:
        return ONLY_IN_NEED
    return ""


def why_not_roll_back(operation: Operation) -> str:
    if operation.state != State.NEEDS_ATTENTION:
        return ONLY_IN_NEED
    if operation.rolling_back:
        return "It is rolling back already; resume to try again."
    if not PLANS[operation.kind].rollback:
        return "It has nothing that could be rolled back: resume it, or give it up."
    return ""


def why_not_give_up(operation: Operation) -> str:
    if operation.state != State.NEEDS_ATTENTION:
        return ONLY_IN_NEED
    return ""


def advice(operation: Operation) -> str:
    """Return what a person should do next; empty when there is nothing to do."""
    if operation.state == State.NEEDS_ATTENTION:
        return _advice_in_need(operation)
    if operation.state != State.FAILED:
        return ""
    if operation.kind != Operation.Kind.CREATE:
        return "Put right what the message names, then ask for it again."
    return _advice_after_create(operation)


def _advice_after_create(operation: Operation) -> str:
    """Decide by the operation's own record: its instance may have gone on since."""
    steps = operation.steps.all()
    back = [step for step in steps if step.rollback]
    again = "Put right what the message names, then create the instance again."
    if back and all(step.state == Step.State.DONE for step in back):
        return f"What was made is removed again, and the name is free. {again}"
    project = next(step for step in steps if step.name == CreateProject.name)
    if project.fact("project_id"):
        return "The project was kept as it stands: look at it on Railway to find the cause."
    if project.attempt_at:
        name = operation.instance.project_name
        found = f"Whether Railway has made its project is not known: look for {name} there."
    else:
        found = "Nothing was made on Railway."
    is_held = operation.instance.status != Instance.Status.DELETED
    free = " Forget the instance: that frees its name." if is_held else ""
    return f"{found}{free} {again}"


def _advice_in_need(operation: Operation) -> str:
    resume = "Look at the project on Railway. Then resume (it goes on at the step that stopped),"
    if why_not_roll_back(operation):
        back = ""
    elif operation.kind == Operation.Kind.CREATE:
        back = " roll back (what is proven to be ours is removed),"
    else:
        back = " roll back (what it has changed is put back),"
    return f"{resume}{back} or give up (all stays as it is)."


@transaction.atomic
def cancel(operation: Operation, requester: Requester) -> None:
    """
    Ask for the operation to stop at the next step and be undone.

    One guarded UPDATE, which loses against the point of no return: raise NotPossible.
    """
    now = timezone.now()
    stoppable = Operation.objects.filter(
        pk=operation.pk,
        state__in=State.moving(),
        past_no_return=False,
        rolling_back=False,
        cancel_requested_at=None,
    )
    if not stoppable.update(cancel_requested_at=now, cancelled_by_name=requester.name):
        operation.refresh_from_db()
        raise NotPossible(why_not_cancel(operation) or "It has just moved on; look again.")
    Operation.objects.filter(pk=operation.pk, state__in=State.idle()).update(due_at=now)
    _note(operation, requester, "cancelled")
    queue.nudge(operation.pk)


def resume(operation: Operation, requester: Requester) -> None:
    """Go on at the first unfinished step, with a new budget. Raise NotPossible."""
    _take_up(operation, requester, "resumed", why_not_resume(operation))


def roll_back(operation: Operation, requester: Requester) -> None:
    """Undo what the operation's own record proves that it made. Raise NotPossible."""
    refusal = why_not_roll_back(operation)
    _take_up(operation, requester, "rolled back", refusal, rolling_back=True)


@transaction.atomic
def give_up(operation: Operation, requester: Requester) -> None:
    """End the operation as it stands; what it left on Railway stays there. Raise NotPossible."""
    if refusal := why_not_give_up(operation):
        raise NotPossible(refusal)
    _leave_attention(operation, state=State.FAILED, finished_at=timezone.now())
    PLANS[operation.kind].kept(operation)
    _note(operation, requester, "given up")


@transaction.atomic
def _take_up(
    operation: Operation, requester: Requester, verb: str, refusal: str, **changes: Any
) -> None:
    if refusal:
        raise NotPossible(refusal)
    if not (operation.rolling_back or changes.get("rolling_back")):
        # A cancel that came too late to be seen is taken back by whoever resumes.
        changes |= {"message": "", "cancel_requested_at": None, "cancelled_by_name": ""}
    # Whoever sees to a single one asks for it singly.
    changes["is_bulk"] = requester.for_many
    _leave_attention(operation, state=State.QUEUED, due_at=timezone.now(), **changes)
    # Whether it may be changed is looked at anew; what is made by a create stays made.
    if operation.kind != Operation.Kind.CREATE:
        looks = operation.steps.filter(name__in=LOOKS, state=Step.State.DONE)
        looks.filter(rollback=operation.rolling_back).update(state=Step.State.PENDING)
    for step in operation.steps.exclude(state__in=[Step.State.DONE, Step.State.SKIPPED]):
        _give_new_budget(step)
    if changes.get("rolling_back"):
        add_rollback(operation, PLANS[operation.kind])
    _note(operation, requester, verb)
    operation.is_bulk = requester.for_many
    places.begin(operation, usual=PLANS[operation.kind].usual, timing=timing.current())


def _give_new_budget(step: Step) -> None:
    """Let the step wait and try anew; what is in doubt stays in doubt."""
    step.budget_from = step.answered_at = step.finished_at = None
    step.setbacks, step.not_made = 0, step.attempts
    step.facts.pop("excused", None)
    step.save(
        update_fields=[
            *("budget_from", "answered_at", "finished_at", "setbacks", "not_made", "facts")
        ]
    )


def _leave_attention(operation: Operation, **changes: Any) -> None:
    """One guarded UPDATE, so that of two people who decide at once one is refused."""
    waiting = Operation.objects.filter(pk=operation.pk, state=State.NEEDS_ATTENTION)
    if not waiting.update(**changes):
        raise NotPossible("Somebody else has just dealt with it; look again.")
    for name, value in changes.items():
        setattr(operation, name, value)


def _note(operation: Operation, requester: Requester, verb: str) -> None:
    text = f"{requester.name} has {verb} the operation."
    LogLine.objects.create(operation=operation, text=text)
    people.note_steering(operation, requester, verb)
