"""Any word on a command line: the command does its work, or says in a sentence why not."""

from __future__ import annotations

import json
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from instances.models import Instance
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.strange import examples, texts, whats_wrong_with

pytestmark = pytest.mark.django_db

# Commands that take the name of an instance, with what else they need to ask nothing.
NAMED: dict[str, tuple[str, ...]] = {
    "adopt_instance": ("--no-wait",),
    "cancel_deletion": ("--no-wait",),
    "delete_instance": ("--no-wait", "--yes"),
    "forget_instance": ("--yes",),
    "instance_status": (),
    "redeploy_instance": ("--no-wait",),
    "rotate_keys": ("--no-wait",),
}
NUMBERS = ["nan", "inf", "-inf", "-1", "1e308", "9" * 400, "\u0663", "", "x", "1_0", "0x10"]
words = texts | st.sampled_from(NUMBERS)


def said(command: str, *argv: str) -> str:
    """Return what a command says, or the sentence with which it fails; what it did is undone."""
    out = StringIO()
    try:
        with transaction.atomic():
            call_command(command, *argv, stdout=out, stderr=StringIO())
            transaction.set_rollback(True)
    except CommandError as error:
        return str(error)
    except SystemExit:
        assert json.loads(out.getvalue())
    return out.getvalue()


@pytest.fixture
def acme(stand: Stand) -> Instance:
    return stand()


as_json_or_not = st.sampled_from([(), ("--json",)])


@pytest.mark.parametrize("name", NAMED)
@examples(12)
@given(word=words, form=as_json_or_not)
def test_any_name_of_an_instance(name: str, word: str, form: tuple[str, ...]) -> None:
    assert whats_wrong_with(said(name, *NAMED[name], *form, "--", word)) == ""


@pytest.mark.parametrize(
    "name", ["cancel_deletion", "delete_instance", "forget_instance", "rotate_keys"]
)
@examples(12)
@given(reason=words, form=as_json_or_not)
def test_any_reason(acme: Instance, name: str, reason: str, form: tuple[str, ...]) -> None:
    assert whats_wrong_with(said(name, *NAMED[name], *form, f"--reason={reason}", "acme")) == ""


@examples(12)
@given(commit=words, reason=words)
def test_any_commit(acme: Instance, commit: str, reason: str) -> None:
    argv = (f"--commit={commit}", f"--reason={reason}", "--no-wait", "acme")

    assert whats_wrong_with(said("redeploy_instance", *argv)) == ""


@examples(40)
@given(
    name=words | st.just("acme"),
    repository=words | st.just("o/r"),
    branch=words | st.just("main"),
    variable=words | texts.map("MODE={}".format),
)
def test_anything_asked_of_a_create(name: str, repository: str, branch: str, variable: str) -> None:
    argv = (f"--repo={repository}", f"--branch={branch}", f"--variable={variable}", "--no-wait")

    assert whats_wrong_with(said("create_instance", *argv, "--", name)) == ""


@examples(30)
@given(value=st.binary(max_size=20).map(lambda text: os.fsdecode(text.replace(b"\x00", b"\xff"))))
def test_any_secret_in_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", value)

    told = said("create_instance", "--secret=SENTRY_DSN", "--no-wait", "acme")

    assert whats_wrong_with(told) == ""


@pytest.mark.parametrize(
    ("command", "flag"), [("sweep_operations", "--seconds"), ("check_railway", "--patience")]
)
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "-1", "1e308", "9" * 400, "", "x"])
def test_a_number_of_seconds_that_there_cannot_be(command: str, flag: str, number: str) -> None:
    with pytest.raises(CommandError, match="seconds"):
        call_command(command, f"{flag}={number}", stdout=StringIO())


@pytest.mark.parametrize(
    "flag", ["--port=-1", "--port=65536", "--port=x", "--time-scale=nan", "--time-scale=0"]
)
def test_a_local_railway_that_there_cannot_be(flag: str) -> None:
    with pytest.raises(CommandError, match=flag.partition("=")[0]):
        call_command("local_railway", flag, stdout=StringIO())


@examples(8)
@given(reason=words)
def test_any_reason_to_let_a_run_through(railway: LocalRailway, reason: str) -> None:
    assert whats_wrong_with(said("reap_instances", f"--let-through={reason}")) == ""
