"""The clients, made from the settings; everything else is handed one."""

import time
from dataclasses import replace
from typing import Literal, cast

import httpx
from django.conf import settings

from instances import timing
from instances.gateway import GatewayClient
from instances.railway.client import Call, Mask, RailwayClient, RailwayConfig, errors
from instances.railway.config import BeforeCall, always
from instances.services import budgets
from instances.timing import Timing

# Seconds; a gateway that needs longer to say that it is well is not.
GATEWAY_SECONDS = 10.0
# An answer that is on its way gets at least so long.
LEAST_SECONDS = 0.1


def railway_config(times: Timing) -> RailwayConfig:
    return RailwayConfig(
        token=settings.RAILWAY_API_TOKEN,
        api_url=settings.RAILWAY_API_URL,
        workspace_id=settings.RAILWAY_WORKSPACE_ID,
        cli=tuple(settings.RAILWAY_CLI),
        cli_auth=cast(Literal["token", "login"], settings.RAILWAY_CLI_AUTH),
        child_env=tuple(settings.RAILWAY_CLI_ENV),
        deadline=times.deadline,
    )


def railway(
    times: Timing,
    *,
    mask: Mask | None = None,
    before_call: BeforeCall = always,
    http: httpx.BaseTransport | None = None,
) -> RailwayClient:
    config = railway_config(times)
    return RailwayClient(
        config,
        mask=mask,
        before_call=before_call,
        note_budget=budgets.note_for(config.token),
        http=http,
    )


class Limit:
    """So many real seconds for all that is asked together, counted from the first call."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: float | None = None

    @property
    def left(self) -> float:
        if self._until is None:
            return self._seconds
        return max(self._until - time.monotonic(), LEAST_SECONDS)

    def before_call(self, call: Call) -> None:
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
        if now > self._until:
            raise errors.RailwayUnreachable(
                f"Railway was too slow for a page, so {call.name} was not asked.",
                may_have_happened=False,
            )


def quick_railway(seconds: float) -> RailwayClient:
    """Return a client for a page: whatever is asked of it is over within `seconds` (real)."""
    usual, limit = railway_config(timing.current()), Limit(seconds)
    config = replace(usual, deadline=lambda wanted: min(usual.deadline(wanted), limit.left))
    note_budget = budgets.note_for(config.token)
    return RailwayClient(config, before_call=limit.before_call, note_budget=note_budget)


def gateway(url: str, times: Timing) -> GatewayClient:
    return GatewayClient(url, timeout=times.deadline(GATEWAY_SECONDS))
