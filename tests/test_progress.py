"""What `create_instance` shows on a terminal while it waits."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management.base import OutputWrapper
from django.utils import timezone

from instances.management.progress import follow
from instances.models import Operation
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(operation: Operation) -> str:
    """Return what stands on a wide terminal in the end."""
    terminal = Terminal()
    with follow(operation, to=OutputWrapper(terminal), quiet=False) as watch:
        watch(operation)
    return terminal.getvalue()


@pytest.fixture
def waiting(requester: Requester, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """Somebody second in line, whose turn comes in half a minute."""
    monkeypatch.setenv("COLUMNS", "200")
    operation = creation.request(Wish("acme"), requester)
    operation.steps.filter(name="project").update(state="waiting", message="Second in line.")
    operation.expected_at = timezone.now() + timedelta(seconds=30.4)
    operation.save(update_fields=["expected_at"])
    return operation


def test_a_place_in_line_comes_with_the_time_it_will_take(waiting: Operation) -> None:
    assert "Second in line. About 30 s." in shown(waiting)


def test_a_wait_of_unknown_length_is_shown_without_one(waiting: Operation) -> None:
    waiting.expected_at = None

    assert "About" not in shown(waiting)
    assert "Second in line." in shown(waiting)
