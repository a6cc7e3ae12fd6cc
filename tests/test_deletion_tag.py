"""The deletion tag: what is read from any text, what is written, and how long is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import deletion_tag
from instances.deletion_tag import PREFIX, Tag

NOON = datetime(2026, 2, 12, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

offsets = st.timedeltas(-timedelta(hours=23), timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // MINUTE))
)
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=offsets)  # noqa: DTZ001


# Read.


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-02-12T12:00:00+00:00", NOON),
        ("2026-02-12T12:00:00.000000+00:00", NOON),
        ("2026-02-12T12:00:00Z", NOON),
        ("2026-02-12T14:00+02:00", NOON),
        ("2026-02-11T22:00:00-14:00", NOON),
        ("20260212T120000Z", NOON),
    ],
)
def test_a_tag_is_due_at_its_moment_in_utc(text: str, due: datetime) -> None:
    tag = deletion_tag.read(f"{PREFIX}{text}")

    assert tag == Tag(due)
    assert tag.at
    assert tag.at.tzinfo is UTC


@pytest.mark.parametrize("description", ["", "Luthien Proxy instance: acme", "deletion-scheduled"])
def test_without_a_tag_there_is_nothing_to_read(description: str) -> None:
    assert deletion_tag.read(description) is None
    assert deletion_tag.scheduled_at(description) is None


@pytest.mark.parametrize("around", ["{} Demo", "Demo {}", "Demo\n{}\nof Contoso", "({}"])
def test_a_tag_is_found_among_other_words(around: str) -> None:
    description = around.format(f"{PREFIX}2026-02-12T12:00:00Z")

    assert deletion_tag.scheduled_at(description) == NOON


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "empty"),
        ("soon", "soon"),
        ("2026-02-30T12:00:00Z", "2026-02-30T12:00:00Z"),
        ("2026-02-12T12:00:00Z,", "2026-02-12T12:00:00Z,"),
        ("10000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"),
        ("x" * 1000, "x" * 40),
    ],
)
def test_a_tag_that_cannot_be_read_says_so_in_words(text: str, shown: str) -> None:
    tag = deletion_tag.read(f"{PREFIX}{text}")

    assert tag == Tag(None, f"Its deletion tag has no time that can be read ({shown}).")
    assert deletion_tag.scheduled_at(f"{PREFIX}{text}") is None


@pytest.mark.parametrize("text", ["2026-02-12T12:00:00", "2026-02-12", "20260212T120000"])
def test_a_tag_without_an_offset_is_never_guessed(text: str) -> None:
    tag = deletion_tag.read(f"{PREFIX}{text}")

    assert tag == Tag(None, f"Its deletion tag does not say in which time zone ({text}).")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert (deletion_tag.read(text) is None) == (PREFIX not in text)


@given(st.text(), st.text(), st.datetimes().map(datetime.isoformat) | st.text())
def test_any_tag_is_a_moment_or_a_problem(before: str, after: str, text: str) -> None:
    tag = deletion_tag.read(f"{before}{PREFIX}{text}{after}")

    assert tag
    assert (tag.at is None) == bool(tag.problem)


# Write.


def test_a_tag_is_written_as_the_old_tool_wrote_it() -> None:
    at = datetime(2026, 2, 12, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))

    assert deletion_tag.write(at) == "deletion-scheduled:2026-02-12T12:00:00+00:00"


@given(moments)
def test_what_is_written_is_read_again_to_the_second(at: datetime) -> None:
    written = deletion_tag.write(at)

    assert deletion_tag.scheduled_at(written) == at.replace(microsecond=0)
    assert deletion_tag.without(written) == ""


# Without.


@pytest.mark.parametrize(
    ("description", "rest"),
    [
        ("deletion-scheduled:2026-02-12T12:00:00Z", ""),
        ("Demo deletion-scheduled:2026-02-12T12:00:00Z for Contoso", "Demo for Contoso"),
        ("deletion-scheduled:soon deletion-scheduled:later Demo", "Demo"),
        ("deletion-scheduled: Demo", "Demo"),
        ("Demo", "Demo"),
    ],
)
def test_what_stands_beside_the_tag_is_kept(description: str, rest: str) -> None:
    assert deletion_tag.without(description) == rest


@given(st.text(), st.text())
def test_nothing_is_left_to_read_when_a_tag_is_taken_away(before: str, after: str) -> None:
    rest = deletion_tag.without(f"{before} {PREFIX}2026-02-12T12:00:00Z {after}")

    assert deletion_tag.read(rest) is None


# Countdown.


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (7 * DAY, "7d 0h"),
        (7 * DAY - timedelta(seconds=1), "6d 23h"),
        (DAY, "1d 0h"),
        (DAY - timedelta(seconds=1), "23h"),
        (12 * HOUR + 59 * MINUTE, "12h"),
        (HOUR, "1h"),
        (HOUR - timedelta(seconds=1), "imminent"),
        (timedelta(), "imminent"),
        (-3 * DAY, "imminent"),
        (400 * DAY, "400d 0h"),
    ],
)
def test_the_time_left_is_shown_as_the_old_tool_showed_it(left: timedelta, shown: str) -> None:
    assert deletion_tag.countdown(NOON + left, NOON) == shown
