"""DynamoDB's contents: items, and the records of a table's stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.known import Look, Row, Tail
from clearance.server.services.contents.shelves import Root, names_of
from clearance.store.contents import Kept, Place

__all__ = ["all_of", "fill", "finish", "prepared", "touched"]

# In PartiQL the table is in the text of a statement: all are looked at.
_STATEMENTS: Final = frozenset({"BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"})


def touched(root: Root, operation: str, given: Mapping[str, Any]) -> Iterator[Look | Tail]:
    """The items whose keys are named."""
    if operation in _STATEMENTS:
        for name in list(root.held.tables):
            yield from all_of(root, name)
        return
    for name, keys in _named(given).items():
        table = root.held.tables.get(name.rpartition("/")[2])
        if table is None:
            continue
        rows = {}
        names = set()
        for key in keys:
            text = _text(*(key.get(a) for a in (table.hash_key_attr, table.range_key_attr) if a))
            names.add(text)
            item = _item(table, key)
            if item is not None:
                rows[text] = _row(item)
        yield Look((*root.place, "tables", table.name, "items"), rows, frozenset(names))
        yield from _stream(root, table)


def all_of(root: Root, name: str) -> Iterator[Look | Tail]:
    """Everything in a table."""
    table = root.held.tables[name]
    rows = {_of(item): _row(item) for item in table.all_items()}
    yield Look((*root.place, "tables", name, "items"), rows)
    yield from _stream(root, table)


def fill(root: Root, place: Place, kept: Kept) -> None:
    """Put a kept row back."""
    table = root.held.tables.get(place[0])
    if table is None:
        return

    def find(reference: tuple[str, ...]) -> Any:  # noqa: ANN401
        return table if reference[0] == "thing" else root.held

    if place[1] == "items":
        item = thaw(kept.value, find)
        if item.range_key is None:
            table.items[item.hash_key] = item
        else:
            table.items[item.hash_key][item.range_key] = item
    elif table.stream_shard is not None:
        table.stream_shard.items += thaw(kept.value, find)


def finish(_: Root) -> None:
    """Nothing is left to do."""


def prepared(table: Any) -> None:  # noqa: ANN401
    """A table that was read without its contents, ready for them."""
    models = import_module("moto.dynamodb.models.table")
    table.items = models.defaultdict(dict)
    on = (table.stream_specification or {}).get("StreamEnabled")
    table.stream_shard = models.StreamShard(table.account_id, table) if on else None


def _named(given: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The keys, or whole items, that an input names, by table."""
    found: dict[str, list[Mapping[str, Any]]] = {}

    def add(table: object, key: object) -> None:
        if isinstance(table, str) and isinstance(key, Mapping):
            found.setdefault(table, []).append(key)

    add(given.get("TableName"), given.get("Key") or given.get("Item"))
    for table, requests in (given.get("RequestItems") or {}).items():
        for request in requests if isinstance(requests, list) else ():
            add(table, (request.get("PutRequest") or {}).get("Item"))
            add(table, (request.get("DeleteRequest") or {}).get("Key"))
    for action in given.get("TransactItems") or ():
        for one in action.values():
            add(one.get("TableName"), one.get("Key") or one.get("Item"))
    return found


def _item(table: Any, key: Mapping[str, Any]) -> Any:  # noqa: ANN401
    kind = import_module("moto.dynamodb.models.dynamo_type").DynamoType
    parts = [key.get(a) for a in (table.hash_key_attr, table.range_key_attr) if a]
    if None in parts:
        return None
    under = dict.get(table.items, kind(parts[0]))
    return under if under is None or len(parts) == 1 else under.get(kind(parts[1]))


def _of(item: Any) -> str:  # noqa: ANN401
    return _text(*(part.to_json() for part in (item.hash_key, item.range_key) if part is not None))


def _text(*key: object) -> str:
    """A key as the name of its row."""
    return json.dumps(key, sort_keys=True, default=_bytes)


def _bytes(value: object) -> str:
    return value.hex() if isinstance(value, bytes | bytearray) else str(value)


def _row(item: Any) -> Row:  # noqa: ANN401
    return Row(lambda: freeze(item, {}))


def _stream(root: Root, table: Any) -> Iterator[Tail]:  # noqa: ANN401
    shard = table.stream_shard
    if shard is None:
        return

    def value(start: int, end: int) -> bytes:
        return freeze(shard.items[start:end], names_of(root))

    yield Tail((*root.place, "tables", table.name, "stream"), len(shard.items), value)
