"""Sets of requests with one side for each dimension: what a statement speaks about.

A ``Cube`` keeps the lists of a statement together, a ``Box`` holds single patterns. Boxes are
cut, cubes cut them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from clearance.model.policy import Statement
from clearance.prove.patterns import is_literal

__all__ = [
    "ACTION_PARTS",
    "EVERYTHING",
    "RESOURCE_PARTS",
    "Box",
    "Cube",
    "KeySide",
    "Strings",
    "Union",
    "meet",
    "satisfiable",
]


class KeySide(NamedTuple):
    """What a context key may be: absent, or values all in ``every`` with one in each of ``some``.

    ``every`` and ``some`` are bits of the key's classes.
    """

    absent: bool
    every: int
    some: tuple[int, ...] = ()


def satisfiable(side: KeySide) -> bool:
    """True when the key can be as the side says."""
    if side.absent:
        return True
    return side.every != 0 and all(side.every & wanted for wanted in side.some)


def meet(one: KeySide, other: KeySide) -> KeySide:
    """What both sides allow."""
    absent, every = one.absent and other.absent, one.every & other.every
    some = tuple(dict.fromkeys(one.some + other.some)) if one.some or other.some else ()
    if absent and (not every or any(not every & wanted for wanted in some)):
        return KeySide(absent, 0)
    return KeySide(absent, every, some)


class Union:
    """Patterns of which one must match, found by how they begin."""

    __slots__ = ("_by_head", "_literal", "_parts", "_wild", "patterns")

    def __init__(self, patterns: Iterable[str], parts: int) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        self._parts = parts
        self._by_head: dict[str, tuple[list[str], list[str]]] = {}
        self._literal: set[str] = set()
        self._wild: list[str] = []
        for pattern in self.patterns:
            head = _head(pattern, parts)
            if head is None:
                self._wild.append(pattern)
                continue
            literal, wild = self._by_head.setdefault(head, ([], []))
            if is_literal(pattern):
                self._literal.add(pattern)
                literal.append(pattern)
            else:
                wild.append(pattern)

    def near(self, pattern: str) -> Iterable[str]:
        """The patterns that could have something to do with this one."""
        if not self._by_head:
            return self._wild
        head = _head(pattern, self._parts)
        if head is None:
            return self.patterns
        found = self._by_head.get(head)
        if found is None:
            return self._wild
        literal, wild = found
        if is_literal(pattern):
            literal = [pattern] if pattern in self._literal else []
        return [*literal, *wild, *self._wild]

    def heads(self) -> Iterable[str] | None:
        """How the patterns begin, or None when one begins in any way."""
        return None if self._wild else self._by_head

    @classmethod
    def of(cls, patterns: Iterable[str], parts: int) -> Union:
        """The union of some patterns; the same patterns give the same object."""
        return _union(frozenset(patterns), parts)


@lru_cache(maxsize=16384)
def _union(patterns: frozenset[str], parts: int) -> Union:
    return Union(sorted(patterns), parts)


@lru_cache(maxsize=65536)
def _head(pattern: str, parts: int) -> str | None:
    """The first parts of a pattern when they have no wildcard."""
    pieces = pattern.split(":", parts)
    if len(pieces) <= parts:
        return None if not is_literal(pattern) else ":".join([*pieces, ""])
    head = ":".join(pieces[:parts])
    return head if is_literal(head) else None


ACTION_PARTS: Final = 1
RESOURCE_PARTS: Final = 3


class Strings(NamedTuple):
    """A set of strings: in each of the ``unions``, in none of the ``without``."""

    unions: tuple[Union, ...] = ()
    without: tuple[Union, ...] = ()


class Cube(NamedTuple):
    """What a statement speaks about; ``atoms`` are conditions that are taken as they are."""

    action: Strings = Strings()
    resource: Strings = Strings()
    who: int = -1
    keys: Mapping[str, KeySide] = {}
    atoms: frozenset[object] = frozenset()
    source: Statement | None = None


EVERYTHING: Final = Cube()


class Box(NamedTuple):
    """Requests between patterns: ``action`` holds patterns to match, ``not_action`` others not to.

    ``atoms`` maps conditions to whether they hold.
    """

    action: tuple[str, ...] = ("*",)
    not_action: tuple[str, ...] = ()
    resource: tuple[str, ...] = ("*",)
    not_resource: tuple[str, ...] = ()
    who: int = -1
    keys: Mapping[str, KeySide] = {}
    atoms: Mapping[object, bool] = {}
