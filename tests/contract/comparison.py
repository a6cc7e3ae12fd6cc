"""Make a case's call with both programs, and hold the two outcomes side by side."""

from __future__ import annotations

from tests.contract.calls import outcome_of
from tests.contract.cases import Case
from tests.contract.differences import LEFT
from tests.contract.outcomes import Differences, compared
from tests.contract.programs import REAL, STAND_IN


def differences(case: Case) -> Differences:
    """Return what the stand-in does otherwise than the real one."""
    return compared(outcome_of(case, STAND_IN).values(), outcome_of(case, REAL).values())


def left(case: Case) -> Differences:
    """Return what it is meant to do otherwise."""
    return LEFT[case.name].what if case.name in LEFT else {}
