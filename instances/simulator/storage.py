"""The state as a JSON file: read whole, replaced whole."""

import json
import os
import types
import typing
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from instances.simulator.state import State


def load(path: Path | None) -> State:
    if path is None or not path.exists():
        return State()
    restored = _restored(State, json.loads(path.read_text(encoding="utf-8")))
    if not isinstance(restored, State):
        raise TypeError(f"{path} does not hold the state of a local Railway")
    return restored


def save(state: State, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # Tenants' secrets are in there, as they are in Railway.
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(asdict(state)), encoding="utf-8")
    scratch.replace(path)


def _restored(kind: Any, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [_restored(arguments[0], item) for item in value]
    if origin is dict:
        return {key: _restored(arguments[1], item) for key, item in value.items()}
    if origin is types.UnionType and value is not None:
        return _restored(arguments[0], value)
    return value


def _record(kind: type[Any], value: dict[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    known = {item.name for item in fields(kind)}
    return kind(**{name: _restored(hints[name], value[name]) for name in known & value.keys()})
