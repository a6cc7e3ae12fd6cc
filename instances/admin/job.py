"""Jobs: what runs again and again, how its last run ended, and what the guard holds."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from instances.admin.live import ago
from instances.admin.readonly import ReadOnlyAdmin
from instances.admin.verb_forms import AskWhy
from instances.admin.verbs import Verb, VerbsAdmin, reasons
from instances.models import Instance, Job
from instances.services import jobs
from instances.services.people import Requester

STATES = {
    "Held": "danger",
    "Failed": "danger",
    "Put off": "warning",
    "Running": "info",
    "Done": "success",
}


def _let_through(job: Job, requester: Requester, *, reason: str) -> None:
    jobs.let_through(job, requester, reason)


@admin.register(Job)
class JobAdmin(VerbsAdmin, ReadOnlyAdmin):
    """A list, a page, and letting a held run through."""

    list_display = ("__str__", "show_state", "show_started", "show_result")
    fieldsets = (
        ("Last run", {"fields": (("started_at", "finished_at"), "complete_at", "show_result")}),
        ("Guard", {"fields": ("held_at", "held_because", ("pass_by_name", "pass_until"))}),
        ("Errors", {"fields": ("error",)}),
    )
    readonly_fields = (
        *("started_at", "finished_at", "complete_at", "show_result", "held_at", "held_because"),
        *("pass_by_name", "pass_until", "error"),
    )
    verbs = (
        Verb(
            key="let-through",
            label="Let through",
            done="the next run is let through",
            icon="door_open",
            effect="The next run within an hour may touch what it was held for, once. Look first"
            " at what that is. What has come in addition by then counts as ever.",
            permission="instances.let_through_job",
            carry_out=_let_through,
            why_not=jobs.why_not_let_through,
            form=AskWhy,
            is_dangerous=True,
            on_selection=False,
        ),
    )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {})}
        if job := self.get_object(request, unquote(object_id or "")):
            buttons = self.buttons(request, job)
            context |= {"row": job, "buttons": buttons, "reasons": reasons(buttons)}
            context["held_rows"] = Instance.objects.filter(pk__in=job.held_rows)
            kept = [f"{name} is kept: {why}" for name, why in job.result.get("kept", [])]
            put_off = [job.put_off] if job.put_off else []
            context["lines"] = [*put_off, *job.result.get("problems", []), *kept]
        return super().changeform_view(  # type: ignore[no-any-return]
            request, object_id, form_url, context
        )

    @display(description="State", label=STATES)
    def show_state(self, obj: Job) -> str:
        if obj.is_running:
            return "Running"
        if obj.held_at:
            return "Held"
        if obj.error:
            return "Failed"
        return "Put off" if obj.put_off else "Done"

    @display(description="Last run", ordering="started_at")
    def show_started(self, obj: Job) -> str:
        return f"{ago(obj.started_at)} ago" if obj.started_at else "never"

    @display(description="Last result")
    def show_result(self, obj: Job) -> str:
        counts = {k: v for k, v in obj.result.items() if v not in (0, [], None, "")}
        # A sentence of its own says so.
        counts.pop("put_off", None)
        return ", ".join(f"{name} {_short(value)}" for name, value in counts.items()) or "-"


def _short(value: object) -> str:
    return str(len(value)) if isinstance(value, list) else str(value)
