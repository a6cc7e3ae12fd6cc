"""
One thing that somebody asked for on one instance, its steps and its log.

These rows are the truth about work: the queue only wakes somebody up to look at
them. A worker advances an operation while it holds the lease (operations/lease.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from instances.models.instance import Instance


class OperationQuerySet(models.QuerySet["Operation"]):
    def open(self) -> OperationQuerySet:
        """What is not at its end: somebody, or something, still has to act."""
        return self.filter(state__in=Operation.State.unfinished())

    def due(self, now: datetime) -> OperationQuerySet:
        """What a worker may take: its moment has come, or its worker's lease ran out."""
        return self.filter(
            Q(state__in=Operation.State.idle(), due_at__lte=now)
            | Q(state=Operation.State.RUNNING, lease_expires_at__lt=now)
        )


class Operation(models.Model):
    """What was asked for, by whom, and how it ends."""

    class Kind(models.TextChoices):
        CREATE = "create", "Create"
        SYNC = "sync", "Sync"
        ADOPT = "adopt", "Adopt"
        REDEPLOY = "redeploy", "Redeploy"
        ROTATE_KEYS = "rotate_keys", "Rotate keys"
        SCHEDULE_DELETION = "schedule_deletion", "Schedule deletion"
        CANCEL_DELETION = "cancel_deletion", "Cancel deletion"
        DELETE = "delete", "Delete"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        NEEDS_ATTENTION = "needs_attention", "Needs attention"

        @classmethod
        def idle(cls) -> list[Operation.State]:
            """Nobody holds it; it goes on when it is due."""
            return [cls.QUEUED, cls.WAITING]

        @classmethod
        def moving(cls) -> list[Operation.State]:
            """It goes on without a person."""
            return [cls.QUEUED, cls.RUNNING, cls.WAITING]

        @classmethod
        def unfinished(cls) -> list[Operation.State]:
            return [*cls.moving(), cls.NEEDS_ATTENTION]

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="operations")
    kind = models.CharField(max_length=20, choices=Kind)
    config = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    requested_by_name = models.CharField("requested by", max_length=150)
    reason = models.TextField(blank=True, help_text="Why it was asked for.")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    due_at = models.DateTimeField(default=timezone.now)
    expected_at = models.DateTimeField(
        null=True, blank=True, help_text="When the wait will probably be over."
    )
    waiting_for = models.TextField(blank=True)
    message = models.TextField(blank=True, help_text="Why it failed or needs a person.")
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    watch = models.BigIntegerField(
        null=True, blank=True, help_text="The queue's row that wakes a worker if no other does."
    )

    cancelled_by_name = models.CharField(max_length=150, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    past_no_return = models.BooleanField(default=False)
    rolling_back = models.BooleanField(default=False)

    is_bulk = models.BooleanField(
        default=False, help_text="Asked for together with others, so it lets others go first."
    )
    has_place = models.BooleanField(
        default=False, help_text="One of those of many that are under way at once."
    )
    gate = models.CharField(max_length=100, blank=True)
    gate_since = models.DateTimeField(null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("cancel_operation", "Can cancel operations"),
            ("steer_operation", "Can resume, roll back and give up operations"),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="operation_due"),
            models.Index(fields=["gate", "gate_since"], name="operation_in_line"),
            models.Index(
                fields=["has_place"],
                condition=Q(is_bulk=True, state__in=["queued", "running", "waiting"]),
                name="operation_of_many",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                condition=Q(state__in=["queued", "running", "waiting", "needs_attention"]),
                name="operation_one_open_per_instance",
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True)),
                name="operation_running_has_lease",
            ),
        ]

    def __str__(self) -> str:
        of = " of" if " " in self.get_kind_display() else ""
        return f"{self.get_kind_display()}{of} {self.instance}"

    @property
    def seconds(self) -> float | None:
        """How long it has taken so far, in seconds."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    @property
    def is_open(self) -> bool:
        return self.state in self.State.unfinished()

    @property
    def is_moving(self) -> bool:
        return self.state in self.State.moving()


class Step(models.Model):
    """One idempotent part of an operation: observe, ensure, record."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=30)
    title = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    rollback = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="Calls that change something.")
    not_made = models.PositiveIntegerField(
        default=0, help_text="Those of them that were refused, so that nothing was done."
    )
    looks = models.PositiveIntegerField(default=0, help_text="Calls that only look.")
    setbacks = models.PositiveIntegerField(
        default=0, help_text="Failures in a row that pass by themselves."
    )
    attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="Start of a call whose outcome is not recorded."
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When the last call's outcome was recorded."
    )
    budget_from = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    facts = models.JSONField(default=dict)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["operation", "position"]
        constraints = [
            models.UniqueConstraint(fields=["operation", "name"], name="step_one_per_name"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.SKIPPED}

    @property
    def seconds(self) -> float | None:
        """How long it has taken so far, in seconds."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def fact(self, name: str, default: Any = None) -> Any:
        return self.facts.get(name, default)


class LogLine(models.Model):
    """A line for people about what happened, masked before it is written."""

    class Level(models.TextChoices):
        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        ERROR = "error", "Error"

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="log_lines")
    step_name = models.CharField(max_length=30, blank=True)
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=10, choices=Level, default=Level.INFO)
    text = models.TextField()

    class Meta:
        ordering = ["operation", "pk"]

    def __str__(self) -> str:
        return self.text
