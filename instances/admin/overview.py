"""What the page of an instance shows beside its own columns."""

from __future__ import annotations

from functools import cached_property

from django.contrib.admin.models import LogEntry

from instances.admin import labels
from instances.admin.keys import Access
from instances.admin.live import Progress, took
from instances.models import Instance, Operation, Service
from instances.services import people

# How many rows of each kind; their own pages have all.
NEWEST_OPERATIONS = 10
NEWEST_HISTORY = 20


class OperationLine:
    """An operation as a line of the table."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.colour = labels.colour(labels.OPERATION, operation.state)
        self.progress = Progress(operation)
        self.took = took(operation)


class Overview:
    """An instance with what belongs to it."""

    def __init__(self, instance: Instance, *, access: Access | None) -> None:
        self.instance = instance
        self.access = access
        self.colour = labels.colour(labels.INSTANCE, instance.status)

    @cached_property
    def operations(self) -> list[OperationLine]:
        newest = self.instance.operations.select_related("instance").prefetch_related("steps")
        return [OperationLine(operation) for operation in newest[:NEWEST_OPERATIONS]]

    @property
    def open(self) -> Operation | None:
        """Return the operation that somebody, or something, still has to act on."""
        return next((o.operation for o in self.operations if o.operation.is_open), None)

    @property
    def services(self) -> list[tuple[Service, str]]:
        """Return each service with the colour of its status."""
        services = self.instance.services.all()
        return [(service, labels.colour(labels.SERVICE, service.status)) for service in services]

    @property
    def history(self) -> list[LogEntry]:
        return list(people.history(self.instance)[:NEWEST_HISTORY])
