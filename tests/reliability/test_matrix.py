"""The matrix leaves nothing out: no step of any operation, no fault, no moment."""

from __future__ import annotations

import pytest

from instances.services.dispatch import PLANS
from tests.reliability import matrix
from tests.reliability.scenarios import SCENARIOS, Scenario
from tests.reliability.strikes import FAULTS

# They change nothing on Railway, and are struck by the tests of their own.
ONLY_LOOK = {"sync", "adopt"}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=str)
def test_every_step_is_struck(scenario: Scenario) -> None:
    struck = {call.step for call in matrix.CALLS[scenario.name]}

    assert struck == {step.name for step in scenario.steps}


def test_every_kind_of_operation_that_changes_something_is_struck() -> None:
    assert {scenario.kind.value for scenario in SCENARIOS.values()} == set(PLANS) - ONLY_LOOK


def test_every_fault_is_struck_and_no_other() -> None:
    assert {case.fault for case in matrix.whole()} == set(FAULTS)


def test_every_step_comes_once_at_every_turn() -> None:
    calls = [(case.scenario, case.call) for case in matrix.whole()]

    turns = [matrix.each_step_once(turn) for turn in range(3)]

    assert [{(c.scenario, c.call) for c in turn} for turn in turns] == [set(calls)] * 3
    assert turns[0] != turns[1] != turns[2]


def test_every_fault_and_every_moment_comes_in_the_course_of_the_turns() -> None:
    turns = range(4 * len(FAULTS))

    found = {(case.fault, case.moment) for turn in turns for case in matrix.each_step_once(turn)}

    assert found == {(case.fault, case.moment) for case in matrix.whole()}
