"""Instances: asked for here, made by workers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from instances.admin.readonly import ReadOnlyInline
from instances.exceptions import NotPossible
from instances.models import Instance, Operation, Service
from instances.services import creation, people
from instances.services.creation import Wish

STATUS_LABELS = {
    Instance.Status.RUNNING: "success",
    Instance.Status.PROVISIONING: "info",
    Instance.Status.UNHEALTHY: "warning",
    Instance.Status.DELETION_SCHEDULED: "warning",
    Instance.Status.FAILED: "danger",
    Instance.Status.MISSING: "danger",
}


class AddInstanceForm(forms.ModelForm):  # type: ignore[type-arg]
    keep_on_failure = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        label="Keep the project when it fails",
        help_text="For inspection. Otherwise what was made is removed again.",
    )

    class Meta:
        model = Instance
        fields = ("name", "repository", "branch")

    def clean_name(self) -> str:
        # The constraint depends on the status, which is no field of this form.
        name: str = self.cleaned_data["name"]
        if Instance.objects.alive().filter(name=name).exists():
            raise ValidationError("An instance of this name exists already.", code="taken")
        return name


class ServiceInline(ReadOnlyInline):
    model = Service
    fields = ("name", "status", "host", "service_id", "as_of")
    readonly_fields = fields
    show_change_link = False


class OperationInline(ReadOnlyInline):
    model = Operation
    fields = ("kind", "state", "requested_by_name", "created_at", "finished_at", "message")
    readonly_fields = fields


@admin.register(Instance)
class InstanceAdmin(ModelAdmin):  # type: ignore[misc]
    form = AddInstanceForm
    list_display = ("name", "show_status", "show_url", "ownership", "as_of", "created_at")
    list_filter = ("status", "ownership")
    search_fields = ("name", "project_id", "host")
    actions = None
    add_fieldsets = ((None, {"fields": ("name", "repository", "branch", "keep_on_failure")}),)
    fieldsets = (
        (None, {"fields": ("name", "status", "show_url", "repository", "branch")}),
        (
            "Railway",
            {"fields": ("show_project", "environment_id", "deletion_scheduled_at", "as_of")},
        ),
    )
    readonly_fields = ("status", "show_url", "show_project")

    def get_fieldsets(self, request: HttpRequest, obj: Instance | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Instance | None) -> list[Any]:
        del request
        return [OperationInline, ServiceInline] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "repository": settings.GATEWAY_REPO,
            "branch": settings.GATEWAY_BRANCH,
            "keep_on_failure": settings.KEEP_FAILED_INSTANCES,
            **super().get_changeform_initial_data(request),
        }

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Rows are never deleted by hand: they are the record of what was made.
        del request, obj
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        except (NotPossible, ValidationError) as error:
            # Somebody else was faster, between the form's check and ours.
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
            return redirect("admin:instances_instance_changelist")

    def save_model(self, request: HttpRequest, obj: Instance, form: Any, change: bool) -> None:  # noqa: FBT001
        del change
        wish = Wish(
            name=obj.name,
            repository=obj.repository,
            branch=obj.branch,
            keep_on_failure=form.cleaned_data["keep_on_failure"],
        )
        operation = creation.request(wish, people.person(request.user))
        obj.pk = operation.instance_id
        obj.refresh_from_db()

    def log_addition(self, request: HttpRequest, obj: Instance, message: Any) -> None:
        """The service has written who asked for what."""

    def response_add(
        self, request: HttpRequest, obj: Instance, post_url_continue: str | None = None
    ) -> HttpResponseRedirect:
        del post_url_continue
        operation = obj.operations.latest("pk")
        messages.success(request, f"{obj.name} is being created. This page shows how far it is.")
        return redirect("admin:instances_operation_change", operation.pk)

    @display(description="Status", label=STATUS_LABELS, ordering="status")
    def show_status(self, obj: Instance) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description="Address")
    def show_url(self, obj: Instance) -> str:
        if not obj.url:
            return "-"
        return external_link(obj.url, obj.url)

    @display(description="Railway project")
    def show_project(self, obj: Instance) -> str:
        if not obj.project_url:
            return "-"
        return external_link(obj.project_url, obj.project_id)


def external_link(url: str, text: str) -> str:
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}" rel="noreferrer"'
        ' target="_blank">{}</a>',
        url,
        text,
    )
