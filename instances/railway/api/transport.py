"""HTTP and GraphQL; knows nothing about Railway's schema."""

import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from instances.railway import errors
from instances.railway.api.budget import Budget, NoteBudget, keep_to_oneself
from instances.railway.config import (
    CONNECT_SECONDS,
    READ_SECONDS,
    BeforeCall,
    Call,
    RailwayConfig,
)
from instances.railway.masking import Mask
from instances.railway.messages import error_for

# The edge bans clients whose address has no query string (api-facts.md section 2).
SOURCE = "luthien-admin"
# A 429 without JSON comes from the edge, whose bans last long (api-facts.md section 2).
EDGE_BAN_SECONDS = 300.0
READ_TRIES = 3
# A Date further away from our clock than this is a mistake.
MOST_DIFFERENCE = timedelta(days=3660)
LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class Transport:
    """
    One keep-alive connection to Railway's API.

    `before_call` is called before each request and may refuse it by raising, `note_budget`
    with what an answer says about the requests that are left.
    `http` is for tests: the last metre.
    """

    def __init__(
        self,
        config: RailwayConfig,
        *,
        mask: Mask,
        before_call: BeforeCall,
        note_budget: NoteBudget = keep_to_oneself,
        http: httpx.BaseTransport | None = None,
    ) -> None:
        self.budget: Budget | None = None
        self.has_server_time = False
        self._clock_difference = timedelta()
        self._mask = mask
        self._before_call = before_call
        self._note_budget = note_budget
        self._config = config
        self._token = config.token
        self._url = httpx.URL(config.api_url).copy_merge_params({"source": SOURCE})
        # A cookie that is kept can make each later request fail.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        mounts = dict.fromkeys(LOOPBACK, http)
        self._http = httpx.Client(transport=http, mounts=mounts, cookies=no_cookies)

    def close(self) -> None:
        self._http.close()

    @property
    def _deadline(self) -> float:
        """How long an answer may take from now on, in real seconds."""
        return self._config.deadline(READ_SECONDS)

    @property
    def server_now(self) -> datetime:
        """The present moment by Railway's clock, as its last answer's Date told it."""
        return datetime.now(UTC) + self._clock_difference

    def read(self, document: str, variables: dict[str, Any], *, name: str) -> dict[str, Any]:
        """Ask; repeat it a little later when no usable answer came."""
        call = Call(name, changes=False, seconds=self._deadline)
        for attempt in range(1, READ_TRIES):
            try:
                return self._ask(document, variables, call)
            except errors.RailwayUnreachable:
                self._sleep(attempt)
        return self._ask(document, variables, call)

    def read_as_project(self, document: str, *, name: str) -> dict[str, Any]:
        """Ask with the token in the header that project tokens use (api-facts.md section 1)."""
        call = Call(name, changes=False, seconds=self._deadline)
        return self._ask(document, {}, call, as_project=True)

    def change(self, document: str, variables: dict[str, Any], *, name: str) -> dict[str, Any]:
        """Ask once; whether to repeat it is decided by somebody who looked first."""
        call = Call(name, changes=True, seconds=self._deadline)
        return self._ask(document, variables, call)

    def _sleep(self, attempt: int) -> None:
        # Shorter than the margin of the lease that covers the call (instances/timing.py).
        time.sleep(min(self._deadline, 4.0) / 16 * attempt * random.uniform(0.5, 1.5))  # noqa: S311

    def _ask(
        self, document: str, variables: dict[str, Any], call: Call, *, as_project: bool = False
    ) -> dict[str, Any]:
        self._before_call(call)
        timeout = httpx.Timeout(call.seconds, connect=self._config.deadline(CONNECT_SECONDS))
        # Railway tells an explicit null from an absent key (api-facts.md section 3).
        given = {key: value for key, value in variables.items() if value is not None}
        try:
            response = self._http.post(
                self._url,
                json={"query": document, "variables": given},
                headers=self._auth(as_project=as_project),
                timeout=timeout,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise errors.RailwayUnreachable(
                f"Railway cannot be reached ({type(error).__name__}).", may_have_happened=False
            ) from None
        except httpx.TimeoutException:
            raise errors.RailwayUnreachable(
                f"Railway did not answer {call.name} within {call.seconds:.3g} s."
            ) from None
        except httpx.RequestError as error:
            raise errors.RailwayUnreachable(
                f"The connection to Railway broke during {call.name} ({type(error).__name__})."
            ) from None
        return self._data(response, call)

    def _auth(self, *, as_project: bool) -> dict[bytes, bytes]:
        # As bytes: an error about their encoding would show the token.
        token = self._token.encode("utf-8", "surrogateescape")
        if as_project:
            return {b"Project-Access-Token": token}
        return {b"Authorization": b"Bearer " + token}

    def _data(self, response: httpx.Response, call: Call) -> dict[str, Any]:
        self._note_headers(response)
        body = _json(response)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise errors.RailwayThrottled(
                "Railway allows no more requests for now (HTTP 429).",
                retry_after=_retry_after(response, from_edge=body is None),
            )
        if response.is_server_error:
            raise errors.RailwayUnreachable(
                f"Railway answered {call.name} with HTTP {response.status_code}."
            )
        if body is None:
            raise errors.RailwayUnreachable(
                f"Railway answered {call.name} with a page instead of JSON"
                f" (HTTP {response.status_code})."
            )
        if not isinstance(body, dict):
            raise errors.RailwayBadResponse(f"Railway's answer to {call.name} is no object.")
        if body.get("errors"):
            raise error_for(self._mask(_first_message(body["errors"])))
        if not isinstance(data := body.get("data"), dict):
            raise errors.RailwayBadResponse(f"Railway's answer to {call.name} has no data.")
        return data

    def _note_headers(self, response: httpx.Response) -> None:
        if budget := Budget.from_headers(response.headers):
            self.budget = budget
            self._note_budget(budget)
        try:
            server = parsedate_to_datetime(response.headers.get("date", ""))
        except (ValueError, OverflowError, TypeError, LookupError):
            return
        # A Date without a zone is in UTC (RFC 9110, section 5.6.7).
        server = server if server.tzinfo else server.replace(tzinfo=UTC)
        difference = server - datetime.now(UTC)
        if abs(difference) < MOST_DIFFERENCE:
            self._clock_difference = difference
            self.has_server_time = True


def _json(response: httpx.Response) -> Any:
    """Return the body, or None when it is not JSON, or nested beyond reason."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _retry_after(response: httpx.Response, *, from_edge: bool) -> float | None:
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    return EDGE_BAN_SECONDS if from_edge else None


def _first_message(found: Any) -> str:
    """Return the first message of GraphQL's `errors`, whatever its shape."""
    first = found[0] if isinstance(found, list) else found
    message = first.get("message") if isinstance(first, dict) else first
    try:
        return str(message)
    except RecursionError:
        return ""
