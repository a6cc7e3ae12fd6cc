"""
What people do to a row: a button that opens a dialog, and an action on selected rows.

Nothing is changed but by a POST with a CSRF token from somebody with the verb's
permission. The dialog's address shows the same as a page of its own, for those who
come back from the login, and for browsers without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from instances.admin.doing import Doing
from instances.admin.verb_forms import NoQuestions, VerbForm

# Names the rows of a selection that the verb cannot touch, so that they are shown again.
LEFT_ALONE = "left_alone"
LONGEST_KEY = 18


@dataclass(frozen=True, slots=True)
class Verb:
    """
    `effect` says before it is done what will happen, `done` afterwards what has.

    `tells` says it of one row. `seen` gives, as a text, what a person goes by: a row that
    is another by then is left alone. `form` asks what else has to be known.
    """

    key: str
    label: str
    done: str
    icon: str
    effect: str
    permission: str
    carry_out: Callable[..., Any]
    why_not: Callable[[Any], str]
    is_dangerous: bool = False
    tells: Callable[[Any], str] | None = None
    seen: Callable[[Any], str] | None = None
    form: type[VerbForm] = NoQuestions
    on_selection: bool = True

    def effect_on(self, row: Any) -> str:
        return self.tells(row) if self.tells else self.effect

    def seen_of(self, row: Any) -> str:
        return self.seen(row) if self.seen else ""


@dataclass(frozen=True, slots=True)
class Button:
    """A verb on one row; with a reason in `why_not` it cannot be pressed."""

    verb: Verb
    url: str
    why_not: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """A selected row, with what the person sees of it and what will happen to it."""

    row: Any
    seen: str
    effect: str


def reasons(buttons: Sequence[Button]) -> dict[str, list[str]]:
    """Return why buttons cannot be pressed, each reason once, with the buttons' names."""
    found: dict[str, list[str]] = {}
    for button in buttons:
        if button.why_not:
            found.setdefault(button.why_not, []).append(button.verb.label)
    return found


class VerbsAdmin(ModelAdmin):  # type: ignore[misc]
    """Gives each verb a dialog, a page, and an action on selected rows."""

    verbs: tuple[Verb, ...] = ()

    def get_urls(self) -> list[Any]:
        mine = [
            path(
                f"<int:object_id>/{verb.key}/",
                self.admin_site.admin_view(self._view(verb)),
                name=self._url_name(verb),
            )
            for verb in self.verbs
        ]
        return [*mine, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {
            verb.key: (_on_selection(verb), verb.key, f"{verb.label} …")
            for verb in self.verbs
            if verb.on_selection and request.user.has_perm(verb.permission)
        }

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("A row was chosen by what is no key.")
        return super().response_action(request, queryset)  # type: ignore[no-any-return]

    def buttons(self, request: HttpRequest, row: Model) -> list[Button]:
        """Return all verbs of the row; one that cannot be pressed says why."""
        return [
            Button(verb, self._url(verb, row), refusal(request, verb, row)) for verb in self.verbs
        ]

    def has_verbs(self, request: HttpRequest) -> bool:
        """Tell whether the person may do anything at all to rows."""
        return any(request.user.has_perm(verb.permission) for verb in self.verbs)

    def row_verbs(self, request: HttpRequest, *, shape: str) -> Callable[[Model], SafeString]:
        """Return a column of the list with the verbs that can be used: as a "row" or a "menu"."""

        def show_verbs(row: Model) -> SafeString:
            usable = [button for button in self.buttons(request, row) if not button.why_not]
            context = {"buttons": usable, "row": row}
            return render_to_string(f"instances/verbs/{shape}.html", context)

        show_verbs.short_description = "Actions"  # type: ignore[attr-defined]
        return show_verbs

    def _url_name(self, verb: Verb) -> str:
        meta = self.model._meta  # noqa: SLF001
        return f"{meta.app_label}_{meta.model_name}_{verb.key}"

    def _url(self, verb: Verb, row: Model) -> str:
        return reverse(f"{self.admin_site.name}:{self._url_name(verb)}", args=[row.pk])

    def _view(self, verb: Verb) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: int) -> HttpResponse:
            demand(request, verb)
            row = get_object_or_404(self.get_queryset(request), pk=object_id)
            if not self.has_view_permission(request, row):
                raise PermissionDenied
            if request.method == "POST":
                return self._carry_out(request, verb, row)
            return self._ask(request, verb, row, verb.form(rows=[row]))

        return view

    def _ask(self, request: HttpRequest, verb: Verb, row: Any, form: VerbForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.label}: {row}",
            "opts": self.model._meta,  # noqa: SLF001
            "verb": verb,
            "row": row,
            "form": form,
            "effect": verb.effect_on(row),
            "seen": request.POST.get("seen") or verb.seen_of(row),
            "url": self._url(verb, row),
            "back": self._back(request, row),
            "why_not": refusal(request, verb, row),
        }
        template = "dialog" if request.headers.get("HX-Request") else "page"
        return TemplateResponse(request, f"instances/verbs/{template}.html", context)

    def _carry_out(self, request: HttpRequest, verb: Verb, row: Any) -> HttpResponse:
        form = verb.form(request.POST, rows=[row])
        if not form.is_valid():
            return self._ask(request, verb, row, form)
        doing = Doing(request, verb, form.given())
        doing.to(row, request.POST.get("seen", ""))
        doing.tell()
        return HttpResponseRedirect(doing.follow(row) or self._back(request, row))

    def _back(self, request: HttpRequest, row: Model) -> str:
        """Return the page on which the button was pressed."""
        meta = self.model._meta  # noqa: SLF001
        name = f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_change"
        asked = request.POST.get("back") or request.headers.get("HX-Current-URL", "")
        if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()):
            return asked
        return reverse(name, args=[row.pk])


