"""
Client of a tenant's gateway. Imports no Django and nothing else of ours.

What a gateway answers is in docs/gateway.md.
"""

import ssl
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


# What a check may say; a fork's gateway may say anything.
KNOWN = ("ok", "error", "not_configured")
LONGEST_VERSION = 100
# What an empty request is answered with by who has accepted its key.
PAST_THE_KEY = {200, 400, 422}
NO_CREDENTIALS = b"No Anthropic credentials available"


class GatewayError(Exception):
    """A gateway did not answer as a healthy one does; the message is safe to show."""


class GatewayTooOld(GatewayError):
    """The gateway has no status page of its own (before May 2026)."""


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """What a gateway says of its own dependencies: "ok", "error" or "not_configured"."""

    database: str
    redis: str

    @property
    def sees_its_databases(self) -> bool:
        return self.database == "ok" and self.redis == "ok"


class GatewayClient:
    """Use it for one address; `http` is for tests."""

    def __init__(
        self, url: str, *, timeout: float, http: httpx.BaseTransport | None = None
    ) -> None:
        mounts = dict.fromkeys(LOOPBACK, http)
        try:
            self._http = httpx.Client(
                base_url=url,
                timeout=timeout,
                transport=http,
                mounts=mounts,
                # A cookie that is kept can make each later request fail.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            )
        except (httpx.InvalidURL, UnicodeError):
            raise GatewayError("The gateway's address is not a valid one.") from None

    def __enter__(self) -> "GatewayClient":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.close()

    def health(self) -> str:
        """Return the version that a healthy gateway names; raise GatewayError otherwise."""
        response = self._get("/health")
        body = _object(response)
        if response.status_code != httpx.codes.OK or body.get("status") != "healthy":
            raise GatewayError(f"/health answers HTTP {response.status_code}.")
        return _storable(body.get("version"))[:LONGEST_VERSION]

    def status(self, *admin_keys: str) -> GatewayStatus:
        """
        Return what the gateway sees of its database and Redis, by the first key it accepts.

        Raise GatewayTooOld on 404, GatewayError on anything else that is not an answer.
        """
        for admin_key in admin_keys:
            # As bytes: an error about its encoding would show the key.
            headers = {b"Authorization": b"Bearer " + admin_key.encode()}
            response = self._get("/api/admin/system-status", headers)
            if response.status_code != httpx.codes.FORBIDDEN:
                break
        if response.status_code == httpx.codes.NOT_FOUND:
            raise GatewayTooOld("The gateway has no status page; it is older than May 2026.")
        if response.status_code == httpx.codes.FORBIDDEN:
            raise GatewayError("The gateway does not accept our admin key (HTTP 403).")
        checks = _object(response).get("checks")
        if response.status_code != httpx.codes.OK or not isinstance(checks, dict):
            raise GatewayError(f"The gateway's status page answers HTTP {response.status_code}.")
        return GatewayStatus(_check(checks, "db"), _check(checks, "redis"))

    def expect_client_key(self, client_key: str) -> None:
        """
        Raise GatewayError unless the gateway has accepted the key for certain.

        The request is an empty one: a key that is refused answers 401 before anything else,
        one that is accepted never gets as far as a model.
        """
        # Not as a bearer token: one that cannot be verified is let through (docs/gateway.md).
        headers = {b"x-api-key": client_key.encode()}
        response = self._ask("POST", "/v1/messages", headers, json={})
        is_accepted = response.status_code in PAST_THE_KEY or NO_CREDENTIALS in response.content
        if not is_accepted:
            raise GatewayError(
                f"The gateway does not accept the client key (HTTP {response.status_code})."
            )

    def _get(self, path: str, headers: dict[bytes, bytes] | None = None) -> httpx.Response:
        return self._ask("GET", path, headers)

    def _ask(
        self, method: str, path: str, headers: dict[bytes, bytes] | None, **body: Any
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, headers=headers, **body)
        except (
            *(httpx.RequestError, httpx.InvalidURL, ssl.SSLError, UnicodeError, OverflowError),
        ) as error:
            raise GatewayError(f"The gateway cannot be reached ({type(error).__name__}).") from None


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _storable(value: object) -> str:
    """Return text as any database takes it: no NUL, no halves of characters."""
    text = value if isinstance(value, str) else ""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _check(checks: dict[str, Any], name: str) -> str:
    check = checks.get(name)
    status = check.get("status") if isinstance(check, dict) else None
    return status if status in KNOWN else "unknown"
