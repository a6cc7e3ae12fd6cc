"""Migrations of a database with ten thousand instances: quick, and no row is another after them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.filling import INSTANCES, STEPS_EACH, scratch_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(170)]

FIRST = "0001_initial"
# Real seconds.
LONGEST = 60.0
EMPTY_IN_NEW_COLUMNS = """
SELECT count(*) FROM instances_instance
WHERE description = '' AND former_description = '' AND missed = 0 AND problem = ''
AND gone_at IS NULL
"""


def test_ten_thousand_instances_are_migrated_within_a_minute_there_and_back(
    tmp_path: Path,
) -> None:
    with scratch_database(tmp_path) as database:
        # The names of permissions do not fit into the first table of auth.
        database.manage("migrate", "auth")
        database.manage("migrate", "instances", FIRST)
        database.fill()
        columns = database.columns()
        before = database.rows(columns)

        begun = time.monotonic()
        database.manage("migrate")
        took = time.monotonic() - begun
        after = database.rows(columns)
        empty = database.count(EMPTY_IN_NEW_COLUMNS)
        database.manage("migrate", "instances", FIRST)
        back = database.rows(columns)

        assert took < LONGEST
        assert before["instance"][0] == before["operation"][0] == INSTANCES
        assert before["logline"][0] == before["step"][0] == INSTANCES * STEPS_EACH
        assert after == before
        assert back == before
        assert empty == INSTANCES
