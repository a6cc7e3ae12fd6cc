"""
What can go wrong between us and Railway; each class is what the caller does next.

RailwayError
├── RailwayUnreachable          no usable answer: network, time-out, 5xx, a page instead of JSON
├── RailwayBadResponse          an answer, but not of a shape we know
├── CliUnusable                 the CLI is missing, too old or misconfigured; nothing was done
└── RailwayRefused              Railway understood and said no
    ├── RailwayThrottled        too many requests, or too soon after the last creation
    ├── RailwayNotReady         something it needs is still changing; later again
    ├── RailwayUnauthorized     bad token; or the thing is missing, or not visible yet
    ├── RailwayNotFound         named, and not there
    ├── RailwayConflict         it exists already
    └── RailwayWorkflowFailed   a template's workflow ended in an error

Messages are masked before they get here: safe to show and to store.
"""


class RailwayError(Exception):
    """
    Base of every failure at the Railway edge.

    `may_have_happened` says whether a request that changes something may have been
    carried out although it failed. `retry_after` is the server's own hint, in seconds.
    """

    may_have_happened = False

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        may_have_happened: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        if may_have_happened is not None:
            self.may_have_happened = may_have_happened


class RailwayUnreachable(RailwayError):
    """No usable answer: network, time-out, 5xx, a page instead of JSON."""

    may_have_happened = True


class RailwayBadResponse(RailwayError):
    """An answer, but not of a shape we know."""

    may_have_happened = True


class CliUnusable(RailwayError):
    """The CLI is missing, too old or misconfigured; nothing was done."""


class RailwayRefused(RailwayError):
    """Railway understood and said no."""


class RailwayThrottled(RailwayRefused):
    """Too many requests, or too soon after the last creation."""


class RailwayNotReady(RailwayRefused):
    """Something it needs is still changing; later again."""


class RailwayUnauthorized(RailwayRefused):
    """Bad token; or the thing is missing, or not visible yet (api-facts.md section 3)."""


class RailwayNotFound(RailwayRefused):
    """Named, and not there."""


class RailwayConflict(RailwayRefused):
    """It exists already; perhaps because an earlier call of ours was carried out."""

    may_have_happened = True


class RailwayWorkflowFailed(RailwayRefused):
    """A template's workflow ended in an error; parts of it may have been made."""

    may_have_happened = True
