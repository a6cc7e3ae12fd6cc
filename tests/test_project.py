"""Promises that the project makes about itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from instances import queue, tasks
from instances.models import Operation
from instances.services.dispatch import PLANS

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check_changes=True, verbosity=0)


def test_every_queued_name_is_a_task() -> None:
    queued = [queue.ADVANCE, queue.SWEEP]

    assert [name for name in queued if not hasattr(tasks, name.rpartition(".")[2])] == []


def test_every_command_has_its_test_module() -> None:
    commands = {p.stem for p in (ROOT / "instances/management/commands").glob("[a-z]*.py")}
    tested = {p.stem for p in (ROOT / "tests/management").glob("test_*.py")}

    assert {f"test_{name}" for name in commands} == tested


def test_every_kind_of_operation_has_a_plan() -> None:
    assert set(PLANS) == set(Operation.Kind.values)


@pytest.mark.parametrize("kind", Operation.Kind.values)
def test_step_names_of_a_plan_are_its_own_and_fit_their_columns(kind: str) -> None:
    steps = [*PLANS[kind].steps, *PLANS[kind].rollback]

    names = [step.name for step in steps]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 30
    assert max(len(step.title) for step in steps) <= 80


def test_every_setting_read_from_the_environment_is_in_the_manual() -> None:
    text = (ROOT / "luthien_admin/settings.py").read_text()
    manual = (ROOT / "docs/settings.md").read_text()
    names = {part.split('"')[1] for part in text.split("env.")[1:] if part.count('"') >= 2}

    assert [name for name in sorted(names) if f"`{name}`" not in manual] == []
