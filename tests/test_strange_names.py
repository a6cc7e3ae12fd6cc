"""Any text as a name, a repository, a branch, a variable or a value: taken, or ValidationError."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given

from instances import deletion_tag, gateway_variables, naming
from instances.railway.masking import Mask
from instances.secrets import Secret, decrypt, encrypt, fingerprint
from instances.services import people, redeployment
from tests.strange import examples, moments, texts, whats_wrong_with

NOW = datetime(2026, 2, 12, 18, tzinfo=UTC)
Check = Callable[[str], None]
CHECKS: dict[str, Check] = {
    "name": naming.validate_name,
    "repository": naming.validate_repository,
    "branch": naming.validate_branch,
    "commit": redeployment.validate_commit,
    "variable's name": lambda text: gateway_variables.validate_variable(text, "1"),
    "variable's value": lambda text: gateway_variables.validate_variable("MODE", text),
    "secret's name": lambda text: gateway_variables.validate_secret(text, "s3cr3t"),
    "secret's value": lambda text: gateway_variables.validate_secret("SENTRY_DSN", text),
}


def problem(check: Check, text: str) -> str:
    """Return why the text is refused; empty when it is taken."""
    try:
        check(text)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@examples(80)
@given(text=texts)
def test_what_is_taken_can_be_stored_and_what_is_not_has_a_sentence(
    check: Check, text: str
) -> None:
    why = problem(check, text)

    assert whats_wrong_with(why or text[:1000]) == ""
    assert len(why) < 300


@examples(80)
@given(text=texts)
def test_a_secret_that_is_taken_is_the_same_when_it_is_read_again(text: str) -> None:
    secret = Secret(text if not problem(CHECKS["secret's value"], text) else "s3cr3t")

    assert decrypt(encrypt(secret)) == secret
    assert fingerprint(secret)
    assert text not in problem(CHECKS["secret's value"], text) or len(text) < 8


@examples(80)
@given(text=texts)
def test_a_variable_that_is_taken_fits_a_command_line(text: str) -> None:
    value = text if not problem(CHECKS["variable's value"], text) else "1"

    assert len(f"MODE={value}".encode()) < 64 * 1024


def test_many_variables_are_refused_before_no_command_line_can_hold_them() -> None:
    many = {f"V{number}": "x" * 32_768 for number in range(9)}

    with pytest.raises(ValidationError, match="The variables have 294,930 bytes together"):
        gateway_variables.validate_together(many)


@examples(80)
@given(reason=texts)
def test_any_reason_can_be_kept(reason: str) -> None:
    kept = people.masked_reason(reason)

    assert whats_wrong_with(kept) == ""
    assert len(kept) <= people.LONGEST_REASON


@examples(80)
@given(text=texts, secret=texts)
def test_a_mask_takes_any_text_and_any_secret(text: str, secret: str) -> None:
    assert whats_wrong_with(Mask([secret])(text)[:1000]) == ""


@examples(80)
@given(text=moments)
def test_a_moment_in_a_tag_is_read_and_written_as_the_same_or_has_a_problem(text: str) -> None:
    tag = deletion_tag.read(f"Demo {deletion_tag.PREFIX}{text}") or deletion_tag.Tag()
    written = deletion_tag.write(tag.at or NOW)

    assert (tag.at is None) == bool(tag.problem)
    assert deletion_tag.scheduled_at(written) == (tag.at or NOW).replace(microsecond=0)
    assert deletion_tag.countdown(tag.at or NOW, NOW)
    assert deletion_tag.date(tag.at)


@examples(80)
@given(text=texts)
def test_any_description_has_a_tag_or_none(text: str) -> None:
    tag = deletion_tag.read(text)

    assert tag is None or whats_wrong_with(tag) == ""
    assert deletion_tag.read(deletion_tag.without(text)) is None
