"""Filters of the list of instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from instances.models import Instance
from instances.services.attention import in_need


class DeletedFilter(admin.SimpleListFilter):
    """Leaves out what is deleted, unless it is asked for, or something is odd about it."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("shown", "Shown too")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        hidden, *others = super().choices(changelist)
        are_asked_for = changelist.params.get("status__exact") == [Instance.Status.DELETED]
        yield {**hidden, "display": "Hidden", "selected": hidden["selected"] and not are_asked_for}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Instance]:
        asked_for = self.value() or request.GET.get("status__exact") == Instance.Status.DELETED
        if asked_for:
            shown: QuerySet[Instance] = queryset
        else:
            shown = queryset.exclude(status=Instance.Status.DELETED, problem="")
        return shown


class NeedsAttentionFilter(admin.SimpleListFilter):
    """Keeps what a person should look at."""

    title = "needs attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("yes", "Needs attention")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Instance]:
        del request
        rows: QuerySet[Instance] = in_need(queryset) if self.value() else queryset
        return rows
