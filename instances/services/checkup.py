"""Whether everything that this app depends on is there: what was found, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from instances import queue
from instances.exceptions import InstancesError
from instances.models import Job
from instances.railway.client import RailwayClient, errors
from instances.services import identity
from instances.services.identity import Identity

# Of the hourly budget; below it a sync and a few creates may use up what is left.
FEW_REQUESTS = 0.1
# Real seconds that a free worker may take to come.
PATIENCE = 5.0
# How long ago each job may have run at the latest: a few times its interval (README, cron).
LATEST = {
    Job.Name.SWEEP: timedelta(minutes=5),
    Job.Name.SYNC: timedelta(minutes=30),
    Job.Name.REAP: timedelta(hours=3),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with `advice` it is not as it should be."""

    name: str
    detail: str
    advice: str = ""

    @property
    def is_good(self) -> bool:
        return not self.advice


def run(railway: RailwayClient, *, patience: float = PATIENCE) -> list[Finding]:
    """
    Look at everything; what cannot be looked at is a finding too.

    `patience`: real seconds to wait for a worker. Changes nothing but a task that does
    nothing.
    """
    database = _database()
    if not database.is_good:
        # Without it nothing else can be told.
        return [database]
    workers = _workers(patience)
    return [database, *_railway(railway), workers, *map(_job, LATEST)]


def _database() -> Finding:
    kind = connection.vendor
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        return Finding("Database", f"{kind}: {reason}", "Look at the server and at DATABASE_URL.")
    if missing:
        detail = f"{kind}, {len(missing)} migrations are missing"
        return Finding("Database", detail, "Run manage.py migrate.")
    return Finding("Database", f"{kind}, migrated")


def _railway(railway: RailwayClient) -> Iterator[Finding]:
    try:
        found = identity.whoami(railway)
    except (InstancesError, errors.RailwayError) as error:
        yield Finding(
            "Railway token",
            str(error),
            "Set a valid RAILWAY_API_TOKEN, and look whether RAILWAY_API_URL can be reached.",
        )
        return
    yield _token(found)
    yield _workspace(found)
    yield _cli(found)
    yield _asked("GraphQL documents", lambda: _documents(railway))
    yield _asked("Repository", lambda: _repository(railway))
    yield _budget(railway)


def _asked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except errors.RailwayError as error:
        return Finding(name, str(error), "Try again when Railway answers.")


def _token(found: Identity) -> Finding:
    of = f" of {found.token.user}" if found.token.user else ""
    detail = f"{found.token.kind.value} token{of}; projects are made by {found.creates_by}"
    return Finding("Railway token", detail)


def _workspace(found: Identity) -> Finding:
    if found.workspace_problem:
        return Finding("Workspace", found.workspace_problem, "Set RAILWAY_WORKSPACE_ID.")
    names = {workspace.id: workspace.name for workspace in found.token.workspaces}
    name = names.get(found.workspace_id, "")
    others = len(found.token.workspaces) - 1
    more = f"; the token sees {others} more" if others > 0 else ""
    return Finding("Workspace", f"{name} ({found.workspace_id}){more}")


def _cli(found: Identity) -> Finding:
    if found.cli_problem:
        advice = "Install the Railway CLI, and name it in RAILWAY_CLI by its absolute path."
        return Finding("Railway CLI", found.cli_problem, advice)
    return Finding("Railway CLI", f"version {found.cli_version}")


def _documents(railway: RailwayClient) -> Finding:
    broken = railway.broken_documents()
    if not broken:
        return Finding("GraphQL documents", "Railway's schema takes all of them")
    by_reason: dict[str, list[str]] = {}
    for name, reason in broken.items():
        by_reason.setdefault(reason, []).append(name)
    reasons = " ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
    return Finding(
        "GraphQL documents",
        f"Railway's schema has changed. {reasons}",
        "What needs these documents fails by now: install a newer version of this app.",
    )


def _repository(railway: RailwayClient) -> Finding:
    repository, branch = settings.GATEWAY_REPO, settings.GATEWAY_BRANCH
    try:
        branches = railway.branches(repository)
    except errors.RailwayUnauthorized:
        return Finding("Repository", f"{repository}: Railway does not tell this token")
    except (errors.RailwayNotFound, errors.RailwayRefused) as error:
        advice = (
            "Look at GATEWAY_REPO; a private one needs the GitHub connection of the account that"
            " made the token."
        )
        return Finding("Repository", f"{repository}: {error}", advice)
    if branch not in branches:
        advice = "Look at GATEWAY_BRANCH, or push that branch."
        return Finding("Repository", f"{repository} has no branch {branch}", advice)
    return Finding("Repository", f"{repository}, branch {branch}")


def _budget(railway: RailwayClient) -> Finding:
    budget = railway.budget
    if budget is None or budget.remaining is None:
        return Finding("Requests left", "Railway does not tell")
    of = f" of {budget.limit}" if budget.limit else ""
    detail = f"{budget.remaining}{of} in this hour"
    if budget.limit and budget.remaining < budget.limit * FEW_REQUESTS:
        advice = "Work goes on more slowly until the hour is over: look who else uses this token."
        return Finding("Requests left", detail, advice)
    return Finding("Requests left", detail)


def _workers(patience: float) -> Finding:
    seconds = queue.worker_answers(patience)
    if seconds is None:
        return Finding(
            "Workers",
            f"none came within {patience:g} s",
            "Look whether qcluster runs; when all its workers are busy, ask again.",
        )
    return Finding("Workers", f"one came after {seconds:.1f} s")


def _job(name: str) -> Finding:
    label = Job.Name(name).label
    job = Job.objects.filter(name=name).first()
    if job and job.held_at:
        return Finding(label, f"held: {job.held_because}", "Look at it under Jobs in the admin.")
    if job is None or job.complete_at is None:
        return Finding(label, "has never run to its end", HOW_TO_SCHEDULE)
    ago = timezone.now() - job.complete_at
    detail = f"last complete {_in_words(ago)} ago"
    if job.error:
        return Finding(label, f"{detail}; since then: {job.error}", "Put right what it names.")
    if job.put_off:
        detail = f"{detail}; since then put off: {job.put_off}"
    return Finding(label, detail, HOW_TO_SCHEDULE if ago > LATEST[Job.Name(name)] else "")


HOW_TO_SCHEDULE = "Set up cron (README, step 5), or run manage.py setup_schedules."


def _in_words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
