"""Marking a project for deletion, taking that back, and deleting it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from instances import deletion_tag
from instances.operations.plan import (
    CalledOff,
    Done,
    OutcomeUnknown,
    Permanent,
    StepDefinition,
    Waiting,
)
from instances.railway.client import Project, errors
from instances.services.difference import OVERDUE
from instances.services.lag import READ_LAG
from instances.services.steps.look import (
    TakePicture,
    expect_ours,
    not_shown_yet,
    read_project,
)
from instances.services.steps.project import description
from instances.services.steps.removal import find_listed
from instances.services.steps.work import Work

IMMEDIATE = "immediate"
REAP = "reap"


class WriteTag(StepDefinition[Work]):
    """The tag is the whole description, as the old tool wrote it; what stood there is kept."""

    name = "tag"
    title = "Write the deletion tag"
    point_of_no_return = True

    def observe(self, work: Work) -> Done | None:
        facts = work.run.step.facts
        if "written" in facts:
            return Done()
        project = read_project(work)
        expect_ours(work, project)
        if project.deleted_at is not None:
            raise Permanent(f"Railway is deleting the project of {work.instance} already.")
        due = deletion_tag.scheduled_at(project.description)
        if due and due.isoformat() == facts.get("at"):
            return Done({"written": project.description})
        if due and not work.operation.config["reschedule"]:
            # Asking twice does not move the date; but it must be one that somebody has seen.
            if due <= timezone.now() and due != work.instance.deletion_scheduled_at:
                raise Permanent(
                    f"The project of {work.instance} is tagged on Railway as due since"
                    f" {deletion_tag.date(due)}. Sync it, then cancel that first."
                )
            return Done({"at": due.isoformat(), "written": project.description})
        if "former" not in facts:
            work.run.remember(former=_worth_keeping(project, work))
        return None

    def ensure(self, work: Work) -> None:
        if "at" not in work.run.step.facts:
            # The grace begins when the tag is written, however long that had to wait.
            grace = timedelta(days=work.operation.config["days"])
            work.run.remember(at=(timezone.now() + grace).replace(microsecond=0).isoformat())
        tag = deletion_tag.write(datetime.fromisoformat(work.run.step.fact("at")))
        work.railway.describe_project(work.instance.project_id, tag)
        work.run.record(written=tag)

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        instance = work.instance
        instance.description = facts["written"]
        instance.former_description = facts.get("former", instance.former_description)
        # Now somebody here has asked for it.
        instance.problem = instance.problem.replace(OVERDUE, "").strip()
        instance.save(update_fields=["description", "former_description", "problem"])


def _worth_keeping(project: Project, work: Work) -> str:
    """Return the description to put back: not one that is a tag itself."""
    if deletion_tag.read(project.description):
        return work.instance.former_description or deletion_tag.without(project.description)
    return project.description


class UndoDeletion(StepDefinition[Work]):
    """Take back what Railway has scheduled by itself; within 48 h that is possible."""

    name = "undelete"
    title = "Stop Railway's own deletion"
    point_of_no_return = True

    def observe(self, work: Work) -> Done | Waiting | None:
        project = read_project(work)
        expect_ours(work, project)
        if project.deleted_at is None:
            return Done()
        if work.run.step.fact("asked"):
            return not_shown_yet("Its deletion is stopped")
        return None

    def ensure(self, work: Work) -> None:
        if not work.railway.cancel_deletion(work.instance.project_id):
            raise Permanent(f"Railway did not stop the deletion of {work.instance}, nor say why.")
        work.run.record(asked=True)


class PutDescriptionBack(StepDefinition[Work]):
    """A due tag must not stay: the next reap would delete again."""

    name = "untag"
    title = "Put the description back"
    point_of_no_return = True

    def observe(self, work: Work) -> Done | None:
        if "written" in work.run.step.facts:
            return Done()
        project = read_project(work)
        expect_ours(work, project)
        if deletion_tag.read(project.description) is None:
            return Done({"written": project.description})
        if "former" not in work.run.step.facts:
            work.run.remember(removed=project.description)
            kept = work.instance.former_description or deletion_tag.without(project.description)
            work.run.remember(former=kept or description(work.instance))
        return None

    def ensure(self, work: Work) -> None:
        former = work.run.step.fact("former")
        work.railway.describe_project(work.instance.project_id, former)
        work.run.record(written=former)

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        instance = work.instance
        instance.description, instance.former_description = facts["written"], ""
        instance.save(update_fields=["description", "former_description"])


class PictureWithoutTag(TakePicture):
    """What Railway shows may lag behind what was written just now: never store that tag anew."""

    def observe(self, work: Work) -> Done | Waiting:
        begun = work.run.step.budget_from
        done = super().observe(work)
        untagging = work.run.facts(PutDescriptionBack.name)
        if work.picture is None or work.picture.description != untagging.get("removed"):
            return done
        if begun and work.run.seconds_since(begun) < work.scaled(READ_LAG):
            return not_shown_yet("The description is put back")
        work.picture = replace(work.picture, description=untagging["written"])
        return done


class DeleteProject(StepDefinition[Work]):
    """
    Delete it at once, or have Railway do so in 48 h.

    The project is read by its id directly before: id, name and ownership must agree, and
    for a reap the tag at Railway must be due at that moment.
    """

    name = "delete"
    title = "Delete the Railway project"
    absent_after = 60.0
    tries = 5
    point_of_no_return = True

    def observe(self, work: Work) -> Done | Waiting | None:
        if self._is_immediate(work):
            return self._look_immediate(work)
        if work.run.step.fact("deleted"):
            return self._look_scheduled(work)
        if work.run.step.attempts and (seen := read_project(work)).deleted_at is not None:
            # A call without an answer was carried out, whatever the tag says by now.
            return Done({"gone_at": seen.deleted_at.isoformat()})
        project = self._expect_wanted(work)
        if project.deleted_at is not None:
            return Done({"gone_at": project.deleted_at.isoformat()})
        return None

    def ensure(self, work: Work) -> None:
        is_first = work.run.step.attempts == 0
        try:
            done = self._delete(work)
        except (errors.RailwayNotFound, errors.RailwayUnauthorized) as error:
            if is_first:
                # It was read directly before, so it is there, and the token works.
                raise Permanent(f"{error} Perhaps the token may not delete projects.") from None
            # An earlier call without an answer may have been carried out after all.
            raise OutcomeUnknown(str(error)) from None
        if not done:
            raise Permanent(f"Railway did not delete the project of {work.instance}, nor say why.")
        work.run.record(deleted=True)

    def _delete(self, work: Work) -> bool:
        project_id = work.instance.project_id
        if not self._is_immediate(work):
            return work.railway.schedule_deletion(project_id)
        if work.run.step.fact("is_scheduled"):
            return work.railway.hasten_deletion(project_id)
        return work.railway.delete_project(project_id)

    def _is_immediate(self, work: Work) -> bool:
        return bool(work.operation.config["mode"] == IMMEDIATE)

    def _look_immediate(self, work: Work) -> Done | None:
        if work.run.step.fact("deleted"):
            return Done()
        if work.run.step.attempts and self._is_gone(work):
            return Done()
        project = self._expect_wanted(work)
        work.run.remember(is_scheduled=project.deleted_at is not None)
        return None

    def _look_scheduled(self, work: Work) -> Done | Waiting:
        try:
            project = work.railway.project(work.instance.project_id)
        except (errors.RailwayNotFound, errors.RailwayUnauthorized):
            # Railway has said that it deletes it, and does not show it any more.
            return Done()
        if project.deleted_at is None:
            return not_shown_yet("Its deletion is scheduled")
        return Done({"gone_at": project.deleted_at.isoformat()})

    def _is_gone(self, work: Work) -> bool:
        """
        Look whether a call without an answer was carried out.

        What Railway will only delete in 48 h is not gone: it can still be brought back.
        """
        try:
            deleted_at = work.railway.project(work.instance.project_id).deleted_at
        except (errors.RailwayNotFound, errors.RailwayUnauthorized):
            listed = find_listed(work, work.instance.project_id)
            if listed is None:
                return True
            deleted_at = listed.deleted_at
        return deleted_at is not None and deleted_at <= timezone.now()

    def _expect_wanted(self, work: Work) -> Project:
        project = read_project(work)
        expect_ours(work, project)
        if work.operation.config.get("because") != REAP:
            return project
        due = deletion_tag.scheduled_at(project.description)
        if due is None:
            raise CalledOff("Kept: its deletion tag is gone from Railway.")
        if due > timezone.now():
            raise CalledOff(f"Kept: its tag on Railway is not due before {deletion_tag.date(due)}.")
        return project
