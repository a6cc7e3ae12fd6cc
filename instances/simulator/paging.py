"""Relay connections, with the server's own cap (api-facts.md §4)."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

DEFAULT_PAGE = 50

Item = TypeVar("Item")
View = dict[str, Any]


def connection(
    items: Sequence[Item],
    arguments: Mapping[str, Any],
    *,
    cap: int,
    view: Callable[[Item], View],
) -> View:
    """Return one page of the items, as `first`/`after` or `last`/`before` ask for it."""
    views = [view(item) for item in items]
    begin, end = _window([node["id"] for node in views], arguments, cap)
    edges = [{"node": node, "cursor": cursor(node["id"])} for node in views[begin:end]]
    return {
        "edges": edges,
        "pageInfo": {
            "hasNextPage": end < len(views),
            "hasPreviousPage": begin > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def cursor(node_id: str) -> str:
    return base64.b64encode(f"cursor:{node_id}".encode()).decode()


def _window(ids: list[str], arguments: Mapping[str, Any], cap: int) -> tuple[int, int]:
    cursors = [cursor(node_id) for node_id in ids]
    begin, end = 0, len(ids)
    if arguments.get("after") in cursors:
        begin = cursors.index(arguments["after"]) + 1
    if arguments.get("before") in cursors:
        end = cursors.index(arguments["before"])
    last = arguments.get("last")
    if last is not None:
        return max(begin, end - _size(last, cap)), end
    return begin, min(end, begin + _size(arguments.get("first"), cap))


def _size(wanted: int | None, cap: int) -> int:
    return min(DEFAULT_PAGE if wanted is None else max(wanted, 0), cap)
