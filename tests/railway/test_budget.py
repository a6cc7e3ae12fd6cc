"""The remaining requests, as Railway's headers tell them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from instances.railway.api.budget import Budget

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def headers(**changes: str) -> dict[str, str]:
    given = {"limit": "1000", "remaining": "998", "reset": "1893456060", **changes}
    return {f"x-ratelimit-{name}": value for name, value in given.items()}


def test_limit_and_remaining_are_read() -> None:
    budget = Budget.from_headers(headers())

    assert budget is not None
    assert (budget.limit, budget.remaining) == (1000, 998)


def test_a_large_reset_is_a_moment() -> None:
    budget = Budget.from_headers(headers(reset="1893456060"))

    assert budget is not None
    assert budget.resets_at == datetime(2030, 1, 1, 0, 1, tzinfo=UTC)


@time_machine.travel(NOON, tick=False)
def test_a_small_reset_is_seconds_from_now() -> None:
    budget = Budget.from_headers(headers(reset="90"))

    assert budget is not None
    assert budget.resets_at == datetime(2030, 1, 1, 12, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("reset", ["", "soon", "2030-01-01T00:00:00Z"])
def test_a_reset_that_is_no_number_is_unknown(reset: str) -> None:
    budget = Budget.from_headers(headers(reset=reset))

    assert budget is not None
    assert budget.remaining == 998
    assert budget.resets_at is None


def test_a_missing_reset_is_unknown() -> None:
    found = headers()
    del found["x-ratelimit-reset"]

    budget = Budget.from_headers(found)

    assert budget == Budget(1000, 998, None)


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"x-ratelimit-limit": "1000"},
        {"x-ratelimit-remaining": "998"},
        headers(limit="many"),
        headers(remaining=""),
    ],
)
def test_unusable_headers_say_nothing(found: dict[str, str]) -> None:
    assert Budget.from_headers(found) is None
