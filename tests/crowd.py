"""
Many at once: how long it takes, in which order it goes, and what it asks of Railway.

    python tests/with_postgres.py python tests/crowd.py creates --count 50 --out creates.json
    python tests/with_postgres.py python tests/crowd.py redeploys --count 200 --out redeploys.json

Real queue clusters work on a real database against a local Railway in this process. People
ask through the admin's own pages. It prints one JSON object, or writes it to `--out`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import django
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
if not apps.ready:
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from instances import timing  # noqa: E402
from instances.models import Instance, LogLine, Operation, Step  # noqa: E402
from instances.operations import gate  # noqa: E402
from instances.services import access, sync  # noqa: E402
from instances.services.asking import Seen  # noqa: E402
from instances.simulator.clock import PROJECT_COOLDOWN  # noqa: E402
from instances.simulator.server import LocalRailway  # noqa: E402
from tests.conftest import environment, kill, make_railway, start_cluster  # noqa: E402

PEOPLE = ("ann", "bob", "cyd", "dan", "eve")
CLUSTERS = 2
WORKERS = 4
LOOK_EVERY = 0.2
WAITS_WITHIN = 3600.0
LIST = "admin:instances_instance_changelist"
State = Operation.State


def signed_in(name: str) -> Client:
    account, _ = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(account)
    return client


@dataclass
class Watch:
    """Looks at the rows again and again while work goes on, from a thread of its own."""

    said_place: set[int] = field(default_factory=set)
    said_kept: set[int] = field(default_factory=set)
    most_at_once: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        moving = Operation.objects.filter(state__in=State.moving())
        waiting = dict(moving.values_list("pk", "waiting_for"))
        self.said_place.update(key for key, words in waiting.items() if "in line" in words)
        self.said_kept.update(key for key, words in waiting.items() if "are kept for" in words)
        at_work = Step.objects.filter(operation__in=moving.filter(is_bulk=True), looks__gt=0)
        count = at_work.values("operation").distinct().count()
        self.most_at_once = max(self.most_at_once, count)

    def run(self) -> None:
        try:
            while not self._over.wait(LOOK_EVERY):
                self.look()
        finally:
            connection.close()


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch._over.set()
        thread.join()


def wait_until_ended(keys: Sequence[int], *, left: int = 0) -> None:
    """Wait until no more than `left` of the operations move."""
    until = time.monotonic() + WAITS_WITHIN
    moving = Operation.objects.filter(pk__in=keys, state__in=State.moving())
    while moving.count() > left:
        if time.monotonic() > until:
            raise TimeoutError("\n".join(LogLine.objects.values_list("text", flat=True)))
        time.sleep(LOOK_EVERY)


def states(keys: Sequence[int]) -> dict[str, int]:
    found = list(Operation.objects.filter(pk__in=keys).values_list("state", flat=True))
    return {state: found.count(state) for state in sorted(set(found))}


def refusals(railway: LocalRailway, words: str) -> int:
    return sum(words in (request.error or "") for request in railway.requests)


# Creates.


def ask_for(client: Client, name: str) -> int:
    """Fill in the form; return the operation."""
    form = {"name": name, "repository": settings.GATEWAY_REPO, "branch": settings.GATEWAY_BRANCH}
    client.post(reverse("admin:instances_instance_add"), form)
    return Operation.objects.get(instance__name=name).pk


def ask_at_once(count: int, people: int) -> list[int]:
    """Have people ask for instances, each one after the other, all at the same time."""

    def ask(place: int) -> list[int]:
        try:
            client = clients[place]
            return [ask_for(client, f"c-{n}") for n in range(place, count, people)]
        finally:
            connection.close()

    clients = [signed_in(name) for name in PEOPLE[:people]]
    with ThreadPoolExecutor(people) as pool:
        return sorted(key for keys in pool.map(ask, range(people)) for key in keys)


def creates(railway: LocalRailway, *, count: int, people: int = 5) -> dict[str, Any]:
    """Ask for that many, with clusters running; return what came of it."""
    scale = settings.RAILWAY_TIME_SCALE
    alone = seconds_of(ask_for(signed_in(PEOPLE[0]), "alone"))
    before = len(railway.requests)
    time.sleep(gate.PROJECTS.interval * scale)
    began = time.time()
    with watching() as watch:
        keys = ask_at_once(count, people)
        asked = time.time() - began
        wait_until_ended(keys)
    last = Operation.objects.filter(pk__in=keys).latest("finished_at").finished_at
    assert last
    makespan = last.timestamp() - began
    interval = gate.PROJECTS.interval * scale
    bound = (count - 1) * interval + alone
    made = made_in_order(railway)
    gaps = [round(after - at, 3) for (at, _), (after, _) in pairwise(made)]
    return {
        "count": count,
        "scale": scale,
        "alone_seconds": round(alone, 2),
        "gate_seconds": round(interval, 2),
        "asked_within_seconds": round(asked, 2),
        "makespan_seconds": round(makespan, 2),
        "ratio": round(makespan / bound, 3),
        "cooldown_seconds": PROJECT_COOLDOWN * scale,
        "smallest_distance_seconds": min(gaps),
        "mean_distance_seconds": round(sum(gaps) / len(gaps), 3),
        "largest_distance_seconds": max(gaps),
        "refusals_too_quickly": refusals(railway, "creating projects"),
        "refusals_of_volumes": refusals(railway, "creating volumes"),
        "overtaken": overtaken(keys, [name for _, name in made]),
        "said_their_place": len(watch.said_place & set(keys)),
        "states": states(keys),
        "running": Instance.objects.filter(status=Instance.Status.RUNNING).count() - 1,
        "requests": len(railway.requests) - before,
    }


def seconds_of(key: int) -> float:
    """Wait for the operation's end; return how long it took from when it was asked for."""
    wait_until_ended([key])
    operation = Operation.objects.get(pk=key)
    assert operation.state == State.SUCCEEDED, operation.message
    assert operation.finished_at
    return (operation.finished_at - operation.created_at).total_seconds()