def is_key(text: str) -> bool:
    """Tell whether it may be the key of a row, which fits 64 bits."""
    return text.isdecimal() and len(text) <= LONGEST_KEY


def refusal(request: HttpRequest, verb: Verb, row: Any) -> str:
    if not request.user.has_perm(verb.permission):
        return "Your account may not do this; ask an administrator for the permission."
    return verb.why_not(row)


def demand(request: HttpRequest, verb: Verb) -> None:
    if not request.user.has_perm(verb.permission):
        raise PermissionDenied


def _posted(admin: VerbsAdmin, request: HttpRequest, *fields: str) -> list[Any]:
    """Return the rows that were shown, even those that the list's filter no longer holds."""
    rows: QuerySet[Any] = admin.get_queryset(request)
    keys = [key for field in fields for key in request.POST.getlist(field) if is_key(key)]
    return list(rows.filter(pk__in=keys))


def _on_selection(verb: Verb) -> Callable[..., HttpResponse | None]:
    """Return a Django action: first a page that says what will happen to each row."""

    def act(
        admin: VerbsAdmin, request: HttpRequest, chosen: QuerySet[Any]
    ) -> TemplateResponse | None:
        demand(request, verb)
        if not request.POST.get("confirmed"):
            return _ask_about(admin, request, verb, list(chosen))
        rows = _posted(admin, request, ACTION_CHECKBOX_NAME)
        form = verb.form(request.POST, rows=rows)
        if not form.is_valid():
            shown = _posted(admin, request, ACTION_CHECKBOX_NAME, LEFT_ALONE)
            return _ask_about(admin, request, verb, shown, answers=request.POST)
        doing = Doing(request, verb, form.given(), for_many=len(rows) > 1)
        for row in rows:
            doing.to(row, request.POST.get(f"seen-{row.pk}", ""))
        doing.tell()
        return None

    return act


def _ask_about(
    admin: VerbsAdmin,
    request: HttpRequest,
    verb: Verb,
    chosen: Sequence[Any],
    *,
    answers: QueryDict | None = None,
) -> TemplateResponse:
    """Show the rows that it can be done to, and the others with the reason; or show them again."""
    refusals = [(row, refusal(request, verb, row)) for row in chosen]
    usable = [row for row, reason in refusals if not reason]
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{verb.label}: {len(chosen)} selected",
        "opts": admin.model._meta,  # noqa: SLF001
        "verb": verb,
        "form": verb.form(answers, rows=usable),
        "submit_label": f"{verb.label} {len(usable)}",
        "usable": [
            RowLine(row, _was_seen(request, verb, row), verb.effect_on(row)) for row in usable
        ],
        "refused": [(row, reason) for row, reason in refusals if reason],
    }
    return TemplateResponse(request, "instances/verbs/selection.html", context)


def _was_seen(request: HttpRequest, verb: Verb, row: Any) -> str:
    """Return what the person saw first: a form that was refused does not renew it."""
    return request.POST.get(f"seen-{row.pk}") or verb.seen_of(row)
