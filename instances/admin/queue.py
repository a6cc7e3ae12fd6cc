"""
django-q2's own pages, read-only.

As they come, they let whoever may view them resubmit any task, and whoever may add a
schedule run any function (docs/queue.md).
"""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from instances.admin.readonly import ReadOnlyAdmin

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(OrmQ)
class QueuedAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "lock")
    # The payload is pickled; its name says what it is about.
    fields = ("key", "lock")
    readonly_fields = fields


@admin.register(Success)
class SuccessAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "started", "stopped")
    search_fields = ("name", "func")
    fields = ("id", "name", "func", "started", "stopped")
    readonly_fields = fields


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "started", "stopped")
    search_fields = ("name", "func")
    fields = ("id", "name", "func", "started", "stopped", "result")
    readonly_fields = fields


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "schedule_type", "next_run")
    fields = ("name", "func", "schedule_type", "minutes", "cron", "next_run")
    readonly_fields = fields
