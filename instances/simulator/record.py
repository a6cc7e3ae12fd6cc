"""What was asked of the server, for tests and for the control panel."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HIDDEN = "***"
# A demo that runs for days must not fill the memory.
KEPT = 20_000


@dataclass
class RequestRecord:
    """One request. `client` is "app" (URL with a source), "cli" (by its header) or "other"."""

    at: float = field(default_factory=time.time)
    operation: str = ""
    operation_name: str | None = None
    client: str = "other"
    token_kind: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    http_status: int | None = None
    error: str | None = None


class Records:
    """The requests so far; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[RequestRecord] = []

    def add(self, record: RequestRecord) -> None:
        with self._lock:
            self._records.append(record)
            del self._records[:-KEPT]

    def snapshot(self) -> list[RequestRecord]:
        with self._lock:
            return list(self._records)

    def clear(self) -> None:
        with self._lock:
            self._records.clear()


def without_secrets(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return GraphQL variables with the values of a service's variables hidden."""
    return {name: _hidden(name, value) for name, value in variables.items()}


def _hidden(name: str, value: Any) -> Any:
    if name == "variables" and isinstance(value, Mapping):
        return dict.fromkeys(value, HIDDEN)
    if name == "value" or name == "serializedConfig":
        return HIDDEN
    if isinstance(value, Mapping):
        return without_secrets(value)
    return value
