"""
What is refused of the queue's settings.

The reasons are in docs/queue.md; each was measured. django-q2 reads the settings when it
is imported, so what counts is what it has made of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import router
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task

from instances.models import Operation

BROKER = "instances.queue.OldestFirst"
OTHER_BROKERS = ("IRON_MQ", "SQS", "MONGO", "REDIS", "DJANGO_REDIS")
# Of the column that holds the queue's name.
LONGEST_NAME = 100
# kB: with less than this a worker is renewed after every task.
LEAST_RSS = 200_000

# Between these a setting is safe: name, least, most, what else happens.
RANGES: tuple[tuple[str, str, float, float, str], ...] = (
    ("E109", "WORKERS", 1, 8, "Without workers nothing is done; many of them fight for a lock."),
    ("E108", "BULK", 1, 1, "What is prefetched can be delivered twice."),
    ("E104", "MAX_ATTEMPTS", 1, 1, "Our leases decide on retries."),
    ("E111", "POLL", 0.05, 1, "A due operation must not wait, nor the database be asked non-stop."),
    ("E116", "SAVE_LIMIT", 50, 2000, "Fewer hide that a worker answers; more slow down each task."),
    ("E118", "RECYCLE", 10, 10_000, "Else workers are renewed all the time, or grow for ever."),
    ("E161", "GUARD_CYCLE", 0.1, 1, "At 0 no schedule is run; a long one leaves workers dead."),
)


def _is_between(value: Any, least: float, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and bool(least <= value <= most)


def _retry_is_long_enough() -> bool:
    numbers = (Conf.RETRY, Conf.QUEUE_LIMIT, Conf.WORKERS, Conf.TIMEOUT)
    if not all(_is_between(number, 1, float("inf")) for number in numbers):
        return False
    return bool(Conf.RETRY > (Conf.QUEUE_LIMIT / Conf.WORKERS + 2) * Conf.TIMEOUT)


def _is_alone() -> bool:
    """Tell whether there is one queue, which everybody writes to and reads from."""
    return Conf.CLUSTER_NAME == Conf.PREFIX and not settings.Q_CLUSTER.get("ALT_CLUSTERS")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _is_beside_the_rows() -> bool:
    """Tell whether the queue's tables are routed to the database that the operations are in."""
    routes = (router.db_for_read, router.db_for_write)
    models = (OrmQ, Schedule, Task, Operation)
    return {route(model) for route in routes for model in models} == {"default"}


# id, what must hold, what to do.
RULES: tuple[tuple[str, Callable[[], bool], str], ...] = (
    ("E101", lambda: Conf.ORM == "default", "Set orm to 'default': a nudge commits with its row."),
    (
        "E102",
        lambda: _is_between(Conf.TIMEOUT, 3600, float("inf")),
        "Set timeout to 3600 or more: it is a backstop.",
    ),
    (
        "E103",
        _retry_is_long_enough,
        "Raise retry above (queue_limit / workers + 2) x timeout, or tasks run twice.",
    ),
    ("E105", lambda: bool(Conf.ACK_FAILURES), "Set ack_failures to True, or failures come back."),
    ("E106", lambda: not Conf.CATCH_UP, "Set catch_up to False, or missed schedules all run."),
    (
        "E107",
        lambda: _is_between(Conf.QUEUE_LIMIT, 1, Conf.WORKERS),
        "Set queue_limit to between 1 and the number of workers: what waits in memory is late.",
    ),
    ("E110", lambda: not Conf.SYNC, "Set sync to False: a request must not change Railway."),
    (
        "E112",
        lambda: not any(getattr(Conf, name) for name in OTHER_BROKERS),
        (
            "Take out iron_mq, sqs, mongo, redis and django_redis: with another broker a nudge does"
            " not commit with its row."
        ),
    ),
    (
        "E165",
        lambda: Conf.BROKER_CLASS == BROKER,
        (
            f"Set broker_class to '{BROKER}': django-q2's own brokers hand out in no order, or do"
            " not commit with the row."
        ),
    ),
    (
        "E113",
        _is_alone,
        (
            "Take out ALT_CLUSTERS and cluster_name, and unset Q_CLUSTER_NAME: nudges would wait in"
            " a queue that nobody serves."
        ),
    ),
    ("E114", lambda: bool(Conf.SCHEDULER), "Set scheduler to True, or no schedule is run."),
    ("E115", lambda: not Conf.CACHED, "Set cached to False: results belong in the database."),
    (
        "E117",
        lambda: Conf.SAVE_LIMIT_PER in {None, "func", "group"},
        (
            "Take out save_limit_per: each operation has a name of its own, so nothing would be"
            " pruned."
        ),
    ),
    (
        "E119",
        lambda: Conf.MAX_RSS in {None, 0} or _is_between(Conf.MAX_RSS, LEAST_RSS, float("inf")),
        (
            f"Set max_rss to {LEAST_RSS} kB or more, or leave it out: a worker must not be renewed"
            " after every task."
        ),
    ),
    (
        "E160",
        lambda: bool(Conf.DAEMONIZE_WORKERS),
        "Set daemonize_workers to True, or workers outlive the cluster that watches them.",
    ),
    (
        "E162",
        lambda: _is_name(Conf.PREFIX),
        f"Set name to a text of 1 to {LONGEST_NAME} characters: it is the queue's.",
    ),
    (
        "E163",
        _is_beside_the_rows,
        (
            "Take OrmQ, Schedule, Task and the app's own tables out of DATABASE_ROUTERS: a nudge"
            " commits with its row, in the database 'default'."
        ),
    ),
    (
        "E164",
        lambda: settings.USE_TZ and Conf.TIME_ZONE in available_timezones(),
        (
            "Set USE_TZ to True and time_zone to one that this machine knows, or leave it out: an"
            " hour that comes twice would run leases out, and without a zone no schedule is run."
        ),
    ),
)


@register("queue")
def queue_settings(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"The queue's settings are unsafe. {what}", id=f"instances.{number}")
        for number, what in (*_out_of_range(), *_broken_rules())
    ]


def _out_of_range() -> list[tuple[str, str]]:
    return [
        (number, f"Set {name.lower()} to {_span(least, most)}. {why}")
        for number, name, least, most, why in RANGES
        if not _is_between(getattr(Conf, name), least, most)
    ]


def _span(least: float, most: float) -> str:
    return f"{least:g}" if least == most else f"between {least:g} and {most:g}"


def _broken_rules() -> list[tuple[str, str]]:
    return [(number, what) for number, holds, what in RULES if not holds()]
