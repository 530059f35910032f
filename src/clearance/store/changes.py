"""What an operation changed: the difference of two estates, entity by entity.

The grain is the entity: a user, a role, a function, an attachment list is replaced whole. A path
names its place, e.g. ``("accounts", "123456789012", "users", "ana")``. Operations share what they
do not touch, so unchanged tables are told by identity and cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Final, TypeAlias, get_args, get_origin, get_type_hints

from clearance.model.errors import StoreError
from clearance.model.estate import Account, Estate, Organization

__all__ = ["ABSENT", "Absent", "Change", "Path", "apply", "diff", "type_at"]

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The mark of a place where nothing is, which is not the same as null."""


ABSENT: Final = Absent()

# These are taken apart, field by field; everything else is replaced whole.
_CONTAINERS: Final = (Estate, Account, Organization)


@dataclass(frozen=True, slots=True)
class Change:
    """What stood at a place before and after; ``ABSENT`` where nothing stood."""

    path: Path
    before: object = ABSENT
    after: object = ABSENT


def diff(before: Estate, after: Estate) -> tuple[Change, ...]:
    """The changes that turn one estate into the other."""
    return tuple(_compare((), before, after))


def apply(estate: Estate, changes: Iterable[Change]) -> Estate:
    """The estate after the changes."""
    draft = _Draft(estate)
    for change in changes:
        draft.put(change.path, change.after)
    changed: Estate = draft.finish()
    return changed


def type_at(path: Path) -> Any:  # noqa: ANN401 (types of all kinds)
    """The type of the value at a path.

    >>> type_at(("accounts", "123456789012", "users", "ana")).__name__
    'User'
    """
    kind: Any = Estate
    rest = iter(path)
    for name in rest:
        table, inner = _tables(kind).get(name, (False, None)) if kind in _CONTAINERS else (0, None)
        if inner is None or (table and next(rest, None) is None):
            raise StoreError(f"no such place in an estate: `{'/'.join(path)}`")
        kind = inner
    return kind


@cache
def _tables(kind: Any) -> Mapping[str, tuple[bool, Any]]:  # noqa: ANN401
    """For each field: whether it is a table of entries, and the type of an entry or the value."""
    hints = get_type_hints(kind)
    return {
        f.name: (True, get_args(hints[f.name])[1])
        if get_origin(hints[f.name]) is Mapping
        else (False, hints[f.name])
        for f in fields(kind)
    }


def _compare(path: Path, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401
    kind: Any = type(before)
    for name, (table, inner) in _tables(kind).items():
        old, new = getattr(before, name), getattr(after, name)
        if old is new:
            continue
        here = (*path, name)
        if table:
            yield from _compare_tables(here, old, new, inner)
        elif old != new:
            yield Change(here, old, new)


def _compare_tables(
    path: Path, old: Mapping[str, Any], new: Mapping[str, Any], inner: object
) -> Iterator[Change]:
    for key, value in old.items():
        if key not in new:
            yield Change((*path, key), value, ABSENT)
    for key, value in new.items():
        was = old.get(key, ABSENT)
        if was is value:
            continue
        if inner in _CONTAINERS and was is not ABSENT:
            yield from _compare((*path, key), was, value)
        elif was is ABSENT or was != value:
            yield Change((*path, key), was, value)


class _Draft:
    """A container being changed: its tables are copied once, when first touched."""

    __slots__ = ("base", "children", "values")

    def __init__(self, base: Any) -> None:  # noqa: ANN401
        self.base = base
        self.values: dict[str, Any] = {}
        self.children: dict[tuple[str, str], _Draft] = {}

    def put(self, path: Path, value: object) -> None:
        """Put a value at a path; ``ABSENT`` removes it."""
        name, *rest = path
        own: Any = type(self.base)
        table, kind = _tables(own)[name]
        if not table:
            self.values[name] = value
            return
        entries = self.values.get(name)
        if entries is None:
            entries = self.values[name] = dict(getattr(self.base, name))
        key, *deeper = rest
        if deeper:
            child = self.children.get((name, key))
            if child is None:
                if kind not in _CONTAINERS or key not in entries:
                    raise StoreError(f"a change to `{'/'.join(path)}`, which does not exist")
                child = self.children[name, key] = _Draft(entries[key])
            child.put(tuple(deeper), value)
            return
        self.children.pop((name, key), None)
        if value is ABSENT:
            entries.pop(key, None)
        else:
            entries[key] = value

    def finish(self) -> Any:  # noqa: ANN401
        """The changed container."""
        for (name, key), child in self.children.items():
            self.values[name][key] = child.finish()
        return replace(self.base, **self.values) if self.values else self.base
