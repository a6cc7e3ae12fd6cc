"""What is asked before something is done: a reason, a commit, a name typed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
)

from instances.services import redeployment, rotation
from instances.services.people import LONGEST_REASON
from instances.services.steps.redeploy import COMMIT, LATEST, SAME


def reason_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label="Why",
        required=required,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="It stays in the history." if required else "Optional; it stays in the history.",
    )


class VerbForm(forms.Form):
    """`rows` are those that it is about."""

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def given(self) -> dict[str, Any]:
        """Return what was answered, as the service takes it."""
        return dict(self.cleaned_data)


class NoQuestions(VerbForm):
    """Nothing but "yes"."""


class AskWhy(VerbForm):
    reason = reason_field(required=True)


class MayAskWhy(VerbForm):
    reason = reason_field(required=False)


class AskWhat(VerbForm):
    """Which commit a redeploy is of."""

    what = forms.ChoiceField(
        label="What",
        initial=LATEST,
        choices=[
            (LATEST, "The newest commit of its branch"),
            (SAME, "The same commit again, with the variables of now"),
            (COMMIT, "This commit:"),
        ],
        widget=UnfoldAdminRadioSelectWidget,
    )
    commit = forms.CharField(
        label="Commit",
        required=False,
        validators=[redeployment.validate_commit],
        widget=UnfoldAdminTextInputWidget(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "1a2b3c4d",
            }
        ),
    )
    reason = reason_field(required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_meant = given.get("what") == COMMIT
        if is_meant and not given.get("commit") and "commit" not in self.errors:
            self.add_error("commit", "Say which commit.")
        if given.get("commit") and not is_meant:
            self.add_error("what", "A commit is given below: choose it here, or empty the field.")
        return given

    def given(self) -> dict[str, Any]:
        what = self.cleaned_data["what"]
        return {
            "commit": self.cleaned_data["commit"] if what == COMMIT else "",
            "same_commit": what == SAME,
            "reason": self.cleaned_data["reason"],
        }


class AskKeys(VerbForm):
    names = forms.MultipleChoiceField(
        label="Keys",
        choices=[(name, name) for name in rotation.ROTATABLE],
        initial=list(rotation.ROTATABLE),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    reason = reason_field(required=True)


class AskForName(VerbForm):
    """What cannot be undone: the name is typed; for several rows the words that are shown."""

    typed = forms.CharField(
        label="Type",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = reason_field(required=True)

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        self.fields["typed"].label = f"Type “{self.expected}” to go on"

    @property
    def expected(self) -> str:
        return str(self.rows[0]) if len(self.rows) == 1 else f"delete {len(self.rows)}"

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self.expected:
            raise ValidationError(f"Type exactly: {self.expected}", code="typed")
        return self.expected

    def given(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}