def made_in_order(railway: LocalRailway) -> list[tuple[float, str]]:
    """Return when, by the server's clock, which project was made, but for the first alone."""
    found = railway.world.projects.values()
    return sorted((p.created_at, p.name) for p in found if p.name.startswith("luthien-c-"))


def overtaken(keys: Sequence[int], made: Sequence[str]) -> int:
    """Count those before whom something was made that was asked for later."""
    names = Operation.objects.filter(pk__in=keys).values_list("pk", "instance__name")
    place = {f"luthien-{name}": key for key, name in names}
    order = [place[name] for name in made]
    return sum(any(other > key for other in order[:at]) for at, key in enumerate(order))


# Redeploys.


def stand_many(railway: LocalRailway, count: int) -> list[Instance]:
    """Put instances there that are ours, with their rows."""
    railway.seed_instances(count, "r-")
    with access.railway(timing.current()) as client:
        sync.run(client)
    Instance.objects.update(ownership=Instance.Ownership.ADOPTED)
    return list(Instance.objects.filter(name__startswith="r-").order_by("pk"))


def redeploy_all(client: Client, rows: Sequence[Instance]) -> list[int]:
    """Do what the list does with a selection, its page in between confirmed."""
    seen = {f"seen-{row.pk}": str(Seen.of(row)) for row in rows}
    chosen = {"action": "redeploy", "_selected_action": [str(row.pk) for row in rows]}
    client.post(reverse(LIST), {**chosen, **seen, "confirmed": "yes", "what": "latest"})
    asked = Operation.objects.filter(instance__in=rows, kind=Operation.Kind.REDEPLOY)
    return sorted(asked.values_list("pk", flat=True))


