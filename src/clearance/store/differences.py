"""A change of the journal text by text, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from clearance.model.estate import Secret
from clearance.store.changes import ABSENT

__all__ = ["BOOKKEEPING", "differences"]

HIDDEN: Final = "(hidden)"
# Operations of rows that the server writes for itself.
BOOKKEEPING: Final = frozenset({"KeepUsage"})


def differences(before: object, after: object) -> Iterator[tuple[str, str | None, str | None]]:
    """Every text that differs between two values: its place, what was there, what is."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            yield field, old.get(field), new.get(field)


def _leaves(value: object, place: str) -> Iterator[tuple[str, str]]:
    if value is None or value is ABSENT or value == ():
        return
    if isinstance(value, Secret):
        yield place, HIDDEN
    elif is_dataclass(value):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), _join(place, field.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, _join(place, str(key)))
    elif isinstance(value, tuple | frozenset | list):
        yield place, ", ".join(sorted(map(str, value)))
    else:
        yield place, str(value)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
