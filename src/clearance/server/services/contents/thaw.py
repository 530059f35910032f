"""What was kept, put back into moto: all things without state, then their states, then contents."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from clearance.server.services.contents.freeze import Unreadable, thaw
from clearance.server.services.contents.known import Known
from clearance.server.services.contents.looks import KINDS
from clearance.server.services.contents.shelves import KEPT, SHELVES, Root, root_of, table_of
from clearance.store.contents import Kept, Place

__all__ = ["thaw_all"]

LOG: Final = logging.getLogger("clearance.server.services")
_ROOT: Final = 4  # the length of a root's place, and of a thing's
_THING: Final = 5


def thaw_all(rows: Sequence[Kept], known: Mapping[Place, Known]) -> list[Root]:
    """Fill moto; answers what was filled. A row that cannot be read is left out, with a warning."""
    roots: dict[Place, Root] = {}
    made: dict[Place, Any] = {}
    sound = list(_sound(rows, roots, made))

    def find(name: tuple[str, ...]) -> Any:  # noqa: ANN401
        if name[0] == "backend":
            return import_module("moto.backends").get_backend(name[1])[name[2]][name[3]]
        return made[name[1:]]

    for row in sound:
        root = roots[row.place[:3]]
        try:
            if len(row.place) == _ROOT:
                _fill_root(root, _state(row, find))
            elif len(row.place) == _THING:
                _fill_thing(root, row, made, _state(row, find))
            else:
                KINDS[root.service][0].fill(root, row.place[4:], row)
        except (Unreadable, LookupError) as error:
            _left_out(row, error)
            continue
        if len(row.place) <= _THING:
            known[root.place].learn(row.place, row.value)
    for root in roots.values():
        if root.service in KINDS:
            KINDS[root.service][0].finish(root)
    return list(roots.values())


def _sound(
    rows: Sequence[Kept], roots: dict[Place, Root], made: dict[Place, Any]
) -> Iterator[Kept]:
    """The rows in the order in which they can be filled; things exist after that."""
    for row in rows:
        place = row.place[:3]
        if place not in roots and place[0] in KEPT:
            held = import_module("moto.backends").get_backend(place[0])[place[1]][place[2]]
            roots[place] = root_of(held)
    usable = [row for row in rows if row.place[:3] in roots]
    for row in usable:
        if len(row.place) != _THING:
            continue
        first = row.value.partition(b"\n")[0].decode()
        if first:
            module, _, name = first.partition(":")
            try:
                kind: Any = getattr(import_module(module), name) if _is_motos(module) else None
                made[row.place] = kind.__new__(kind)
            except (ImportError, AttributeError, TypeError) as error:
                _left_out(row, error)
                continue
    yield from sorted(usable, key=lambda row: min(len(row.place), _THING + 1))


def _is_motos(module: str) -> bool:
    return module.startswith("moto.")


def _state(row: Kept, find: Any) -> Any:  # noqa: ANN401
    return thaw(row.value.partition(b"\n")[2], find)


def _fill_root(root: Root, state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        held: Any = getattr(root.held, name, None)
        if name == "tagger" and isinstance(value, dict):
            held.tags.update(value)
        elif type(held) is not type(value) and isinstance(held, dict):
            held.update(value)  # a table that makes its own entries stays one
        else:
            setattr(root.held, name, value)


def _fill_thing(root: Root, row: Kept, made: Mapping[Place, Any], state: Any) -> None:  # noqa: ANN401
    *_, table, name = row.place
    if all(shelf.table != table for shelf in SHELVES.get(root.service, ())):
        raise LookupError(f"`{root.service}` has no `{table}`")
    thing = made.get(row.place, state)
    if thing is not state:
        thing.__dict__.update(state)
        module, shelf = KINDS.get(root.service, (None, ""))
        if shelf == table and module is not None:
            module.prepared(thing)
        if root.service == "sns" and table == "topics":
            thing.sent_notifications = []
    table_of(root, table)[name] = thing


def _left_out(row: Kept, error: Exception) -> None:
    LOG.warning("what was kept of `%s` cannot be read: %s", "/".join(row.place[:5]), error)
