"""Small crowds before two real clusters; tests/crowd.py measures large ones with the same code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from instances.simulator.server import LocalRailway
from tests.conftest import environment, kill, start_cluster
from tests.crowd import creates, redeploys

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(150)]

AT_ONCE = 3
PER_HOUR = 120


@pytest.fixture
def clusters(railway: LocalRailway, scale: float, settings: Any) -> Iterator[None]:
    """Two clusters of two workers."""
    settings.BULK_OPERATIONS_AT_ONCE = AT_ONCE
    env = environment(railway, scale, BULK_OPERATIONS_AT_ONCE=str(AT_ONCE))
    started = [start_cluster(env) for _ in range(2)]
    yield
    for process in started:
        kill(process)


@pytest.mark.usefixtures("clusters")
def test_creates_asked_for_at_once_take_turns_and_all_end_running(railway: LocalRailway) -> None:
    found = creates(railway, count=6, people=3)

    assert found["states"] == {"succeeded": 6}
    assert found["running"] == 6
    assert found["refusals_too_quickly"] == 0
    assert found["smallest_distance_seconds"] >= found["cooldown_seconds"]
    assert found["said_their_place"] >= 5


# An hour is 18 s at this scale.
@pytest.mark.parametrize("scale", [0.005])
@pytest.mark.usefixtures("clusters")
def test_a_selection_goes_so_many_at_once_and_keeps_to_a_small_budget(
    railway: LocalRailway,
) -> None:
    railway._exchange.budget.hourly_limit = PER_HOUR

    found = redeploys(railway, count=12)

    assert found["states"] == {"succeeded": 12}
    assert found["most_at_once"] == AT_ONCE
    assert found["said_their_place"] == 12 - AT_ONCE
    assert found["waited_for_the_next_hour"] > 0
    assert max(found["requests_per_window"]) <= PER_HOUR
