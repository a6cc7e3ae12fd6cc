"""
True races between connections, for PostgreSQL.

What is raced for is locked until every racer has looked and waits to write; then they
may, in the order in which they came. Who decides by what it saw before is found out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from instances.exceptions import NotPossible
from instances.operations.lease import LeaseLost

ROUNDS = 20
# Seconds.
WAITS_WITHIN = 20.0
LOOK_EVERY = 0.005

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

Racer = Callable[[], object]
Outcomes = tuple[object, ...]


def rounds(play: Callable[[], Outcomes]) -> set[Outcomes]:
    """Race again and again; return every way in which it ended."""
    return {play() for _ in range(ROUNDS)}


def race(racers: Sequence[Racer], *, over: str) -> Outcomes:
    """
    Return what became of each racer: what it returned, or which refusal it met.

    `over` is the SQL that locks what they race for. They come to it in random order.
    """
    order = random.sample(range(len(racers)), len(racers))
    running = {}
    with ThreadPoolExecutor(len(racers)) as pool, _holding(over):
        for place, number in enumerate(order, start=1):
            running[number] = pool.submit(_run, racers[number])
            _wait_until_waiting(place)
    return tuple(running[number].result() for number in sorted(order))


@contextmanager
def _holding(lock: str) -> Iterator[None]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; {lock}")
        yield
    finally:
        other.close()


def _run(racer: Racer) -> object:
    try:
        return racer()
    except (NotPossible, LeaseLost) as refusal:
        return type(refusal)
    finally:
        connection.close()


def _wait_until_waiting(count: int) -> None:
    until = time.monotonic() + WAITS_WITHIN
    while _waiting() < count:
        assert time.monotonic() < until, f"number {count} does not wait for the lock"
        time.sleep(LOOK_EVERY)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])
