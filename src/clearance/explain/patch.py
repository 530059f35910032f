"""RFC 6902: the operations that make one JSON document of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["apply_patch", "patch"]


def patch(before: Any, after: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The operations, fewest first to read: members and items that differ, nothing else.

    >>> patch({"a": 1}, {"a": 1, "b": 2})
    [{'op': 'add', 'path': '/b', 'value': 2}]
    """
    if before is None:
        return [{"op": "add", "path": "", "value": after}]
    return list(_changes(before, after, ""))


def _changes(before: Any, after: Any, path: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _members(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    else:
        yield {"op": "replace", "path": path, "value": after}


def _members(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    for key in before:
        if key not in after:
            yield {"op": "remove", "path": f"{path}/{_escaped(key)}"}
    for key, value in after.items():
        here = f"{path}/{_escaped(key)}"
        if key in before:
            yield from _changes(before[key], value, here)
        else:
            yield {"op": "add", "path": here, "value": value}


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[dict[str, Any]]:
    """Item by item; what is left over at the end is added or removed there."""
    common = min(len(before), len(after))
    for place in range(common):
        yield from _changes(before[place], after[place], f"{path}/{place}")
    for item in after[common:]:
        yield {"op": "add", "path": f"{path}/-", "value": item}
    for place in range(len(before) - 1, common - 1, -1):
        yield {"op": "remove", "path": f"{path}/{place}"}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def apply_patch(document: Any, operations: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    """The document after the operations; only add, remove and replace, which ``patch`` writes."""
    holder: dict[str, Any] = {"": _copy(document)}
    for operation in operations:
        *way, last = ["", *(_plain(part) for part in operation["path"].split("/")[1:])]
        place: Any = holder
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            index = len(place) if last == "-" else int(last)
            if operation["op"] == "add":
                place.insert(index, operation["value"])
            elif operation["op"] == "remove":
                del place[index]
            else:
                place[index] = operation["value"]
        elif operation["op"] == "remove":
            del place[last]
        else:
            place[last] = operation["value"]
    return holder[""]


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _copy(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
