"""
Bring the mirror up to date with everything that Railway lists.

One request for each page of projects, none for a single project. What is seen is written
page by page, in bulk, and only where it differs; what is not seen is looked at when the
listing is complete. Rows with an operation in flight are left to it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from django.utils import timezone

from instances import timing
from instances.exceptions import NotPossible, PutOff
from instances.models import Instance, Job, Service
from instances.models.instance import UNREADABLE
from instances.operations.plan import Permanent
from instances.protection import is_protected
from instances.railway.client import Picture, RailwayClient, UnreadablePicture, errors
from instances.services import budgets, jobs, people, shape
from instances.services.absence import look_for_the_absent
from instances.services.difference import Difference, difference
from instances.services.jobs import JobRun, Pass
from instances.services.lag import better_than_list
from instances.services.steps.preflight import workspace

logger = logging.getLogger(__name__)

THERE_AGAIN = (
    "It is deleted here, and Railway lists its project again. If that stays so, forget it: then"
    " the next sync discovers the project anew."
)
LATER = "The sync ends here for now; its next run reads everything."
# Seconds at scale 1 between two pages, when there is little left, for each time that it is slower.
PAGE_PAUSE = 1.0
SERVICE_FIELDS = ("service_id", "name", "status", "deployment_id", "commit", "host", "as_of")


@dataclass
class Report:
    """
    What a sync saw and did.

    `listed`: without those that Railway is deleting. `ignored`: projects that are no
    instances, or protected. `left`: to the operation that is at it, or to the next run.
    `put_off`: why it did not see everything, so that nothing follows from absence.
    """

    seen: int = 0
    listed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    left: int = 0
    ignored: int = 0
    missed: int = 0
    missing: int = 0
    deleted: int = 0
    problems: list[str] = field(default_factory=list)
    put_off: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(railway: RailwayClient, *, let_by: Pass | None = None) -> Report:
    """
    Read all projects of the workspace and store what differs.

    When Railway's requests run low the rest is left to the next run, and the report says so.
    Raise Busy when a sync is at it already, Held when the guard stops what would follow
    from absence, RailwayError when the listing did not come to its end.
    """
    with jobs.running(Job.Name.SYNC, let_by=let_by) as job:
        sync = Sync(railway, job)
        try:
            sync.read_everything()
            job.result = sync.report.as_dict()
            sync.expect_all_known()
            look_for_the_absent(sync.seen, railway, job, sync.report)
        except (PutOff, errors.RailwayThrottled) as early:
            job.put_off = sync.report.put_off = f"{early} {LATER}"
        job.result = sync.report.as_dict()
        return sync.report


class Sync:
    """One run over all pages."""

    def __init__(self, railway: RailwayClient, job: JobRun) -> None:
        self.railway = railway
        self.job = job
        self.report = Report()
        self.seen: set[str] = set()
        self.new_names: set[str] = set()
        self.nameless = 0

    def read_everything(self) -> None:
        budgets.expect_plenty()
        asked_at = timezone.now()
        for page in self.railway.iter_pictures(workspace_id(self.railway)):
            self.job.extend()
            self._leave_unreadable([each for each in page if isinstance(each, UnreadablePicture)])
            pictures = [each for each in page if isinstance(each, Picture)]
            # A list that grows while it is read shows a project twice.
            new = {picture.id: picture for picture in pictures if picture.id not in self.seen}
            self.seen.update(new)
            self.report.seen += len(new)
            self.report.listed += sum(picture.deleted_at is None for picture in new.values())
            self._take_over(list(new.values()), asked_at)
            _wait_for_requests()
            asked_at = timezone.now()

    def _leave_unreadable(self, found: list[UnreadablePicture]) -> None:
        """Report what cannot be read: it is there, and its row stays as it is."""
        new = [picture for picture in found if picture.id not in self.seen]
        for picture in new:
            project = " ".join(filter(None, ["A project", picture.name, picture.id]))
            self.report.problems.append(f"{project}: {picture.why} It was left as it is.")
        self.nameless += sum(not picture.id for picture in new)
        self.seen.update(picture.id for picture in new if picture.id)
        self.report.seen += len(new)
        self.report.left += len(new)
        for row in Instance.objects.alive().filter(project_id__in=[p.id for p in new if p.id]):
            _mark_unreadable(row)

    def expect_all_known(self) -> None:
        """Raise RailwayBadResponse when a project is listed of which not even the id is known."""
        if self.nameless:
            raise errors.RailwayBadResponse(
                f"Railway's list holds {self.nameless} projects without an id that can be read, so"
                " what is missing from it was not looked for. Sync again later."
            )

    def _take_over(self, page: list[Picture], asked_at: datetime) -> None:
        """Compare a page with the rows, and write what differs."""
        rows = {row.project_id: row for row in _rows(picture.id for picture in page)}
        busy = _busy(rows.values(), asked_at)
        changes = []
        for picture in page:
            row = rows.get(picture.id)
            if row is None:
                continue
            if row.pk in busy:
                self.report.left += 1
            elif row.status == Instance.Status.DELETED:
                self._tell_of_a_deleted(row, picture)
            elif found := difference(
                row, row.services.all(), picture, asked_at, taken=self.new_names
            ):
                self.new_names.add(found.fields.get("name", row.name))
                changes.append((row, found))
            else:
                self.report.unchanged += 1
        if changes:
            self._write(changes, asked_at)
        self._discover([picture for picture in page if picture.id not in rows], asked_at)

    def _write(self, changes: list[tuple[Instance, Difference]], asked_at: datetime) -> None:
        try:
            written = _write_if_same(changes, asked_at)
        except IntegrityError:
            # Somebody has taken a name in this very moment; the next run looks again.
            written = 0
        self.report.updated += written
        self.report.left += len(changes) - written

    def _discover(self, unknown: list[Picture], asked_at: datetime) -> None:
        """Make rows for those projects, of which nobody here knows, that look like instances."""
        named: dict[str, Picture] = {}
        for picture in filter(_is_discoverable, unknown):
            first = named.setdefault(shape.instance_name(picture.name), picture)
            if first is not picture:
                self._tell_of_a_second(picture, f"the project {first.id}")
        self.report.ignored += len(unknown) - len(named)
        for namesake in Instance.objects.alive().filter(name__in=list(named)):
            self.report.ignored += 1
            picture = named.pop(namesake.name)
            # Without a project of its own, it is being made, and this may be what it makes.
            if namesake.project_id:
                self._tell_of_a_second(picture, f"that of {namesake} ({namesake.project_id})")
        try:
            _make_rows(named, asked_at)
        except IntegrityError:
            self.report.left += len(named)
        else:
            self.report.created += len(named)

    def _tell_of_a_second(self, picture: Picture, other: str) -> None:
        self.report.problems.append(
            f"There is a second Railway project named {picture.name} ({picture.id}), beside"
            f" {other}. It was left alone."
        )

    def _tell_of_a_deleted(self, row: Instance, picture: Picture) -> None:
        """Say so when a project that was deleted is there again; nothing is done about it."""
        self.report.ignored += 1
        if picture.deleted_at is None:
            self.report.problems.append(f"{row}: {THERE_AGAIN}")
            gone = Instance.objects.filter(pk=row.pk, status=Instance.Status.DELETED)
            gone.exclude(problem=THERE_AGAIN).update(problem=THERE_AGAIN)


def _wait_for_requests() -> None:
    """Leave requests to others before the next page. Raise PutOff when few are left."""
    budgets.expect_plenty()
    slower = budgets.pace().slower
    time.sleep(timing.current().span(PAGE_PAUSE).total_seconds() * (slower - 1.0))


@transaction.atomic
def _mark_unreadable(row: Instance) -> None:
    """Add the problem to those that the row has; one that reads well takes it away again."""
    problem = f"{row.problem} {UNREADABLE}".strip()
    same = Instance.objects.filter(pk=row.pk, problem=row.problem)
    if UNREADABLE not in row.problem and same.update(problem=problem):
        people.note_seen(row, UNREADABLE)


def _is_discoverable(picture: Picture) -> bool:
    if picture.deleted_at or is_protected(project_id=picture.id, name=picture.name):
        return False
    return shape.looks_like_an_instance(picture)


def _stamp(row: Instance) -> tuple[object, ...]:
    """Return what changes with whatever is done to a row."""
    return row.as_of, row.status, row.status_changed_at, row.project_id, row.ownership, row.problem


def workspace_id(railway: RailwayClient) -> str:
    """Return the workspace to list; asked of Railway unless a setting names it."""
    if not railway.config.token:
        raise NotPossible("No Railway token is set. Set RAILWAY_API_TOKEN and try again.")
    try:
        return workspace(railway).id
    except Permanent as error:
        raise NotPossible(str(error)) from None
    except errors.RailwayUnauthorized:
        raise NotPossible(
            "Railway does not accept RAILWAY_API_TOKEN as an account or workspace token."
            " railway_whoami says what it is."
        ) from None


def _rows(project_ids: Iterable[str]) -> Iterable[Instance]:
    return Instance.objects.filter(project_id__in=list(project_ids)).prefetch_related(
        Prefetch("services", Service.objects.order_by("pk"))
    )


def _busy(rows: Iterable[Instance], asked_at: datetime) -> set[int]:
    """Return those that an operation is at, or has left so late that the list may lag behind."""
    found = better_than_list(asked_at).filter(instance__in=[row.pk for row in rows])
    return set(found.values_list("instance_id", flat=True))


@transaction.atomic
def _write_if_same(changes: list[tuple[Instance, Difference]], asked_at: datetime) -> int:
    """Write what differs, but for rows that somebody has changed since; return how many."""
    found = Instance.objects.select_for_update().filter(pk__in=[row.pk for row, _ in changes])
    locked = {row.pk: row for row in found}
    busy = _busy(locked.values(), asked_at)
    kept = [
        (locked[row.pk], found)
        for row, found in changes
        if row.pk not in busy and _stamp(locked[row.pk]) == _stamp(row)
    ]
    _write_all(kept, asked_at)
    return len(kept)


def _write_all(changes: list[tuple[Instance, Difference]], as_of: datetime) -> None:
    """Write rows, services and history, each in bulk."""
    names: set[str] = {"as_of"}
    for row, found in changes:
        _set(row, found.fields, as_of)
        names |= set(found.fields)
    Instance.objects.bulk_update([row for row, _ in changes], sorted(names), batch_size=200)
    services = [service for _, found in changes for service in found.changed_services]
    Service.objects.bulk_update(services, SERVICE_FIELDS, batch_size=200)
    Service.objects.bulk_create(s for _, found in changes for s in found.new_services)
    people.note_all_seen((row, note) for row, found in changes for note in found.notes)


@transaction.atomic
def _make_rows(named: Mapping[str, Picture], as_of: datetime) -> None:
    """Write new rows with their services and history, in bulk."""
    if not named:
        return
    rows, services = [], []
    for name, picture in named.items():
        row = _new_row(name, picture)
        found = difference(row, [], picture, as_of)
        _set(row, found.fields, as_of)
        rows.append(row)
        services += found.new_services
    Instance.objects.bulk_create(rows, batch_size=200)
    Service.objects.bulk_create(services, batch_size=200)
    people.note_all_seen((row, f"discovered as the project {row.project_id}.") for row in rows)


def _new_row(name: str, picture: Picture) -> Instance:
    gateway = shape.by_role(picture.services or (), {}).get(Service.Role.GATEWAY)
    deployment = gateway.deployment if gateway else None
    return Instance(
        name=name,
        ownership=Instance.Ownership.DISCOVERED,
        status=Instance.Status.UNKNOWN,
        project_id=picture.id,
        created_at=picture.created_at,
        repository=gateway.repo if gateway else "",
        branch=deployment.branch if deployment else "",
    )


def _set(row: Instance, fields: Mapping[str, Any], as_of: datetime) -> None:
    row.as_of = as_of
    for name, value in fields.items():
        setattr(row, name, value)
