"""Carry out the deletions whose grace period is over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django.db.models import QuerySet
from django.utils import timezone

from instances import deletion_tag
from instances.exceptions import Held, NotPossible, PutOff
from instances.models import Instance, Job, Operation
from instances.protection import is_protected
from instances.railway.client import Project, RailwayClient, errors
from instances.services import budgets, deletion, guard, jobs
from instances.services.absence import ELSEWHERE
from instances.services.difference import OVERDUE
from instances.services.guard import IsPassed
from instances.services.jobs import Pass
from instances.services.people import Requester

Status = Instance.Status
AT_ONCE = 100
LATER = "Nothing is deleted for now; the next run looks again."
AT_WORK = "An operation is at it, or needs attention; the next run looks again."


@dataclass
class Report:
    """
    What is due, what was kept and why, and the operations that were asked for.

    `held`: why the guard would stop it, in a run that was only to look. `put_off`: why it was
    left to the next run.
    """

    due: list[Instance] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    held: str = ""
    put_off: str = ""


def run(railway: RailwayClient, requester: Requester, *, let_by: Pass | None = None) -> Report:
    """
    Ask for the deletion of everything that is due.

    The projects are read anew: only a tag that is due on Railway at this moment counts, and
    each operation looks once more directly before it deletes. Raise Busy, or Held.
    """
    with jobs.running(Job.Name.REAP, let_by=let_by) as job:
        try:
            budgets.expect_plenty()
            report = _look(railway)
        except (PutOff, errors.RailwayThrottled) as early:
            job.put_off = f"{early} {LATER}"
            return Report(put_off=job.put_off)
        _expect_few(report, job.is_passed)
        for row in report.due:
            job.extend()
            _ask(row, requester, report)
        job.result = {
            "due": [row.name for row in report.due],
            "kept": [list(pair) for pair in report.kept],
            "asked": len(report.operations),
        }
        return report


def look(railway: RailwayClient) -> Report:
    """Say what a run would do, and do nothing."""
    report = _look(railway)
    job = Job.objects.filter(name=Job.Name.REAP).first()
    passed = set(job.pass_rows) if job and jobs.is_let_through(job) else set()
    try:
        _expect_few(report, passed.__contains__)
    except Held as held:
        report.held = str(held)
    return report


def _expect_few(report: Report, is_passed: IsPassed) -> None:
    _expect_no_held_sync(report.due, is_passed)
    # What was only discovered cannot be deleted, so it does not count.
    living = Instance.objects.alive().ours().count()
    guard.expect_few(report.due, "delete", of=living, is_passed=is_passed)


def _look(railway: RailwayClient) -> Report:
    """Tell those whose project says, at this moment, that it is due from the others."""
    report = Report()
    left = set(Operation.objects.open().values_list("instance_id", flat=True))
    found = list(_due_here())
    report.kept += [(row.name, AT_WORK) for row in found if row.pk in left]
    rows = [row for row in found if row.pk not in left]
    projects: dict[str, Project] = {}
    for start in range(0, len(rows), AT_ONCE):
        ids = [row.project_id for row in rows[start : start + AT_ONCE]]
        projects |= {project.id: project for project in railway.projects_by_ids(ids)}
    for row in rows:
        if why := _why_kept(row, projects.get(row.project_id)):
            report.kept.append((row.name, why))
        else:
            report.due.append(row)
    return report


def _due_here() -> QuerySet[Instance]:
    due = Instance.objects.ours().filter(
        status=Status.DELETION_SCHEDULED, deletion_scheduled_at__lte=timezone.now()
    )
    return due.exclude(project_id="").order_by("deletion_scheduled_at", "pk")


def _why_kept(row: Instance, project: Project | None) -> str:
    if project is None:
        return "Railway does not show its project."
    if is_protected(project_id=project.id, name=project.name):
        return "Its Railway project is protected."
    if project.name != row.project_name:
        return f"Its Railway project is named {project.name}."
    if project.deleted_at is not None:
        return "Railway is deleting it already."
    due = deletion_tag.scheduled_at(project.description)
    if due is None:
        return "Its deletion tag is gone from Railway."
    if due > timezone.now():
        return f"Its tag on Railway is not due before {deletion_tag.date(due)}."
    return next((problem for problem in (OVERDUE, ELSEWHERE) if problem in row.problem), "")


def _expect_no_held_sync(due: list[Instance], is_passed: IsPassed) -> None:
    sync = Job.objects.filter(name=Job.Name.SYNC).exclude(held_at=None).first()
    if sync and not all(is_passed(row.pk) for row in due):
        raise Held(
            f"The last sync is held: {sync.held_because} Until that is settled nothing is deleted,"
            " unless this run is let through too.",
            rows=[row.pk for row in due],
        )


def _ask(row: Instance, requester: Requester, report: Report) -> None:
    try:
        report.operations.append(deletion.reap(row, replace(requester, for_many=True)))
    except NotPossible as error:
        report.kept.append((row.name, str(error)))
