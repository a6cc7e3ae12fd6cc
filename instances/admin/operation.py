"""Operations: how far they are, what they wait for, and what a person can do about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from instances.admin import labels, live
from instances.admin.facts import show_variables
from instances.admin.keys import access
from instances.admin.readonly import ReadOnlyAdmin
from instances.admin.verbs import Verb, VerbsAdmin
from instances.exceptions import NotPossible
from instances.models import Operation
from instances.services import recovery
from instances.services.people import Requester

CANCEL = "instances.cancel_operation"
STEER = "instances.steer_operation"
Kind = Operation.Kind
MOVED_ON = "It has moved on since the page was shown; look at it again."
# Whoever asked for one of these wants the keys.
WITH_KEYS = {Kind.CREATE, Kind.ADOPT, Kind.ROTATE_KEYS}


def _on_what_was_shown(service: Callable[[Operation, Requester], None]) -> Callable[..., None]:
    """Return the service as a verb calls it; what was decided on one stop is for that stop."""

    @transaction.atomic
    def carry_out(row: Operation, requester: Requester, *, seen: str) -> None:
        now = Operation.objects.select_for_update().get(pk=row.pk)
        if seen != live.version(now):
            raise NotPossible(MOVED_ON)
        service(now, requester)

    return carry_out


def _tell_cancel(operation: Operation) -> str:
    if operation.kind == Kind.CREATE:
        return (
            "It stops before its next step, and what it has made on Railway is removed."
            " That cannot be undone."
        )
    return "It stops before it changes anything on Railway."


def _tell_roll_back(operation: Operation) -> str:
    if operation.kind == Kind.ROTATE_KEYS:
        return "The older keys are set again and, where the new ones are live, deployed."
    return (
        "The Railway project that it has made is removed, with its data."
        " What cannot be proven to be ours stays, and is named."
    )


@admin.register(Operation)
class OperationAdmin(VerbsAdmin, ReadOnlyAdmin):
    """A list, a page that follows the work, and the verbs that steer it."""

    list_display = ("__str__", "show_state", "progress", "requested_by_name", "created_at", "took")
    list_filter = ("state", "kind", "requested_by_name", "created_at")
    list_select_related = ("instance",)
    list_after_template = "instances/verbs/dialog_place.html"
    search_fields = ("instance__name", "instance__project_id", "requested_by_name", "message")
    search_help_text = "Name of the instance, Railway project id, who asked, or a message"
    readonly_fields = (
        *("show_instance", "repository", "variables", "on_failure"),
        *("show_reason", "show_config"),
    )
    verbs = (
        Verb(
            key="cancel",
            label="Cancel",
            done="told to stop",
            icon="stop_circle",
            effect="They stop before their next step. What a create has made is removed again;"
            " that cannot be undone.",
            tells=_tell_cancel,
            permission=CANCEL,
            carry_out=recovery.cancel,
            why_not=recovery.why_not_cancel,
            is_dangerous=True,
        ),
        Verb(
            key="resume",
            label="Resume",
            done="resumed",
            icon="play_circle",
            effect="It goes on at the step that stopped, with new time to wait and new tries."
            " What is done already is not done again.",
            permission=STEER,
            carry_out=_on_what_was_shown(recovery.resume),
            seen=live.version,
            why_not=recovery.why_not_resume,
        ),
        Verb(
            key="roll-back",
            label="Roll back",
            done="told to roll back",
            icon="undo",
            effect="What they have changed is put back, and what a create has made is removed.",
            tells=_tell_roll_back,
            permission=STEER,
            carry_out=_on_what_was_shown(recovery.roll_back),
            seen=live.version,
            why_not=recovery.why_not_roll_back,
            is_dangerous=True,
        ),
        Verb(
            key="give-up",
            label="Give up",
            done="given up",
            icon="flag",
            effect="It ends as failed. Nothing is undone: what it has done stays on Railway.",
            permission=STEER,
            carry_out=_on_what_was_shown(recovery.give_up),
            seen=live.version,
            why_not=recovery.why_not_give_up,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Operation | None = None) -> Any:
        del request
        fields = ["show_instance", "show_reason"]
        if obj and obj.kind == Kind.CREATE:
            fields = ["show_instance", "repository", "variables", "on_failure"]
        elif obj and obj.config:
            fields.append("show_config")
        return [("Asked for", {"fields": fields})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        rows: QuerySet[Operation] = super().get_queryset(request)
        return rows.select_related("instance").prefetch_related("steps")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        if self.has_verbs(request):
            columns.append(self.row_verbs(request, shape="row"))
        return columns

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.live_view)
        live_url = path("<int:object_id>/live/", view, name="instances_operation_live")
        log = self.admin_site.admin_view(self.log_view)
        log_url = path("<int:object_id>/log/", log, name="instances_operation_log")
        return [live_url, log_url, *super().get_urls()]

    def live_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer a page that is being watched: what has changed, or nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        operation = get_object_or_404(Operation.objects.select_related("instance"), pk=object_id)
        if request.GET.get("seen") == live.version(operation):
            return HttpResponse(status=204)
        shown = self._shown(request, operation, seen=request.GET)
        return TemplateResponse(request, "instances/operation/update.html", {"shown": shown})

    def log_view(self, request: HttpRequest, object_id: int) -> StreamingHttpResponse:
        """Answer with the whole log as text; the page has only the newest lines."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        operation = get_object_or_404(Operation, pk=object_id)
        lines = (
            f"{line.at:%Y-%m-%d %H:%M:%S} {line.level.upper()} {line.text}\n"
            for line in operation.log_lines.order_by("pk").iterator()
        )
        return StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the instance's history: what was done by an operation is written there."""
        del extra_context
        operation = self.get_object(request, unquote(object_id))
        if operation is None:
            return redirect("admin:instances_operation_changelist")
        return redirect("admin:instances_instance_history", operation.instance_id)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        operation = self.get_object(request, unquote(object_id or ""))
        context = {**(extra_context or {})}
        if operation:
            context["shown"] = self._shown(request, operation)
        return super().changeform_view(  # type: ignore[no-any-return]
            request, object_id, form_url, context
        )

    def _shown(
        self, request: HttpRequest, operation: Operation, seen: Mapping[str, str] | None = None
    ) -> live.Shown:
        succeeded = operation.state == Operation.State.SUCCEEDED and operation.kind in WITH_KEYS
        return live.Shown(
            operation,
            buttons=self.buttons(request, operation),
            access=access(request, operation.instance, keys=succeeded),
            seen=seen,
        )

    @display(description="State", label=labels.OPERATION, ordering="state")
    def show_state(self, obj: Operation) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    @display(description="Progress")
    def progress(self, obj: Operation) -> str:
        done = live.Progress(obj).text
        if obj.state != Operation.State.WAITING:
            return done
        return format_html('{}<small class="cell-note">{}</small>', done, obj.waiting_for)

    @display(description="Took")
    def took(self, obj: Operation) -> str:
        return live.took(obj)

    @display(description="Instance")
    def show_instance(self, obj: Operation) -> str:
        url = reverse("admin:instances_instance_change", args=[obj.instance_id])
        return format_html('<a class="link" href="{}">{}</a>', url, obj.instance)

    @display(description="Further variables")
    def variables(self, obj: Operation) -> str:
        return show_variables(obj.config.get("variables", {}))

    @display(description="Built from")
    def repository(self, obj: Operation) -> str:
        return f"{obj.config.get('repository', '')}, branch {obj.config.get('branch', '')}"

    @display(description="On failure")
    def on_failure(self, obj: Operation) -> str:
        keep = obj.config.get("keep_on_failure")
        return "Keep the project for inspection" if keep else "Remove what was made"

    @display(description="Why")
    def show_reason(self, obj: Operation) -> str:
        return obj.reason or "-"

    @display(description="How")
    def show_config(self, obj: Operation) -> str:
        given = {name: value for name, value in obj.config.items() if value not in ("", False)}
        return ", ".join(f"{name}: {_in_words(value)}" for name, value in given.items())


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
