"""Instances: asked for here, made by workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.decorators import display

from instances.admin import labels
from instances.admin.add_form import AddInstanceForm, check_name_view
from instances.admin.facts import show_variables
from instances.admin.keys import access, reveal_view
from instances.admin.overview import Overview
from instances.exceptions import NotPossible
from instances.models import Instance
from instances.services import creation, people


class DeletedFilter(admin.SimpleListFilter):
    """Leaves out what is deleted, unless it is asked for."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("shown", "Shown too")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        hidden, *others = super().choices(changelist)
        yield {**hidden, "display": "Hidden"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Instance]:
        asked_for = self.value() or request.GET.get("status__exact") == Instance.Status.DELETED
        rows: QuerySet[Instance] = queryset if asked_for else queryset.alive()
        return rows


@admin.register(Instance)
class InstanceAdmin(ModelAdmin):  # type: ignore[misc]
    """A form to ask for one, a list, and a page on which nothing can be changed."""

    list_display = ("name", "show_status", "show_url", "ownership", "as_of", "created_at")
    list_filter = (DeletedFilter, "status", "ownership", "created_at")
    search_fields = ("name", "project_id", "host")
    search_help_text = "Name, Railway project id or address"
    actions = None
    add_fieldsets = (
        (None, {"fields": ("name", "repository", "branch", "anthropic_key")}),
        ("More", {"fields": ("further_variables", "further_secrets", "keep_on_failure")}),
    )
    fieldsets = (
        ("Built from", {"fields": (("repository", "branch"), "show_variables")}),
        (
            "On Railway",
            {
                "fields": (
                    ("ownership", "environment_id"),
                    ("status_changed_at", "as_of"),
                    "deletion_scheduled_at",
                )
            },
        ),
    )
    readonly_fields = (
        *("show_variables", "ownership", "environment_id", "status_changed_at", "as_of"),
        "deletion_scheduled_at",
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        # Not behind the login: somebody whose session ended must not lose what is typed.
        check_name, name = self._check_name_view, "instances_instance_check_name"
        return [
            path("add/check-name/", check_name, name=name),
            path(
                "<int:object_id>/keys/<str:name>/",
                view(reveal_view),
                name="instances_instance_reveal",
            ),
            *super().get_urls(),
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Instance | None = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        form = {} if obj else {"form": AddInstanceForm}
        return super().get_form(request, obj, change, **form, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "repository": settings.GATEWAY_REPO,
            "branch": settings.GATEWAY_BRANCH,
            "keep_on_failure": settings.KEEP_FAILED_INSTANCES,
            **super().get_changeform_initial_data(request),
        }

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Who asks for an instance is led to its operation.
        may_watch = request.user.has_perm("instances.view_operation")
        return may_watch and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Rows are never deleted by hand: they are the record of what was made.
        del request, obj
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {})}
        if object_id and (instance := self.get_object(request, unquote(object_id))):
            context["shown"] = Overview(instance, access=access(request, instance))
        return super().changeform_view(  # type: ignore[no-any-return]
            request, object_id, form_url, context
        )

    @method_decorator(sensitive_post_parameters("anthropic_key", "further_secrets"))
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # One thing happens after saving: the operation is shown.
        kwargs["extra_context"] = {
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        try:
            return super().add_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        except (NotPossible, ValidationError, ImproperlyConfigured) as error:
            # Somebody else was faster, between the form's check and ours; or no key is set.
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
            typed = {name: request.POST.get(name, "") for name in AddInstanceForm.Meta.fields}
            return redirect(f"{request.path}?{urlencode(typed)}")

    def save_model(self, request: HttpRequest, obj: Instance, form: Any, change: bool) -> None:  # noqa: FBT001
        del change
        operation = creation.request(form.wish(), people.person(request.user))
        obj.pk = operation.instance_id
        obj.refresh_from_db()

    def log_addition(self, request: HttpRequest, obj: Instance, message: Any) -> None:
        """The service has written who asked for what."""

    def response_add(
        self, request: HttpRequest, obj: Instance, post_url_continue: str | None = None
    ) -> HttpResponseRedirect:
        del request, post_url_continue
        operation = obj.operations.latest("pk")
        return redirect("admin:instances_operation_change", operation.pk)

    def _check_name_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return check_name_view(request)

    @display(description="Status", label=labels.INSTANCE, ordering="status")
    def show_status(self, obj: Instance) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description="Address", ordering="host")
    def show_url(self, obj: Instance) -> str:
        if not obj.url:
            return "-"
        link = '<a class="link" href="{}" rel="noreferrer" target="_blank">{}</a>'
        return format_html(link, obj.url, obj.url)

    @display(description="Further variables")
    def show_variables(self, obj: Instance) -> str:
        return show_variables(obj.variables)
