"""Four workers and people at the web app at once: nobody meets the database's lock."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django_q.models import Failure

from instances.models import Job, LogLine, Operation
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import person
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, environment
from tests.looking import found_on
from tests.web_crowd import COMPLAINTS, busy, running, web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(170)]

CREATES = 12
NAMES = [f"tenant-{number}" for number in range(CREATES)]
# Real seconds; that nobody waits much longer is the point, not how fast the machine is.
OVER_WITHIN = 120.0


def said_by_operations() -> str:
    """Return all that people are told by the rows of work."""
    operations = Operation.objects.values_list("message", "waiting_for")
    lines = LogLine.objects.values_list("text", flat=True)
    jobs = Job.objects.values_list("error", flat=True)
    failures = Failure.objects.values_list("result", flat=True)
    return "\n".join(map(str, (*operations, *lines, *jobs, *failures)))


def states_of(operations: list[Operation]) -> set[str]:
    mine = Operation.objects.filter(pk__in=[operation.pk for operation in operations])
    return set(mine.values_list("state", flat=True))


def wait_for_creates(operations: list[Operation]) -> None:
    """Wait until those have ended, whatever else was asked for meanwhile."""
    until = time.monotonic() + OVER_WITHIN
    while states_of(operations) & set(Operation.State.moving()):
        assert time.monotonic() < until, said_by_operations()
        time.sleep(0.1)


@pytest.mark.parametrize("scale", [0.01])
def test_a_dozen_creates_and_a_crowd_at_the_web_app_never_meet_a_locked_database(
    transactional_db: None, railway: LocalRailway, stand: Stand, scale: float, tmp_path: Path
) -> None:
    stand("old-one")
    stand("old-two")
    asker = person(User.objects.get(username="ann"))
    operations = [creation.request(Wish(name), asker) for name in NAMES]
    env = environment(railway, scale, QUEUE_WORKERS="4", LOG_LEVEL="INFO", QUEUE_LOG_LEVEL="INFO")
    worker_log, web_log = tmp_path / "worker", tmp_path / "web"

    with (
        running(["manage.py", "qcluster"], env, worker_log),
        web(env, web_log) as url,
        busy(url, 3) as people,
    ):
        wait_for_creates(operations)

    assert [each.bad for each in people] == [[], [], []]
    assert not COMPLAINTS.search(said_by_operations())
    assert not COMPLAINTS.search(worker_log.read_text())
    assert not COMPLAINTS.search(web_log.read_text())
    assert states_of(operations) == {Operation.State.SUCCEEDED}
    assert found_on(railway, "luthien-tenant").projects == sorted(f"luthien-{n}" for n in NAMES)
    assert min(each.asked for each in people) > 0
