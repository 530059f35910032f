"""What to look at: the things of a root, and the contents that one call may have changed.

Each kind of row is written on one way only: things while the estate is locked, together with the
estate; contents by the calls that change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from clearance.server.services.contents import items, messages, objects, streams, tails
from clearance.server.services.contents.freeze import freeze
from clearance.server.services.contents.known import Look, Row, Tail
from clearance.server.services.contents.shelves import (
    SHELVES,
    Root,
    Shelf,
    names_of,
    state_of,
    table_of,
    things_of,
)
from clearance.store.contents import Place

__all__ = ["KINDS", "all_contents", "contents", "things"]

# By service: the module that knows its contents, and the shelf whose things have some.
KINDS: Final[Mapping[str, tuple[ModuleType, str]]] = {
    "cloudwatch": (tails, ""),
    "dynamodb": (items, "tables"),
    "events": (tails, "archives"),
    "logs": (streams, "groups"),
    "s3": (objects, "buckets"),
    "sqs": (messages, "queues"),
}


def things(root: Root) -> Iterator[Look]:
    """All things of a root, and the root itself, without contents."""
    names = names_of(root)
    yield Look(root.place, {"": _row(root, None, root.held, names)}, frozenset({""}))
    for shelf in SHELVES.get(root.service, ()):
        rows = {name: _row(root, shelf, thing, names) for name, thing in things_of(root, shelf)}
        yield Look((*root.place, shelf.table), rows)


def contents(root: Root, operation: str, given: Mapping[str, Any]) -> Iterable[Look | Tail]:
    """The contents that a call may have changed."""
    if root.service not in KINDS:
        return ()
    found: Iterable[Look | Tail] = KINDS[root.service][0].touched(root, operation, given)
    return found


def all_contents(root: Root, names: Iterable[str] | None = None) -> Iterator[Look | Tail]:
    """All contents of a root, or of the things of these names."""
    kind, shelf = KINDS.get(root.service, (None, ""))
    if kind is None:
        return
    if not shelf:
        if names is None:
            yield from kind.touched(root, "", {})
        return
    for name in list(table_of(root, shelf)) if names is None else names:
        yield from kind.all_of(root, name)


def _row(root: Root, shelf: Shelf | None, thing: Any, names: Mapping[int, Place]) -> Row:  # noqa: ANN401
    """The class of a thing in a first line, so that it can be made before it is filled."""
    kind = type(thing)
    plain = shelf is None or isinstance(thing, dict | list)
    first = "" if plain else f"{kind.__module__}:{kind.__qualname__}"
    return Row(lambda: f"{first}\n".encode() + freeze(state_of(root, shelf, thing), names))
