"""What follows when a complete listing does not show an instance's project."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from instances import timing
from instances.models import Instance
from instances.railway.client import RailwayClient
from instances.services import guard, people
from instances.services.jobs import JobRun
from instances.services.lag import better_than_list

if TYPE_CHECKING:
    from instances.services.sync import Report

Status = Instance.Status
# Complete listings in a row without it, before it is looked for by its id.
TIMES = 3
# Seconds at scale 1 in which Railway can take a deletion back (railway/api-facts.md section 6).
RAILWAY_GRACE = 48 * 3600.0
AT_ONCE = 100

ELSEWHERE = (
    "Railway shows its project by id, and the workspace's list does not hold it: it may have"
    " been moved to another workspace."
)


def look_for_the_absent(
    seen: set[str], railway: RailwayClient, job: JobRun, report: Report
) -> None:
    """
    Count what was not listed; after three times, and a direct look, it is missing.

    Nothing is ever deleted for being absent: only what Railway itself was seen to delete
    becomes deleted, 48 h later. Raise Held when the guard stops it.
    """
    known = list(_candidates(job))
    absent = [row for row in known if row.project_id not in seen]
    gone = [row for row in absent if _has_gone(row)]
    unseen = [row for row in absent if row.status not in {Status.DELETING, Status.MISSING}]
    suspects = [row for row in unseen if row.missed + 1 >= TIMES or row.problem == ELSEWHERE]
    shown = _shown_by_id(suspects, railway)
    missing = [row for row in suspects if row.project_id not in shown]
    _expect_few_losses(known, unseen, missing, job)
    job.extend()
    looked_for = {row.pk for row in suspects}
    counted = [row for row in unseen if row.pk not in looked_for]
    _write(
        begun=job.begun_at,
        counted=counted,
        elsewhere=[row for row in suspects if row.project_id in shown],
        missing=missing,
        gone=gone,
    )
    report.missed = len(counted)
    report.missing, report.deleted = len(missing), len(gone)


def _expect_few_losses(
    known: list[Instance], unseen: list[Instance], missing: list[Instance], job: JobRun
) -> None:
    """Raise Held when so many are lost that rather the list is wrong."""
    before = [row for row in known if _was_shown(row)]
    lost = [row for row in unseen if _was_shown(row)]
    guard.expect_no_shrinkage(lost, before=len(before), is_passed=job.is_passed)
    living = Instance.objects.alive().count()
    guard.expect_few(missing, "give up as gone", of=living, is_passed=job.is_passed)


def _was_shown(row: Instance) -> bool:
    """Tell whether the last complete list showed it, as far as is known."""
    is_expected = row.status not in {Status.DELETING, Status.MISSING}
    return is_expected and not row.missed and row.problem != ELSEWHERE


def _candidates(job: JobRun) -> Iterable[Instance]:
    """Return rows that a listing begun with this run should show."""
    rows = Instance.objects.alive().exclude(project_id="").exclude(status=Status.PROVISIONING)
    rows = rows.exclude(pk__in=better_than_list(job.begun_at).values("instance"))
    columns = ("name", "project_id", "status", "status_changed_at", "missed", "problem")
    return rows.only(*columns).iterator()


def _has_gone(row: Instance) -> bool:
    grace = timing.current().span(RAILWAY_GRACE)
    return row.status == Status.DELETING and row.status_changed_at + grace <= timezone.now()


def _shown_by_id(rows: list[Instance], railway: RailwayClient) -> set[str]:
    """Ask for all of them by their ids: those that Railway shows are not missing."""
    ids = [row.project_id for row in rows]
    shown: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        shown |= {project.id for project in railway.projects_by_ids(ids[start : start + AT_ONCE])}
    return shown


@transaction.atomic
def _write(
    *,
    begun: datetime,
    counted: list[Instance],
    elsewhere: list[Instance],
    missing: list[Instance],
    gone: list[Instance],
) -> None:
    changed = {"status_changed_at": timezone.now()}
    new = [row for row in elsewhere if row.problem != ELSEWHERE]
    _update(counted, begun, missed=F("missed") + 1)
    _update(new, begun, problem=ELSEWHERE)
    _update(missing, begun, status=Status.MISSING, missed=TIMES, problem="", **changed)
    _update(gone, begun, status=Status.DELETED, **changed)
    people.note_all_seen((row, ELSEWHERE) for row in new)
    people.note_all_seen(
        (row, f"missing: {TIMES} complete lists of Railway's did not show its project.")
        for row in missing
    )
    people.note_all_seen((row, "gone for good: Railway has deleted its project.") for row in gone)


def _update(rows: list[Instance], begun: datetime, **changes: Any) -> None:
    """Change the rows, but for those to which something was done since they were read."""
    statuses = {row.status for row in rows}
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        same = Instance.objects.filter(
            pk__in=[row.pk for row in some],
            project_id__in=[row.project_id for row in some],
            status__in=statuses,
        )
        same.exclude(pk__in=better_than_list(begun).values("instance")).update(**changes)
