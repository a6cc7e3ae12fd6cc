"""The clients, made from the settings; everything else is handed one."""

from typing import Literal, cast

import httpx
from django.conf import settings

from instances.gateway import GatewayClient
from instances.railway.client import Mask, RailwayClient, RailwayConfig
from instances.railway.config import BeforeCall, always
from instances.timing import Timing

# Seconds; a gateway that needs longer to say that it is well is not.
GATEWAY_SECONDS = 10.0


def railway_config(timing: Timing) -> RailwayConfig:
    return RailwayConfig(
        token=settings.RAILWAY_API_TOKEN,
        api_url=settings.RAILWAY_API_URL,
        workspace_id=settings.RAILWAY_WORKSPACE_ID,
        cli=tuple(settings.RAILWAY_CLI),
        cli_auth=cast(Literal["token", "login"], settings.RAILWAY_CLI_AUTH),
        child_env=tuple(settings.RAILWAY_CLI_ENV),
        deadline=timing.deadline,
    )


def railway(
    timing: Timing,
    *,
    mask: Mask | None = None,
    before_call: BeforeCall = always,
    http: httpx.BaseTransport | None = None,
) -> RailwayClient:
    return RailwayClient(railway_config(timing), mask=mask, before_call=before_call, http=http)


def gateway(url: str, timing: Timing) -> GatewayClient:
    return GatewayClient(url, timeout=timing.deadline(GATEWAY_SECONDS))
