"""
From Railway's words to our errors.

Railway answers nearly every failure with the same code, so the message decides
(railway/api-facts.md section 3). The CLI shows the first message of the API, or one of
its own (railway/cli-facts.md section 5). The first row that fits wins.
"""

import re

from instances.railway import errors

RATE_LIMITED = re.compile(r"try again in (?:about )?(\d+) (second|minute)", re.IGNORECASE)
# Passes by itself; but it is said of whatever went wrong inside Railway, before the work was
# done or after it (api-facts.md section 3).
UNCERTAIN = "problem processing request"
# Longer than this, a message is a page or a log, not a sentence.
LONGEST = 600

ROWS: tuple[tuple[type[errors.RailwayError], tuple[str, ...]], ...] = (
    (errors.RailwayRefused, ("provision limit exceeded", "workspace has been restricted")),
    # The workflow was started, and nobody could say how it ended.
    (
        errors.RailwayUnreachable,
        (
            "timed out waiting for",
            "status can't be polled",
            "failed to fetch",
            "failed to get data",
        ),
    ),
    # Whatever the reason, parts of it may have been made; so before the rows below.
    (errors.RailwayWorkflowFailed, ("failed to add ",)),
    (
        errors.RailwayThrottled,
        (
            "too quickly",
            "can be created per user every",
            "being ratelimited",
            "rate limit",
            "too many requests",
        ),
    ),
    (
        errors.RailwayNotReady,
        (
            "too recently updated",
            UNCERTAIN,
            "serviceinstance not found",
            "failed to create service domain",
            "cannot redeploy yet",
            "already in progress",
        ),
    ),
    (
        errors.RailwayUnauthorized,
        (
            "not authorized",
            "unauthorized.",
            "project token not found",
            "invalid railway_token",
            "do not have access to this resource",
        ),
    ),
    (errors.RailwayConflict, ("already exists",)),
    (errors.RailwayRefused, ("project is deleted",)),
    (
        errors.RailwayNotFound,
        ("project not found", "environment not found", "service not found", "deployment not found"),
    ),
)
# `link` looks in a listing, which lags behind a project that was just made.
NAMED_NOT_FOUND = re.compile(
    r"(?:service|project|environment) ['\"].+['\"] not found", re.IGNORECASE
)
WORKFLOW_LOST = re.compile(r"failed to add [^:]+$", re.IGNORECASE)


def error_for(message: str, *, said_by: str = "Railway") -> errors.RailwayError:
    """Return the error that `message` stands for; `message` must be masked already."""
    text = " ".join(message.split())[:LONGEST] or "no reason given"
    kind = _kind(text)
    is_uncertain = kind is errors.RailwayNotReady and UNCERTAIN in text.casefold()
    return kind(
        f"{said_by} answered: {text}",
        retry_after=_hint(text),
        may_have_happened=True if is_uncertain else None,
    )


def _kind(text: str) -> type[errors.RailwayError]:
    folded = text.casefold()
    if WORKFLOW_LOST.search(folded):
        return errors.RailwayUnreachable
    for kind, phrases in ROWS:
        if any(phrase in folded for phrase in phrases):
            return kind
    if NAMED_NOT_FOUND.search(folded):
        return errors.RailwayNotFound
    return errors.RailwayRefused


def _hint(text: str) -> float | None:
    """Return the seconds that the CLI's own sentence about rate limits names."""
    if not (match := RATE_LIMITED.search(text)):
        return None
    return float(match[1]) * (60 if match[2].lower() == "minute" else 1)
