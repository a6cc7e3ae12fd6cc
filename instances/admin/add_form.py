"""The form with which an instance is asked for; a name is enough."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse_lazy
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from instances import gateway_variables, naming
from instances.gateway_variables import ANTHROPIC_API_KEY
from instances.models import Instance
from instances.secrets import Secret
from instances.services.creation import Wish

TAKEN = "An instance of this name exists already."
NOT_KEPT = "Secrets are not sent back to the page: give it again."
VARIABLES_HELP = (
    "One <code>NAME=value</code> on each line. A line without <code>=</code> is refused."
)


class SecretLines(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Lines that are never sent back to the page, and shown as dots (admin.css)."""

    def format_value(self, value: Any) -> str:
        del value
        return ""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        attributes: dict[str, Any] = super().build_attrs(*args, **kwargs)
        return {**attributes, "class": f"{attributes.get('class', '')} secret-lines"}


class AddInstanceForm(forms.ModelForm):  # type: ignore[type-arg]
    anthropic_key = forms.CharField(
        required=False,
        label="The tenant's Anthropic key",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Optional. Without it the gateway's shared key cannot be used: every client"
        " has to bring an Anthropic key of its own. It is stored encrypted.",
    )
    further_variables = forms.CharField(
        required=False,
        label="Further variables",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=VARIABLES_HELP + " They are visible to everybody who sees the instance.",
    )
    further_secrets = forms.CharField(
        required=False,
        label="Further secrets",
        widget=SecretLines(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text=VARIABLES_HELP + " They are stored encrypted.",
    )
    keep_on_failure = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        label="Keep the project when it fails",
        help_text="For inspection. Otherwise what was made is removed again.",
    )

    # Why what was valid could not be saved, when the form is shown again for that.
    refusal = ""

    class Meta:
        model = Instance
        fields = ("name", "repository", "branch")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget = UnfoldAdminTextInputWidget(attrs=name_attributes())
        self.fields["name"].help_text = name_help()
        self.fields["repository"].widget.attrs["pattern"] = naming.REPOSITORY.pattern

    def clean_name(self) -> str:
        # The constraint depends on the status, which is no field of this form.
        name: str = self.cleaned_data["name"]
        if is_taken(name):
            raise ValidationError(TAKEN, code="taken")
        return name

    def clean_anthropic_key(self) -> str:
        key: str = self.cleaned_data["anthropic_key"].strip()
        if key:
            gateway_variables.validate_secret(ANTHROPIC_API_KEY, key)
        return key

    def clean_further_variables(self) -> dict[str, str]:
        variables = parse_lines(self.cleaned_data["further_variables"])
        for name, value in variables.items():
            gateway_variables.validate_variable(name, value)
        return variables

    def clean_further_secrets(self) -> dict[str, str]:
        secrets = parse_lines(self.cleaned_data["further_secrets"])
        for name, value in secrets.items():
            gateway_variables.validate_secret(name, value)
        return secrets

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal:
            self.add_error(None, self.refusal)
        twice = set(given.get("further_variables", ())) & set(given.get("further_secrets", ()))
        if twice:
            self.add_error(
                "further_secrets", f"{', '.join(sorted(twice))}: given as a variable too."
            )
        if given.get("anthropic_key") and ANTHROPIC_API_KEY in given.get("further_secrets", ()):
            self.add_error("further_secrets", f"{ANTHROPIC_API_KEY} is given in its own field.")
        return given

    def _post_clean(self) -> None:
        """Ask for secrets again when the form is refused; the model's own rules are known here."""
        super()._post_clean()  # type: ignore[misc]
        for name in ("anthropic_key", "further_secrets"):
            if self.errors and self.data.get(name) and name not in self.errors:
                self.add_error(name, NOT_KEPT)

    def wish(self) -> Wish:
        """Return what was asked for; only for a form that is valid."""
        given = self.cleaned_data
        secrets = dict(given["further_secrets"])
        if given["anthropic_key"]:
            secrets[ANTHROPIC_API_KEY] = given["anthropic_key"]
        return Wish(
            name=given["name"],
            repository=given["repository"],
            branch=given["branch"],
            variables=given["further_variables"],
            secrets={name: Secret(value) for name, value in secrets.items()},
            keep_on_failure=given["keep_on_failure"],
        )


def parse_lines(text: str) -> dict[str, str]:
    """Read NAME=value lines; raise ValidationError, never with a value in it."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, separator, value = line.partition("=")
        name = name.strip()
        if not separator:
            raise ValidationError(f"Line {number} has no =; write NAME=value.", code="invalid")
        if name in found:
            raise ValidationError(f"{name} is given twice.", code="invalid")
        found[name] = value.strip()
    return found


def is_taken(name: str) -> bool:
    return Instance.objects.alive().filter(name=name).exists()


def name_attributes() -> dict[str, str]:
    """Have the browser ask about the name while it is typed."""
    return {
        "hx-get": str(reverse_lazy("admin:instances_instance_check_name")),
        "hx-trigger": "input changed delay:250ms, load",
        "hx-target": "#name-check",
        "hx-sync": "this:replace",
        "autocomplete": "off",
        "autocapitalize": "none",
        "spellcheck": "false",
        "autofocus": "",
        "aria-describedby": "name-check",
    }


def name_help() -> str:
    return format_html(
        "Lower-case letters, digits and single hyphens; starts with a letter, does not end with"
        ' a hyphen; at most {} characters. <span id="name-check" class="name-check"'
        ' aria-live="polite"></span>',
        settings.INSTANCE_NAME_MAX_LENGTH,
    )


def check_name_view(request: HttpRequest) -> HttpResponse:
    """Say about a name that is being typed what submitting it would say."""
    # As the form does it.
    name = request.GET.get("name", "").strip()
    return TemplateResponse(
        request,
        "instances/instance/name_check.html",
        {"problem": name_problem(name), "project_name": naming.project_name(name), "name": name},
    )


def name_problem(name: str) -> str:
    if not name:
        return ""
    try:
        naming.validate_name(name)
    except ValidationError as error:
        return " ".join(error.messages)
    return TAKEN if is_taken(name) else ""
