"""What goes in and out over HTTP, apart from the sockets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request as the handler read it. `has_hung_up` tells whether the client is gone."""

    method: str
    path: str
    query_string: str
    headers: Message
    body: bytes
    has_hung_up: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


class Cut(Exception):
    """The connection ends here, without an answer."""


def json_reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value).encode(), headers=headers or {})


def text_reply(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, text.encode(), "text/plain; charset=utf-8", headers or {})


def html_reply(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), "text/html; charset=utf-8")
