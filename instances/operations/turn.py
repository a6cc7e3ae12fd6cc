"""One worker's turn with an operation: which step comes next, and how it all ends."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, InternalError, OperationalError
from django.utils import timezone

from instances import queue
from instances.models import LogLine, Operation, Step
from instances.operations import lease as leases
from instances.operations.plan import CalledOff, NeedsPerson, Permanent, Plan
from instances.operations.run import Run
from instances.operations.visit import Pause, Visit, ways_out

logger = logging.getLogger(__name__)

# The database is away, or has ended our session: the lease decides who goes on.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)


class EngineBug(Exception):
    """A step failed in a way nobody expected. The details are in the log, masked."""


class Turn:
    """From the first unfinished step to a wait or to the end."""

    def __init__(self, run: Run, plan: Plan[Any]) -> None:
        self.run = run
        self.plan = plan

    def take(self) -> None:
        try:
            with self.plan.open_work(self.run) as work:
                pause = self._go_on(work)
        except (leases.LeaseLost, *DATABASE_AWAY):
            raise
        except ImproperlyConfigured as error:
            self._need_person(f"{error} Then resume.")
            return
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever, nor see a secret
            logger.error("%s", self.run.mask(traceback.format_exc()))
            name = type(error).__name__
            self._need_person(f"The app itself failed ({name}); its log has the details.")
            raise EngineBug(f"{name} in step {self.run.step.name}") from None
        if pause:
            self._put_down(pause)

    def take_up_late(self, still: timedelta) -> None:
        """
        Take the first turn after a long standstill: no worker and no cron, or a restored database.

        What it finds may be newer than what it knows. A plan that can find out goes on;
        with any other a person has to look first.
        """
        minutes = int(still.total_seconds() // 60)
        stood = f"Nobody carried it on for {minutes} minutes"
        if self.plan.goes_on_late:
            self.run.note_standstill(f"{stood}, or the database was put back; going on from here.")
            self.take()
        elif self.run.operation.cancel_requested_at:
            # It has changed nothing, so it only has to end.
            self.take()
        else:
            self._need_person(
                f"{stood}: no worker and no cron ran, or the database was put back. What it was to"
                " do may be done already, or not be wanted any more. Look at the project on"
                f" Railway, then {ways_out(self.plan, self.run.operation)}."
            )

    def _go_on(self, work: Any) -> Pause | None:
        """Do one thing after the other, until there is something to wait for or an end."""
        while self.run.operation.is_moving:
            try:
                if pause := self._next(work):
                    return pause
            except NeedsPerson as error:
                self._need_person(str(error))
            except CalledOff as error:
                self._call_off(str(error))
            except Permanent as error:
                self._fail(str(error))
        return None

    def _next(self, work: Any) -> Pause | None:
        """Turn back, take one step, or end."""
        operation = self.run.operation
        operation.refresh_from_db(fields=["cancel_requested_at", "cancelled_by_name"])
        if operation.cancel_requested_at and not operation.rolling_back:
            self._stop(f"Cancelled by {operation.cancelled_by_name}.")
            if not operation.is_moving:
                return None
        step = next((step for step in self.run.steps_now() if not step.is_finished), None)
        if step is None:
            self._end()
            return None
        definition = self.plan.definition(step.name)
        if hold := self.run.pace().hold:
            self.run.enter(step)
            return Visit(self.run, self.plan, definition).wait(hold)
        if definition.point_of_no_return and not self._pass_no_return():
            return None
        self.run.enter(step)
        return Visit(self.run, self.plan, definition).go(work)

    def _pass_no_return(self) -> bool:
        """From here on the operation cannot be cancelled, unless somebody just did."""
        operation = self.run.operation
        if operation.past_no_return:
            return True
        ours = Operation.objects.filter(
            pk=operation.pk, lease_token=self.run.lease.token, cancel_requested_at=None
        )
        if ours.update(past_no_return=True):
            operation.past_no_return = True
            return True
        # Either somebody has cancelled it, or this raises because the lease is lost.
        self.run.lease.extend(0)
        return False

    def _end(self) -> None:
        operation = self.run.operation
        with self.run.lease.guarded():
            if not operation.rolling_back:
                self.plan.succeeded(operation)
                self._finish_as(Operation.State.SUCCEEDED)
                return
            self.plan.undone(operation)
            cancelled = operation.cancel_requested_at is not None
            self._finish_as(Operation.State.CANCELLED if cancelled else Operation.State.FAILED)

    def _fail(self, message: str) -> None:
        operation = self.run.operation
        if operation.rolling_back:
            # What could not be undone stays visible until somebody deals with it.
            self._need_person(message)
            return
        message = self.run.shown(message)
        self.run.fail_step(message)
        self.run.log(message, level=LogLine.Level.ERROR)
        if self.plan.rollback and not self.plan.keeps_on_failure(operation):
            self._turn_back(message)
            return
        with self.run.lease.guarded():
            operation.message = message
            self.plan.kept(operation)
            self._finish_as(Operation.State.FAILED)

    def _stop(self, message: str) -> None:
        """Undo what was done; where the plan has nothing to undo, end here."""
        if self.plan.rollback:
            self._turn_back(message)
        else:
            self._call_off(message)

    def _call_off(self, message: str) -> None:
        """End it before it has changed anything."""
        message = self.run.shown(message)
        self.run.warn(message)
        with self.run.lease.guarded():
            self.run.leave_step()
            self.run.operation.message = message
            self.plan.undone(self.run.operation)
            self._finish_as(Operation.State.CANCELLED)

    def _turn_back(self, message: str) -> None:
        """Undo instead of going on; what is undone, and how far, is the plan's."""
        with self.run.lease.guarded():
            self.run.leave_step()
            self.run.lease.write(rolling_back=True, message=message)
            self.run.operation.rolling_back, self.run.operation.message = True, message
            self.run.steps += add_rollback(self.run.operation, self.plan)
        self.run.warn(f"{message} Rolling back.")

    def _need_person(self, message: str) -> None:
        cause = self._cause_of_rollback() if self.run.operation.rolling_back else ""
        if cause:
            message = f"{message} (It was rolling back, because: {cause})"
        message = self.run.shown(message)
        with self.run.lease.guarded():
            self.run.fail_step(message)
            self.run.log(message, level=LogLine.Level.ERROR)
            self.run.operation.message = message
            self.plan.in_need(self.run.operation)
            self._release(state=Operation.State.NEEDS_ATTENTION, message=message, waiting_for="")

    def _cause_of_rollback(self) -> str:
        forward = (step for step in self.run.steps if not step.rollback)
        return next((s.message for s in forward if s.state == Step.State.FAILED), "")

    def _put_down(self, pause: Pause) -> None:
        operation, reason, due_at = self.run.operation, self.run.shown(pause.reason), pause.until
        with self.run.lease.guarded():
            self.run.wait_in_step(reason)
            operation.refresh_from_db(fields=["cancel_requested_at"])
            if operation.cancel_requested_at and not operation.rolling_back:
                # Somebody has cancelled it during this very turn.
                due_at = timezone.now()
            self.run.lease.watch_after(due_at)
            self._release(
                state=Operation.State.WAITING,
                due_at=due_at,
                expected_at=pause.expected_at,
                waiting_for=reason,
            )
            queue.nudge(operation.pk, at=due_at)

    def _finish_as(self, state: Operation.State) -> None:
        self.run.log(f"The operation has ended: {state.label.lower()}.")
        self._release(
            state=state,
            message=self.run.operation.message,
            finished_at=timezone.now(),
            gate="",
            gate_since=None,
        )

    def _release(self, **changes: Any) -> None:
        if changes["state"] not in Operation.State.moving():
            changes["has_place"] = False
        self.run.lease.write(**leases.release(**changes))
        self.run.operation.state = changes["state"]
        if not self.run.operation.is_moving:
            queue.withdraw(self.run.lease.watch)


def add_rollback(operation: Operation, plan: Plan[Any]) -> list[Step]:
    """Write the steps that undo the operation, after those that it has."""
    after = operation.steps.count()
    return Step.objects.bulk_create(
        Step(
            operation=operation,
            name=definition.name,
            title=definition.title,
            position=after + place,
            rollback=True,
        )
        for place, definition in enumerate(plan.rollback, start=1)
    )
