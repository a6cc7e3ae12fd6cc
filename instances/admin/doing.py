"""Doing a verb to rows, one after the other, and telling what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest
from django.urls import reverse

from instances.exceptions import InstancesError
from instances.models import Instance, Operation
from instances.services import people

if TYPE_CHECKING:
    from instances.admin.verbs import Verb


class Doing:
    """One that refuses does not stop the others; what is told afterwards is told once."""

    def __init__(
        self, request: HttpRequest, verb: Verb, given: Mapping[str, Any], *, for_many: bool = False
    ) -> None:
        self.request = request
        self.verb = verb
        self.given = given
        self.requester = replace(people.person(request.user), for_many=for_many)
        self.done: dict[Any, Any] = {}
        self.refused: dict[str, list[Any]] = {}

    def to(self, row: Any, seen: str) -> None:
        """Do it to the row, as it was `seen`."""
        more = {"seen": seen} if self.verb.seen else {}
        try:
            self.done[row] = self.verb.carry_out(row, self.requester, **more, **self.given)
        except (InstancesError, ValidationError, ImproperlyConfigured) as error:
            why = " ".join(getattr(error, "messages", [str(error)]))
            self.refused.setdefault(why, []).append(row)

    def tell(self) -> None:
        for why, rows in self.refused.items():
            names = ", ".join(map(str, rows))
            label = self.verb.label.lower()
            messages.error(self.request, f"{names}: {label} is not possible. {why}")
        if self.done:
            names = ", ".join(map(str, self.done))
            messages.success(self.request, f"{names}: {self.verb.done}.")

    def follow(self, row: Any) -> str:
        """Return the page of the operation that was asked for on an instance's page."""
        operation = self.done.get(row)
        may_watch = self.request.user.has_perm("instances.view_operation")
        if not isinstance(operation, Operation) or not isinstance(row, Instance) or not may_watch:
            return ""
        return reverse("admin:instances_operation_change", args=[operation.pk])
