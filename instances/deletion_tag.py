"""The tag that marks a project for deletion, in the project's description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

# As the old tool wrote it (docs/railway.md): deletion-scheduled:<ISO 8601 time>.
PREFIX = "deletion-scheduled:"
TAG = re.compile(rf"{PREFIX}(\S*)")
DAY = 86_400
HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Tag:
    """What a description says: due at `at`; or a tag that cannot be used, and why."""

    at: datetime | None = None
    problem: str = ""


def read(description: str) -> Tag | None:
    """Return the description's tag; None without one."""
    if not (match := TAG.search(description)):
        return None
    text = match[1][:40]
    try:
        at = datetime.fromisoformat(match[1])
        due = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return Tag(problem=f"Its deletion tag has no time that can be read ({text or 'empty'}).")
    if due is None:
        return Tag(problem=f"Its deletion tag does not say in which time zone ({text}).")
    return Tag(due)


def scheduled_at(description: str) -> datetime | None:
    """Return when the project is due for deletion; None without a usable tag."""
    tag = read(description)
    return tag.at if tag else None


def write(at: datetime) -> str:
    """Return the whole description of a project that is due at `at`, as the old tool wrote it."""
    return f"{PREFIX}{at.astimezone(UTC).isoformat(timespec='seconds')}"


def without(description: str) -> str:
    """Return what the description says beside the tag."""
    return " ".join(TAG.sub("", description).split())


def countdown(at: datetime, now: datetime) -> str:
    """Return the time until `at` as the old tool showed it: "6d 23h", "12h", "imminent"."""
    seconds = (at - now).total_seconds()
    if seconds < HOUR:
        return "imminent"
    days, hours = int(seconds // DAY), int(seconds % DAY // HOUR)
    return f"{days}d {hours}h" if days else f"{hours}h"


def date(at: datetime | None) -> str:
    """Return a moment as sentences write it."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "a day that is not known"
