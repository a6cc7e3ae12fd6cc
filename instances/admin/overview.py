"""What the page of an instance shows beside its own columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.contrib.admin.models import LogEntry
from django.db.models import Q

from instances.admin import labels
from instances.admin.instance_columns import missed_text
from instances.admin.keys import Access
from instances.admin.live import Progress, took
from instances.admin.verbs import Button, reasons
from instances.models import Credential, Instance, Operation, Service
from instances.services import asking, people

# How many rows of each kind; their own pages have all.
NEWEST_OPERATIONS = 10
NEWEST_HISTORY = 20
NEWEST_RECEIPTS = 10


class OperationLine:
    """An operation as a line of the table."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.colour = labels.colour(labels.OPERATION, operation.state)
        self.progress = Progress(operation)
        self.took = took(operation)


class Overview:
    """An instance with what belongs to it, and what can be done to it."""

    def __init__(
        self, instance: Instance, *, access: Access | None, buttons: Sequence[Button]
    ) -> None:
        self.instance = instance
        self.access = access
        self.buttons = buttons
        self.reasons = reasons(buttons)
        self.colour = labels.colour(labels.INSTANCE, instance.status)

    @cached_property
    def operations(self) -> list[OperationLine]:
        newest = self.instance.operations.select_related("instance").prefetch_related("steps")
        return [OperationLine(operation) for operation in newest[:NEWEST_OPERATIONS]]

    @property
    def open(self) -> Operation | None:
        """Return the operation that somebody, or something, still has to act on."""
        return asking.open_operation(self.instance)

    @property
    def services(self) -> list[tuple[Service, str]]:
        """Return each service with the colour of its status."""
        services = self.instance.services.all()
        return [(service, labels.colour(labels.SERVICE, service.status)) for service in services]

    @property
    def receipts(self) -> list[Credential]:
        """Return what is known of keys that were rotated; never their values."""
        rotated = Q(operation__isnull=False) | Q(state=Credential.State.RETIRED)
        found = self.instance.credentials.filter(rotated).defer("value")
        return list(found.select_related("operation").order_by("-created_at")[:NEWEST_RECEIPTS])

    @property
    def countdown(self) -> str:
        countdown = self.instance.countdown
        return f"in {countdown}" if countdown != "imminent" else countdown

    @property
    def missed(self) -> str:
        """Return how often lists did not show it; empty for what is known to be missing."""
        is_missing = self.instance.status == Instance.Status.MISSING
        return missed_text(self.instance) if self.instance.missed and not is_missing else ""

    @property
    def history(self) -> list[LogEntry]:
        return list(people.history(self.instance)[:NEWEST_HISTORY])
