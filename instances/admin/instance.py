"""Instances: asked for here, made by workers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from instances.admin.add_form import AddInstanceForm, check_name_view
from instances.admin.instance_columns import InstanceColumns
from instances.admin.instance_filters import DeletedFilter, NeedsAttentionFilter
from instances.admin.instance_verbs import VERBS
from instances.admin.keys import access, reveal_coming_view, reveal_view
from instances.admin.overview import Overview
from instances.admin.verbs import VerbsAdmin
from instances.exceptions import NotPossible
from instances.models import Instance, Job
from instances.services import asking, creation, people


@admin.register(Instance)
class InstanceAdmin(VerbsAdmin, InstanceColumns):
    """A form to ask for one, a list, a page of facts, and what can be done to each."""

    list_display = (
        *("name", "show_status", "show_url", "show_services", "show_commit"),
        *("show_last_seen", "created_at"),
    )
    list_filter = (DeletedFilter, NeedsAttentionFilter, "status", "ownership", "created_at")
    list_before_template = "instances/instance/held.html"
    list_after_template = "instances/verbs/dialog_place.html"
    verbs = VERBS
    search_fields = ("name", "project_id", "host")
    search_help_text = "Name, Railway project id or address"
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
                    ("status_changed_at", "show_last_seen"),
                    ("deletion_scheduled_at", "gone_at"),
                    ("show_description", "former_description"),
                )
            },
        ),
    )
    readonly_fields = (
        *("show_variables", "ownership", "environment_id", "status_changed_at"),
        *("show_last_seen", "deletion_scheduled_at", "gone_at"),
        *("show_description", "former_description"),
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
            path(
                "<int:object_id>/keys/coming/<int:credential_id>/",
                view(reveal_coming_view),
                name="instances_instance_reveal_coming",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instance]:
        rows: QuerySet[Instance] = super().get_queryset(request)
        loaded = rows.prefetch_related("services", asking.with_open_operations())
        return loaded.with_last_seen()  # type: ignore[attr-defined,no-any-return]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        if self.has_verbs(request):
            columns.append(self.row_verbs(request, shape="menu"))
        return columns

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_see = request.user.has_perm("instances.view_job")
        held = Job.objects.exclude(held_at=None) if may_see else []
        context = {**(extra_context or {}), "held": held}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def get_form(
        self,
        request: HttpRequest,
        obj: Instance | None = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        made = super().get_form(request, obj, change, form=AddInstanceForm, **kwargs)
        made.refusal = getattr(request, "refusal", "")
        return made

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
            buttons = self.buttons(request, instance)
            context["shown"] = Overview(instance, access=access(request, instance), buttons=buttons)
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
            # The form is shown again, refused, with what was typed.
            why = " ".join(getattr(error, "messages", [str(error)]))
            request.refusal = why  # type: ignore[attr-defined]
            return super().add_view(request, *args, **kwargs)  # type: ignore[no-any-return]

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
