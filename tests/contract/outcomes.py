"""What came of a call, as values by path, so that every difference has a name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"
WRONG_ARGUMENTS = 2

Values = Mapping[str, Any]
Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Outcome:
    """One call's outcome; what is random in it has been given names."""

    exit_code: int
    stdout: str
    stderr: str
    operations: list[Any]
    links: Any
    changes: Values

    def values(self) -> dict[str, Any]:
        """Return each single value by its path."""
        whole = {
            "exit": self.exit_code,
            "stdout": _read(self.stdout),
            "stderr": _kind(self.stderr, self.exit_code),
            "operations": self.operations,
            "links": self.links,
        }
        return dict(flat(whole)) | {f"state.{key}": value for key, value in self.changes.items()}


def compared(stand_in: Values, real: Values) -> Differences:
    """Return every path with two values: the stand-in's, and the real one's."""
    return {
        path: (stand_in.get(path, ABSENT), real.get(path, ABSENT))
        for path in sorted({*stand_in, *real})
        if stand_in.get(path, ABSENT) != real.get(path, ABSENT)
    }


def compared_texts(stand_in: str, real: str) -> Differences:
    """Return the lines of two plain answers on stdout that differ."""
    texts = ({"stdout": {"text": text.splitlines()}} for text in (stand_in, real))
    return compared(*(dict(flat(text)) for text in texts))


def changed(before: Any, after: Any) -> Values:
    """Return what is new or other afterwards, by path."""
    differences = compared(dict(flat(before)), dict(flat(after)))
    return {path: value for path, (_, value) in differences.items()}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested objects and lists with their paths."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from flat(inner, f"{path}[{number}]")
    else:
        yield path, value


def _read(stdout: str) -> Any:
    """Return the JSON in `stdout` and how it is laid out, its JSON lines, or its plain lines."""
    lines = stdout.splitlines()
    for layout, texts in (("whole", [stdout]), ("lines", lines)):
        try:
            return {"layout": f"{layout}, {len(lines)}", "json": [json.loads(one) for one in texts]}
        except ValueError:
            continue
    return {"text": lines}


def _kind(stderr: str, exit_code: int) -> list[str]:
    """Return the message; what is wrong with arguments each parser says in its own way."""
    if exit_code == WRONG_ARGUMENTS and stderr.startswith("error: "):
        return ["error: (about the arguments)"]
    return stderr.rstrip().splitlines()
