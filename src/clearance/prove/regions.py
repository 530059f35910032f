"""Regions of strings: all that match some patterns and none of some others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Strings, Union
from clearance.prove.globs import contains, intersects, reduce, witness
from clearance.prove.patterns import has_variable, loosen

__all__ = [
    "Patterns",
    "cut",
    "expand",
    "fresh",
    "is_empty",
    "narrowed",
    "relation",
    "standing",
]

Patterns: TypeAlias = tuple[str, ...]


def is_empty(wanted: Patterns, unwanted: Patterns) -> bool:
    """True when no string, whatever the variables are, matches all and none."""
    near = [u for u in unwanted if all(intersects(u, w) for w in wanted)]
    if any(contains(u, w) for u in near for w in wanted):
        return True
    firm = tuple(u for u in near if not has_variable(u))
    return witness(tuple(map(loosen, wanted)), firm) is None


def narrowed(wanted: Patterns, unwanted: Patterns, pattern: str) -> Patterns | None:
    """``wanted`` with one more pattern; None when nothing is left."""
    if any(contains(pattern, w) for w in wanted):
        return wanted
    if any(not intersects(w, pattern) for w in wanted):
        return None
    more = (*(w for w in wanted if not contains(w, pattern)), pattern)
    if not unwanted and len(more) == 1:
        return more
    return None if is_empty(more, unwanted) else more


def cut(wanted: Patterns, unwanted: Patterns, patterns: Iterable[str]) -> Patterns | None:
    """``unwanted`` with more patterns; None when nothing is left."""
    new = fresh(unwanted, patterns)
    if not new:
        return unwanted
    new = reduce(new)
    wide = _by_start(new)
    kept = (u for u in unwanted if not any(contains(n, u) for n in wide.near(u)))
    more = tuple(sorted((*kept, *new)))
    return None if is_empty(wanted, more) else more


def fresh(unwanted: Patterns, patterns: Iterable[str]) -> Patterns:
    """The patterns that take away more than the unwanted ones do."""
    if not unwanted:
        return tuple(patterns)
    known = _by_start(unwanted)
    return tuple(p for p in patterns if not any(contains(u, p) for u in known.near(p)))


@lru_cache(maxsize=1024)
def _by_start(patterns: Patterns) -> Union:
    arns = patterns[0].startswith("arn:")
    return Union(patterns, RESOURCE_PARTS if arns else ACTION_PARTS)


def relation(wanted: Patterns, union: Union) -> Patterns | None:
    """The patterns of a union that cut the region; None when one holds all of it."""
    partial: list[str] = []
    for pattern in union.near(wanted[0]):
        if any(contains(pattern, w) for w in wanted):
            return None
        if all(intersects(pattern, w) for w in wanted):
            partial.append(pattern)
    return tuple(partial)


def standing(wanted: Patterns, strings: Strings) -> bool | None:
    """True when a set of strings holds the whole region, False when none of it, else None."""
    plain = True
    for union in strings.unions:
        found = relation(wanted, union)
        if found == ():
            return False
        plain = plain and found is None
    for union in strings.without:
        found = relation(wanted, union)
        if found is None:
            return False
        plain = plain and found == ()
    return True if plain else None


def expand(strings: Strings) -> Iterator[tuple[Patterns, Patterns]]:
    """A set of strings in regions of single patterns."""
    unwanted = reduce(p for union in strings.without for p in union.patterns)
    if not unwanted or not is_empty(ANYTHING, unwanted):
        yield from _choose(strings.unions, ANYTHING, unwanted)


ANYTHING: Final[Patterns] = ("*",)


def _choose(
    unions: tuple[Union, ...], wanted: Patterns, unwanted: Patterns
) -> Iterator[tuple[Patterns, Patterns]]:
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
