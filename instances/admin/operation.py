"""Operations: how far they are, what they wait for, and what a person can do about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.decorators import display

from instances.admin.readonly import ReadOnlyAdmin
from instances.exceptions import NotPossible
from instances.models import LogLine, Operation, Step
from instances.services import people, recovery
from instances.services.people import Requester

STATE_LABELS = {
    Operation.State.SUCCEEDED: "success",
    Operation.State.RUNNING: "info",
    Operation.State.WAITING: "info",
    Operation.State.CANCELLED: "warning",
    Operation.State.NEEDS_ATTENTION: "warning",
    Operation.State.FAILED: "danger",
}
STEER = "instances.steer_operation"
LOG_LINES = 500

Steer = Callable[[Operation, Requester], None]
VERBS: dict[str, tuple[str, Steer, Callable[[Operation], str]]] = {
    "cancel": ("Cancel", recovery.cancel, recovery.why_not_cancel),
    "resume": ("Resume", recovery.resume, recovery.why_not_resume),
    "roll-back": ("Roll back", recovery.roll_back, recovery.why_not_roll_back),
    "give-up": ("Give up", recovery.give_up, recovery.why_not_give_up),
}


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "show_state", "progress", "requested_by_name", "created_at")
    list_filter = ("state", "kind")
    list_select_related = ("instance",)
    search_fields = ("instance__name", "requested_by_name", "message")
    change_form_outer_before_template = "instances/operation.html"
    fields = (
        "instance",
        "kind",
        "requested_by_name",
        "created_at",
        "started_at",
        "finished_at",
        "lease_owner",
        "lease_expires_at",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("steps")

    @display(description="State", label=STATE_LABELS, ordering="state")
    def show_state(self, obj: Operation) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    @display(description="Progress")
    def progress(self, obj: Operation) -> str:
        return progress(obj)

    def get_urls(self) -> list[Any]:
        steer = [
            path(
                f"<int:operation_id>/{verb}/",
                self.admin_site.admin_view(self._steer_view(verb)),
                name=f"instances_operation_{verb}",
            )
            for verb in VERBS
        ]
        return [*steer, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        operation = self.get_object(request, unquote(object_id or ""))
        shown = self._shown(request, operation) if operation else {}
        context = {**shown, **(extra_context or {})}
        return super().changeform_view(  # type: ignore[no-any-return]
            request, object_id, form_url, context
        )

    def _shown(self, request: HttpRequest, operation: Operation) -> dict[str, Any]:
        return {
            "operation": operation,
            "progress": progress(operation),
            "seconds_left": _seconds_left(operation),
            "steps_table": steps_table(operation),
            "log_table": log_table(operation),
            "verbs": self._verbs(request, operation),
        }

    def _verbs(self, request: HttpRequest, operation: Operation) -> list[dict[str, str]]:
        """Return the buttons; one that cannot be pressed says why."""
        refusal = "" if request.user.has_perm(STEER) else "Your account may not steer operations."
        return [
            {
                "label": label,
                "url": reverse(f"admin:instances_operation_{verb}", args=[operation.pk]),
                "why_not": refusal or why_not(operation),
            }
            for verb, (label, _, why_not) in VERBS.items()
        ]

    def _steer_view(self, verb: str) -> Callable[[HttpRequest, int], HttpResponse]:
        label, steer, _ = VERBS[verb]

        def view(request: HttpRequest, operation_id: int) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if not request.user.has_perm(STEER):
                raise PermissionDenied
            operation = get_object_or_404(Operation, pk=operation_id)
            try:
                steer(operation, people.person(request.user))
            except NotPossible as error:
                messages.error(request, f"{label} is not possible: {error}")
            else:
                messages.success(request, f"{label}: done.")
            return redirect("admin:instances_operation_change", operation.pk)

        return view


def progress(operation: Operation) -> str:
    steps = [step for step in operation.steps.all() if step.rollback == operation.rolling_back]
    done = sum(step.is_finished for step in steps)
    doing = "rolling back, " if operation.rolling_back and operation.is_open else ""
    return f"{doing}{done} of {len(steps)}"


def _seconds_left(operation: Operation) -> int | None:
    if operation.state != Operation.State.WAITING:
        return None
    return max(round((operation.due_at - timezone.now()).total_seconds()), 0)


def steps_table(operation: Operation) -> dict[str, Any]:
    headers = ["Step", "State", "Changes", "Looks", "Seconds", "Message"]
    return {"headers": headers, "rows": [_step_row(step) for step in operation.steps.all()]}


def _step_row(step: Step) -> list[str]:
    seconds = "" if step.seconds is None else f"{step.seconds:.1f}"
    return [
        f"{step.position}. {step.title}",
        step.get_state_display(),
        str(step.attempts),
        str(step.looks),
        seconds,
        step.message,
    ]


def log_table(operation: Operation) -> dict[str, Any]:
    newest = operation.log_lines.order_by("-pk")[:LOG_LINES]
    rows = [[f"{line.at:%H:%M:%S}", _level(line), line.text] for line in reversed(newest)]
    return {"headers": ["Time", "Level", "Line"], "rows": rows}


def _level(line: LogLine) -> str:
    return str(line.get_level_display())