def redeploy_one(client: Client, row: Instance) -> int:
    address = reverse("admin:instances_instance_redeploy", args=[row.pk])
    client.post(address, {"seen": str(Seen.of(row)), "what": "latest"})
    return Operation.objects.get(instance=row, kind=Operation.Kind.REDEPLOY).pk


def redeploys(railway: LocalRailway, *, count: int) -> dict[str, Any]:
    """Redeploy that many in one action and, half-way through, one more by itself."""
    rows = stand_many(railway, count + 1)
    many, one = rows[:-1], rows[-1]
    client = signed_in(PEOPLE[0])
    before = len(railway.requests)
    began = time.monotonic()
    with watching() as watch:
        keys = redeploy_all(client, many)
        asked = time.monotonic() - began
        wait_until_ended(keys, left=count * 2 // 3)
        page = seconds_of_page(client)
        click = Operation.objects.get(pk=redeploy_one(client, one))
        wait_until_ended(keys)
    click.refresh_from_db()
    wait_until_ended([click.pk])
    return {
        "count": count,
        "scale": settings.RAILWAY_TIME_SCALE,
        "asked_within_seconds": round(asked, 2),
        "seconds": round(time.monotonic() - began, 2),
        "most_at_once": watch.most_at_once,
        "said_their_place": len(watch.said_place & set(keys)),
        "waited_for_the_next_hour": len(watch.said_kept),
        "requests": len(railway.requests) - before,
        "requests_per_window": requests_per_window(railway),
        "http_429": sum(request.http_status == 429 for request in railway.requests),
        "states": states(keys),
        "click_seconds": round(seconds_of(click.pk), 2),
        "click_began_after_seconds": began_after(click.pk),
        "page_seconds": page,
    }


def began_after(key: int) -> float:
    operation = Operation.objects.get(pk=key)
    assert operation.started_at
    return round((operation.started_at - operation.created_at).total_seconds(), 2)


def seconds_of_page(client: Client) -> float:
    began = time.monotonic()
    response = client.get(reverse(LIST))
    assert response.status_code == 200
    return round(time.monotonic() - began, 2)


def requests_per_window(railway: LocalRailway) -> list[int]:
    """Count requests by the hours of the local Railway's budget."""
    hour = 3600.0 * settings.RAILWAY_TIME_SCALE
    windows: list[list[float]] = []
    for request in sorted(railway.requests, key=lambda record: record.at):
        if not windows or request.at >= windows[-1][0] + hour:
            windows.append([])
        windows[-1].append(request.at)
    return [len(window) for window in windows]


# The command line.


@contextmanager
def surroundings(scale: float, workers: int, **options: Any) -> Iterator[LocalRailway]:
    """Start a local Railway and clusters that work against it on the configured database."""
    with ExitStack() as stack:
        railway = stack.enter_context(make_railway(scale, **options))
        settings.RAILWAY_API_URL, settings.RAILWAY_TIME_SCALE = railway.url, scale
        settings.RAILWAY_CLI_ENV = ["RAILWAY_BACKBOARD_URL", "RAILWAY_TIME_SCALE"]
        call_command("migrate", verbosity=0)
        env = environment(railway, scale, QUEUE_WORKERS=str(workers))
        for _ in range(CLUSTERS):
            stack.callback(kill, start_cluster(env))
        yield railway


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["creates", "redeploys"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--scale", type=float)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--hourly-limit", type=int)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    setup_test_environment()
    is_creates = options.what == "creates"
    limit = options.hourly_limit or (10_000 if is_creates else 1_000)
    scale = options.scale or (0.2 if is_creates else 0.02)
    with surroundings(scale, options.workers, hourly_limit=limit) as railway:
        if is_creates:
            answer = creates(railway, count=options.count or 50)
        else:
            answer = redeploys(railway, count=options.count or 200)
    text = json.dumps(answer, indent=2) + "\n"
    if options.out:
        options.out.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
