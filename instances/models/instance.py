"""One tenant's stack: our row, and its Railway project."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from instances import deletion_tag, naming
from instances.exceptions import InvalidTransition
from instances.models.job import Job

# A problem: a list shows its project, and not all of that is of a shape we know.
UNREADABLE = "What Railway's list says of its project cannot be read; a sync tries again."


class InstanceQuerySet(models.QuerySet["Instance"]):
    def alive(self) -> InstanceQuerySet:
        """Leave out what is deleted; its name may be taken again."""
        return self.exclude(status=Instance.Status.DELETED)

    def ours(self) -> InstanceQuerySet:
        """What was created or adopted here; nothing else may be changed on Railway."""
        return self.filter(ownership__in=Instance.Ownership.ours())

    def with_last_seen(self) -> models.QuerySet[Any]:
        """
        Add `last_seen`: as of when the row is true.

        A sync that finds a row unchanged does not write it, so it is as of that sync.
        """
        synced = Subquery(Job.objects.filter(name=Job.Name.SYNC).values("complete_at")[:1])
        both = Greatest(Coalesce(F("as_of"), synced), Coalesce(synced, F("as_of")))
        operations = apps.get_model("instances", "Operation").objects.open()
        is_left = Exists(operations.filter(instance=OuterRef("pk")))
        is_listed = Q(missed=0) & ~Q(project_id="") & ~Q(status__in=Instance.Status.unlisted())
        is_listed &= ~Q(is_left) & ~Q(problem__contains=UNREADABLE)
        output = models.DateTimeField(null=True)
        return self.annotate(
            last_seen=Case(When(is_listed, then=both), default=F("as_of"), output_field=output)
        )


class Instance(models.Model):
    """One tenant's stack. What Railway owns is a mirror, true "as of" a moment."""

    class Status(models.TextChoices):
        PROVISIONING = "provisioning", "Provisioning"
        RUNNING = "running", "Running"
        UNHEALTHY = "unhealthy", "Unhealthy"
        FAILED = "failed", "Failed"
        DELETION_SCHEDULED = "deletion_scheduled", "Deletion scheduled"
        DELETING = "deleting", "Deleting"
        DELETED = "deleted", "Deleted"
        MISSING = "missing", "Missing"
        UNKNOWN = "unknown", "Unknown"

        @classmethod
        def bad(cls) -> list[Instance.Status]:
            """A person should look at it."""
            return [cls.UNHEALTHY, cls.FAILED, cls.MISSING, cls.UNKNOWN]

        @classmethod
        def unlisted(cls) -> list[Instance.Status]:
            """A sync says nothing about it."""
            return [cls.PROVISIONING, cls.DELETING, cls.MISSING, cls.DELETED]

    class Ownership(models.TextChoices):
        CREATED = "created", "Created here"
        ADOPTED = "adopted", "Adopted"
        DISCOVERED = "discovered", "Discovered"

        @classmethod
        def ours(cls) -> list[Instance.Ownership]:
            return [cls.CREATED, cls.ADOPTED]

    # Read it as a picture: status -> where it may go next. What sync sees on Railway
    # may lead from any observed status to any other.
    OBSERVED: ClassVar[set[str]] = {
        Status.RUNNING,
        Status.UNHEALTHY,
        Status.FAILED,
        Status.DELETION_SCHEDULED,
        Status.DELETING,
        Status.MISSING,
        Status.UNKNOWN,
    }
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.PROVISIONING: {Status.RUNNING, Status.FAILED, Status.DELETED},
        Status.RUNNING: OBSERVED | {Status.DELETED},
        Status.UNHEALTHY: OBSERVED | {Status.DELETED},
        Status.FAILED: OBSERVED | {Status.DELETED, Status.PROVISIONING},
        Status.DELETION_SCHEDULED: OBSERVED | {Status.DELETED},
        Status.DELETING: OBSERVED | {Status.DELETED},
        Status.MISSING: OBSERVED | {Status.DELETED},
        Status.UNKNOWN: OBSERVED | {Status.DELETED},
        Status.DELETED: set(),
    }

    name = models.CharField(
        max_length=63,
        validators=[naming.validate_name],
        help_text="Lower-case letters, digits and single hyphens; starts with a letter.",
    )
    ownership = models.CharField(
        max_length=12, choices=Ownership, default=Ownership.CREATED, editable=False
    )
    status = models.CharField(
        max_length=20, choices=Status, default=Status.PROVISIONING, editable=False
    )
    status_changed_at = models.DateTimeField(default=timezone.now, editable=False)
    repository = models.CharField(
        max_length=150,
        validators=[naming.validate_repository],
        help_text="The GitHub repository that the gateway is built from, as owner/repo.",
    )
    branch = models.CharField(max_length=200, validators=[naming.validate_branch])
    variables = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # Mirrored from Railway.
    project_id = models.CharField("Railway project", max_length=64, blank=True, editable=False)
    environment_id = models.CharField(max_length=64, blank=True, editable=False)
    host = models.CharField("address", max_length=255, blank=True, editable=False)
    description = models.TextField(blank=True, editable=False)
    deletion_scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    gone_at = models.DateTimeField(
        "gone for good",
        null=True,
        blank=True,
        editable=False,
        help_text="When Railway will have deleted it, or has.",
    )
    as_of = models.DateTimeField(null=True, blank=True, editable=False)

    # What sync found, and what is kept for cancelling a deletion.
    former_description = models.TextField(blank=True, editable=False)
    missed = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Complete listings in a row that did not show it."
    )
    problem = models.TextField(blank=True, editable=False)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-created_at"]
        permissions = [
            ("redeploy_instance", "Can redeploy instances"),
            ("schedule_deletion", "Can schedule and cancel the deletion of instances"),
            ("adopt_instance", "Can adopt discovered instances"),
            ("forget_instance", "Can forget instances without touching Railway"),
            ("sync_instance", "Can sync single instances from Railway"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=~Q(status="deleted"),
                name="instance_name_unique_while_alive",
                violation_error_message="An instance of this name exists already.",
            ),
            models.UniqueConstraint(
                fields=["project_id"],
                condition=~Q(project_id=""),
                name="instance_project_belongs_to_one",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["running", "unhealthy"]) | ~Q(project_id=""),
                name="instance_running_has_project",
            ),
            models.CheckConstraint(
                condition=~Q(status="deletion_scheduled") | Q(deletion_scheduled_at__isnull=False),
                name="instance_scheduled_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def project_name(self) -> str:
        return naming.project_name(self.name)

    @property
    def is_ours(self) -> bool:
        return self.ownership in self.Ownership.ours()

    @property
    def gateway(self) -> Any:
        """Return its gateway's row among its services; None when that is not known."""
        return next((s for s in self.services.all() if s.role == "gateway"), None)

    @property
    def countdown(self) -> str:
        """How long until it is deleted: "6d 23h", "12h" or "imminent"; empty when it is not."""
        is_tagged = self.status == self.Status.DELETION_SCHEDULED
        at = self.deletion_scheduled_at if is_tagged else self.gone_at
        is_going = self.status in {self.Status.DELETION_SCHEDULED, self.Status.DELETING}
        return deletion_tag.countdown(at, timezone.now()) if at and is_going else ""

    @property
    def url(self) -> str:
        """The gateway's address; the one place that adds the scheme."""
        return f"{settings.GATEWAY_SCHEME}://{self.host}" if self.host else ""

    @property
    def project_url(self) -> str:
        return f"https://railway.com/project/{self.project_id}" if self.project_id else ""

    def mark_running(self) -> None:
        self._move(self.Status.RUNNING)

    def mark_failed(self) -> None:
        self._move(self.Status.FAILED)

    def mark_deleted(self, **known: datetime) -> None:
        self._move(self.Status.DELETED, **known)

    def provision_again(self) -> None:
        self._move(self.Status.PROVISIONING)

    def mark_deletion_scheduled(self, at: datetime) -> None:
        self._move(self.Status.DELETION_SCHEDULED, deletion_scheduled_at=at)

    def mark_deleting(self, *, gone_at: datetime | None) -> None:
        """Railway is deleting it; until `gone_at` that can be undone."""
        self._move(self.Status.DELETING, gone_at=gone_at)

    def mark_forgotten(self) -> None:
        """Let go of the project, which stays on Railway as it is."""
        self._move(self.Status.DELETED, project_id="", problem="")

    def mark_seen(self, status: str, **seen: Any) -> None:
        """Take over the status that was seen on Railway, with what else was seen."""
        self._move(status, **seen)

    def _move(self, to: str, **changes: Any) -> None:
        """
        Change the status in one guarded UPDATE, so that of two workers one loses.

        Raise InvalidTransition when the stored status does not lead to `to`.
        Arriving where the row already is changes only `changes`.
        """
        sources = [source for source, targets in self.TRANSITIONS.items() if to in targets]
        if self.status != to:
            changes |= {"status_changed_at": timezone.now()}
        changes |= {"status": to}
        here = Instance.objects.filter(pk=self.pk, status__in=[*sources, to])
        if not here.update(**changes):
            self.refresh_from_db(fields=["status"])
            raise InvalidTransition(f"{self} is {self.status}; it cannot become {to}.")
        for field, value in changes.items():
            setattr(self, field, value)
