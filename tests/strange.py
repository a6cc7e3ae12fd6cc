"""What may come from outside: any text, any JSON, any bytes, and right answers gone wrong."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Path = tuple[str | int, ...]

# A deep run by hand: MORE_EXAMPLES=30.
MORE = int(os.environ.get("MORE_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """Return how a property is tried: with servers and databases nothing takes a fixed time."""
    return settings(
        deadline=None,
        max_examples=count * MORE,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# What databases, command lines, terminals and parsers stumble over.
ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "acme\x00",
    "\ud800",
    "half \udc80 a character",
    "\u202egnp.exe",
    "e\u0301\u0301\u0301",
    "\N{FAMILY}\u200d\N{FIRE}",
    "\x1b[31mred\x1b[0m",
    "a\r\nb\u2028c\x85d",
    "--help",
    "-1",
    "${{Postgres.DATABASE_URL}}",
    "%s %(x)s {0} {x}",
    "'; DROP TABLE instances_instance; --",
    "<script>alert(1)</script>",
    "\u0663\u0664",
    "nan",
    "9" * 5000,
    "x" * 40_000,
)
# Surrogates too: JSON may hold halves of characters, and so may a command line.
CHARACTERS = st.characters(exclude_categories=())
texts = st.text(CHARACTERS, max_size=60) | st.sampled_from(ODD_TEXTS)
# What can be sent over HTTP in a form or an address.
whole_texts = texts.map(lambda text: text.encode("utf-8", "replace").decode())

ODD_MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "2026-06-30T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+23:59:59.999999",
    "20260101T000000Z",
    "2026-W01-1",
    "+12026-01-01T00:00:00Z",
    "1e308",
)
moments = st.sampled_from(ODD_MOMENTS) | st.datetimes().map(lambda at: at.isoformat() + "Z")


def nested(depth: int, kind: str = "list") -> Any:
    """Return JSON that is nested so deeply."""
    found: Any = None
    for _ in range(depth):
        found = [found] if kind == "list" else {"a": found}
    return found


ODD_NUMBERS = (
    *(0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400),
    *(float("nan"), float("inf"), -float("inf"), 1e308, -0.0, 0.5),
)
scalars = st.none() | st.booleans() | st.sampled_from(ODD_NUMBERS) | st.integers() | texts | moments
DEEP = st.builds(nested, st.sampled_from([50, 300, 450, 900]), st.sampled_from(["list", "object"]))
json_values = (
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=8,
    )
    | DEEP
)


# What goes wrong where it matters most, often enough to be met in a few tries.
UNSTORABLE = ("\x00", "acme\x00", "\ud800", "half \udc80", "-x", "x" * 9000, "a b", "\n")
wrong_values = st.sampled_from(UNSTORABLE) | st.sampled_from(ODD_NUMBERS) | json_values


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Yield the way to every node of a JSON value, the value itself included."""
    yield here
    for key in _keys(value):
        yield from paths(value[key], (*here, key))


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


@st.composite
def gone_wrong(draw: st.DrawFn, right: Any) -> Any:
    """Draw `right` with one node replaced, taken away or doubled."""
    path = draw(st.sampled_from(list(paths(right))[1:] or [()]))
    if not path:
        return draw(json_values)
    wrong = copy.deepcopy(right)
    holder: Any = wrong
    for key in path[:-1]:
        holder = holder[key]
    last: Any = path[-1]
    what = draw(st.sampled_from(["replace", "replace", "replace", "delete", "double"]))
    if what == "delete":
        del holder[last]
    elif what == "replace":
        holder[last] = draw(wrong_values)
    elif isinstance(holder, list):
        holder.insert(last, copy.deepcopy(holder[last]))
    else:
        holder[last] = [holder[last], holder[last]]
    return wrong


def as_json(value: Any) -> bytes:
    """Return it as a careless server would write it: NaN, infinity and halves of characters."""
    return json.dumps(value).encode()


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("date", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"),
            *("x-ratelimit-reset", "content-type", "content-encoding", "location", "set-cookie"),
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
    | st.sampled_from(
        [
            *("gzip", "deflate", "br, zstd", "text/plain; charset=hex", "text/html; charset=idna"),
            *("text/plain; charset=undefined", "application/json; charset=utf-16"),
            *("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +1400"),
            *("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "1 Jan 2026 00:00:00 +99999999999"),
            *("9" * 400, "-1", "1e400", "nan", "\u00b2", "http://[::1", "//\u00e9:99999999/"),
            "a=b; expires=Mon, 99-Jan-99999 00:00:00 GMT; path=\u00e9",
        ]
    ).map(lambda text: text.encode("latin-1", "replace").decode("latin-1")),
    max_size=3,
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 301, 302, 400, 401, 403, 404, 422, 429, 500])
BODIES = st.binary(max_size=200) | json_values.map(as_json) | st.just(b"[" * 20_000)
answers = st.builds(
    lambda status, headers, content: httpx.Response(
        status,
        headers=[(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
        stream=httpx.ByteStream(content),
    ),
    st.sampled_from([100, 199, 304, 599]) | STATUSES,
    HEADERS,
    BODIES,
)


# What databases take.

LONGEST_COLUMN = 10_000


def whats_wrong_with(found: Any) -> str:
    """Say what in a result is not of its own type, or nothing that a database could store."""
    if isinstance(found, BaseException):
        return _wrong_text(str(found), 1000)
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return _wrong_fields(found)
    if isinstance(found, Mapping):
        found = [*found.keys(), *found.values()]
    if isinstance(found, list | tuple):
        return next(filter(None, map(whats_wrong_with, found)), "")
    if isinstance(found, str):
        return _wrong_text(found, LONGEST_COLUMN)
    if isinstance(found, datetime):
        return _wrong_moment(found)
    return ""


def _wrong_fields(found: Any) -> str:
    hints = get_type_hints(type(found))
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        if not _is_of(value, hints[field.name]):
            return f"{field.name} is {value!r:.60}"
        if field.name != "settings" and (wrong := whats_wrong_with(value)):
            return f"{field.name}: {wrong}"
    return ""


def _is_of(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return any(_is_of(value, one) for one in get_args(hint))
    plain = get_origin(hint) or hint
    return plain is Any or isinstance(value, plain)


def _wrong_text(text: str, limit: int) -> str:
    if len(text) > limit:
        return f"{len(text)} characters"
    is_whole = text == text.encode("utf-8", "replace").decode()
    return "" if is_whole and "\x00" not in text else f"no database takes {text!r:.60}"


def _wrong_moment(at: datetime) -> str:
    if at.tzinfo is None:
        return f"{at} is in no time zone"
    try:
        at.astimezone(UTC)
    except OverflowError:
        return f"{at} is out of range"
    return ""
