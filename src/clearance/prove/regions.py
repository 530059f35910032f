"""Regions of strings: all that match some patterns and none of some others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from clearance.prove.cubes import Strings, Union
from clearance.prove.globs import contains, intersects, reduce, witness
from clearance.prove.patterns import has_variable, loosen

__all__ = ["Patterns", "cut", "expand", "is_empty", "narrowed", "relation"]

Patterns: TypeAlias = tuple[str, ...]


def is_empty(wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> bool:
    """True when no string, whatever the variables are, matches all and none."""
    firm = tuple(p for p in unwanted if not has_variable(p))
    return witness(tuple(map(loosen, wanted)), firm) is None


def narrowed(
    wanted: tuple[str, ...], unwanted: tuple[str, ...], pattern: str
) -> tuple[str, ...] | None:
    """``wanted`` with one more pattern; None when nothing is left."""
    if any(contains(pattern, w) for w in wanted):
        return wanted
    if any(not intersects(w, pattern) for w in wanted):
        return None
    more = (*(w for w in wanted if not contains(w, pattern)), pattern)
    if not unwanted and len(more) == 1:
        return more
    return None if is_empty(more, unwanted) else more


def cut(
    wanted: tuple[str, ...], unwanted: tuple[str, ...], patterns: Iterable[str]
) -> tuple[str, ...] | None:
    """``unwanted`` with more patterns; None when nothing is left."""
    new = [p for p in patterns if p not in unwanted]
    if not new:
        return unwanted
    more = reduce((*unwanted, *new))
    if more == unwanted:
        return unwanted
    return None if is_empty(wanted, more) else more


def relation(wanted: tuple[str, ...], union: Union) -> tuple[str, ...] | None:
    """The patterns of a union that cut the region; None when one holds all of it."""
    partial: list[str] = []
    for pattern in union.near(wanted[0]):
        if any(contains(pattern, w) for w in wanted):
            return None
        if all(intersects(pattern, w) for w in wanted):
            partial.append(pattern)
    return tuple(partial)


def expand(
    strings: Strings, wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The part of a region that lies in a set of strings, in pieces of single patterns."""
    for union in strings.without:
        found = relation(wanted, union)
        if found is None:
            return
        if found:
            more = cut(wanted, unwanted, found)
            if more is None:
                return
            unwanted = more
    yield from _choose(strings.unions, wanted, unwanted)


def _choose(
    unions: tuple[Union, ...], wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    if not unions:
        yield wanted, unwanted
        return
    first, rest = unions[0], unions[1:]
    found = relation(wanted, first)
    if found is None:
        yield from _choose(rest, wanted, unwanted)
        return
    for pattern in found:
        more = narrowed(wanted, unwanted, pattern)
        if more is not None:
            yield from _choose(rest, more, unwanted)
