"""The tag that marks a project for deletion, in the project's description."""

import re
from datetime import datetime

# As the old tool wrote it (docs/railway.md): deletion-scheduled:<ISO 8601 time>.
TAG = re.compile(r"deletion-scheduled:(\S+)")


def scheduled_at(description: str) -> datetime | None:
    """Return when the project is due for deletion; None without a usable tag."""
    if not (match := TAG.search(description)):
        return None
    try:
        at = datetime.fromisoformat(match[1])
    except ValueError:
        return None
    return at if at.tzinfo else None
