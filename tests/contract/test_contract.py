"""Every call is made with the stand-in and with the real CLI, and comes to the same."""

from __future__ import annotations

import pytest

from tests.contract import calls_of_people, calls_of_the_app, refusals, surroundings
from tests.contract.cases import Case
from tests.contract.comparison import differences, left
from tests.contract.differences import LEFT
from tests.contract.programs import needs_real_cli

CASES = (*calls_of_the_app.GOOD, *calls_of_people.GOOD, *refusals.BAD, *surroundings.CASES)


@needs_real_cli
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_do_the_same_but_for_what_is_listed(case: Case) -> None:
    assert differences(case) == left(case)


def test_every_listed_difference_is_one_of_a_case() -> None:
    assert set(LEFT) <= {case.name for case in CASES}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
