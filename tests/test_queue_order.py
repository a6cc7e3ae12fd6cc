"""In which order the queue hands out what is due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

from instances import queue

pytestmark = pytest.mark.django_db


def handed_out(count: int) -> list[int]:
    """Return for which operations a cluster would be told to look, in its order."""
    broker = get_broker()
    tasks = [broker.dequeue()[0] for _ in range(count)]
    return [SignedPackage.loads(payload)["args"][0] for _, payload in tasks]


def test_what_has_been_due_for_the_longest_is_handed_out_first() -> None:
    now = timezone.now()
    queue.nudge(1, at=now - timedelta(seconds=1))
    queue.nudge(2, at=now - timedelta(seconds=9))
    queue.nudge(3, at=now - timedelta(seconds=5))

    assert handed_out(3) == [2, 3, 1]


def test_what_is_put_back_again_and_again_does_not_keep_others_waiting() -> None:
    now = timezone.now()
    late = queue.nudge(1, at=now - timedelta(seconds=9))
    queue.nudge(2, at=now - timedelta(seconds=5))
    queue.put_off(late, until=now - timedelta(seconds=1))

    assert handed_out(2) == [2, 1]
