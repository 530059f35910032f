"""Sets of requests with the operations of sets; nothing is computed before it is asked.

A set is a union of parts; a part is some cubes without some others, which is just what a policy
is: its Allows without its Denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from clearance.model.policy import AttachedPolicy, Effect, Policy
from clearance.prove.actions import actions_in
from clearance.prove.cubes import (
    EVERYTHING,
    Box,
    Cube,
    KeySide,
    Strings,
    Union,
    meet,
    satisfiable,
)
from clearance.prove.effort import Effort
from clearance.prove.globs import may_intersect
from clearance.prove.regions import Patterns, expand, standing
from clearance.prove.search import boxes_of, survivors
from clearance.prove.space import Space
from clearance.prove.statements import said_by

__all__ = ["NOTHING", "Part", "Piece", "RequestSet", "allowed", "everything", "nothing"]

NOTHING: Final[tuple[Cube, ...]] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Requests in one of ``cubes`` and in none of ``without``."""

    cubes: tuple[Cube, ...]
    without: tuple[Cube, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Requests that are certainly to be looked at: ``box`` came out of ``cube`` uncut or cut.

    ``whole`` is the box before anything was taken from it. The same is left of it with each of
    the actions ``alike`` in the place of its own: every cube that was taken away names all of
    these actions or none, so a request that is in the set stays in it.
    """

    cube: Cube
    whole: Box
    box: Box
    alike: tuple[Patterns, ...] = ()

    def singles(self) -> Iterator[Piece]:
        """One piece for each action."""
        yield replace(self, alike=())
        for action in self.alike:
            whole, box = self.whole._replace(action=action), self.box._replace(action=action)
            yield Piece(self.cube, whole, box)


@dataclass(frozen=True, slots=True)
class RequestSet:
    """A set of requests in a space.

    ``a | b``, ``a & b``, ``a - b`` and ``~a`` are what they are for sets; all operands must be
    of one space.
    """

    space: Space
    parts: tuple[Part, ...]
    reasons: tuple[str, ...] = field(default=())

    def __or__(self, other: RequestSet) -> RequestSet:
        return self._with(other, (*self.parts, *other.parts))

    def __and__(self, other: RequestSet) -> RequestSet:
        return self._with(other, tuple(_both(a, b) for a in self.parts for b in other.parts))

    def __sub__(self, other: RequestSet) -> RequestSet:
        parts = self.parts
        for taken in other.parts:
            parts = tuple(left for part in parts for left in _less(part, taken))
        return self._with(other, parts)

    def __invert__(self) -> RequestSet:
        return everything(self.space) - self

    def _with(self, other: RequestSet, parts: Iterable[Part]) -> RequestSet:
        if self.space is not other.space:
            raise ValueError("sets of different spaces cannot be compared")
        return RequestSet(
            self.space, _gathered(parts), tuple(dict.fromkeys(self.reasons + other.reasons))
        )

    def pieces(self, effort: Effort | None = None) -> Iterator[Piece]:
        """Boxes that hold all the set's requests; none at all proves the set empty.

        Where policy variables are involved a box may hold none of them.

        Raises:
            TooHardError: when the effort is spent.
        """
        budget = effort or Effort()
        universe = self.space.universe
        for part in self.parts:
            index = _Index(part.without)
            for cube in part.cubes:
                for (action, not_action), alike, near in self._grouped(cube, index):
                    for whole in boxes_of(universe, cube, action, not_action):
                        for box in survivors(universe, whole, near, budget):
                            if alike or box is whole or self._exists(box.action, box.not_action):
                                yield Piece(cube, whole, box, alike)

    def _grouped(self, cube: Cube, index: _Index) -> Iterator[_Group]:
        """The regions of a cube's actions; those that the same cubes name, together."""
        alike: dict[tuple[int, ...], tuple[list[Patterns], list[Cube]]] = {}
        for action, not_action in expand(cube.action):
            if not self._exists(action, not_action):
                continue
            near = index.near(action)
            told = None if not_action else _all_of(action, near)
            if told is None:
                yield (action, not_action), (), near
            else:
                alike.setdefault(tuple(map(id, told)), ([], told))[0].append(action)
        for actions, told in alike.values():
            yield (actions[0], ()), tuple(actions[1:]), told

    def _exists(self, action: Patterns, not_action: Patterns) -> bool:
        """False when AWS has no such action."""
        catalog = self.space.catalog
        return catalog is None or any(actions_in(catalog, action, not_action))


_Group: TypeAlias = tuple[tuple[Patterns, Patterns], tuple[Patterns, ...], list[Cube]]


def _all_of(action: Patterns, cubes: Iterable[Cube]) -> list[Cube] | None:
    """The cubes that hold all the actions, when the others hold none; else None."""
    found: list[Cube] = []
    for cube in cubes:
        holds = standing(action, cube.action)
        if holds is None:
            return None
        if holds:
            found.append(cube)
    return found


def _gathered(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts that lack the same cubes, as one."""
    by_without: dict[tuple[int, ...], tuple[list[Cube], tuple[Cube, ...]]] = {}
    for part in parts:
        if part.cubes:
            key = tuple(map(id, part.without))
            by_without.setdefault(key, ([], part.without))[0].extend(part.cubes)
    return tuple(Part(distinct(cubes), without) for cubes, without in by_without.values())


class _Index:
    """Cubes by how their actions begin."""

    __slots__ = ("_by_head", "_everywhere", "_order")

    def __init__(self, cubes: Iterable[Cube]) -> None:
        self._order = tuple(cubes)
        self._by_head: dict[str, list[int]] = {}
        self._everywhere: list[int] = []
        for place, cube in enumerate(self._order):
            heads = cube.action.unions[0].heads() if cube.action.unions else None
            if heads is None:
                self._everywhere.append(place)
            else:
                for head in heads:
                    self._by_head.setdefault(head, []).append(place)

    def near(self, action: Patterns) -> list[Cube]:
        """The cubes that can have something to do with some actions."""
        head, colon, _ = action[0].partition(":")
        if not colon or "*" in head or "?" in head:
            return list(self._order)
        places = sorted({*self._by_head.get(head, ()), *self._everywhere})
        return [self._order[place] for place in places]


def everything(space: Space) -> RequestSet:
    """All requests."""
    return RequestSet(space, (Part((EVERYTHING,)),))


def nothing(space: Space) -> RequestSet:
    """No request."""
    return RequestSet(space, ())


def allowed(space: Space, *policies: Policy | AttachedPolicy) -> RequestSet:
    """The requests that policies of one layer allow together: some Allow, and no Deny.

    A policy that cannot be read allows nothing and lets nothing through (R55).
    """
    return RequestSet(space, (layer(space, policies),) if _readable(policies) else ())


def _readable(policies: Iterable[Policy | AttachedPolicy]) -> bool:
    return not any(isinstance(p, AttachedPolicy) and p.error is not None for p in policies)


def layer(space: Space, policies: Iterable[Policy | AttachedPolicy]) -> Part:
    """The Allows and Denies of one layer."""
    cubes: Mapping[Effect, list[Cube]] = {Effect.ALLOW: [], Effect.DENY: []}
    for given in policies:
        policy = given.policy if isinstance(given, AttachedPolicy) else given
        for said in said_by(policy).statements:
            cube = space.cube(said)
            if cube is not None:
                cubes[said.statement.effect].append(cube)
    return Part(tuple(cubes[Effect.ALLOW]), tuple(cubes[Effect.DENY]))


def _both(one: Part, other: Part) -> Part:
    """(A - B) & (C - D) = (A & C) - (B | D)."""
    return Part(product(one.cubes, other.cubes), distinct((*one.without, *other.without)))


def _less(part: Part, taken: Part) -> Iterator[Part]:
    """(A - B) - (C - D) = (A - (B | C)) | ((A & D) - B)."""
    kept = _unlike(part.cubes, taken.cubes)
    if kept:
        yield Part(kept, distinct((*part.without, *taken.cubes)))
    denied = _unlike(taken.without, part.without)
    if denied and (given_back := product(part.cubes, denied)):
        yield Part(given_back, part.without)


def _unlike(cubes: Iterable[Cube], known: Iterable[Cube]) -> tuple[Cube, ...]:
    """The cubes that do not stand among the known ones in the same words."""
    seen = {_words(cube) for cube in known}
    return tuple(cube for cube in cubes if _words(cube) not in seen)


def distinct(cubes: Iterable[Cube]) -> tuple[Cube, ...]:
    """Each cube once."""
    return tuple({_words(cube): cube for cube in cubes}.values())


def _words(cube: Cube) -> tuple[object, ...]:
    """What a cube says; lists of the same patterns are the same object."""
    keys = frozenset(cube.keys.items()) if cube.keys else None
    return (cube.action, cube.resource, cube.who, keys, cube.atoms)


def product(ones: Iterable[Cube], others: Iterable[Cube]) -> tuple[Cube, ...]:
    """What two unions of cubes have in common, as one."""
    seconds = tuple(others)
    return distinct(
        both for one in ones for other in seconds if (both := _meet(one, other)) is not None
    )


def _meet(one: Cube, other: Cube) -> Cube | None:
    """What two cubes have in common; None for nothing."""
    who = one.who & other.who
    if not who:
        return None
    keys: dict[str, KeySide] = dict(one.keys)
    for key, side in other.keys.items():
        keys[key] = meet(keys[key], side) if key in keys else side
        if not satisfiable(keys[key]):
            return None
    if _apart(one.action, other.action) or _apart(one.resource, other.resource):
        return None
    return Cube(
        _joined(one.action, other.action),
        _joined(one.resource, other.resource),
        who,
        keys,
        one.atoms | other.atoms,
        one.source or other.source,
    )


def _apart(one: Strings, other: Strings) -> bool:
    """True when a glance at the first lists shows that none of their patterns overlap."""
    if not one.unions or not other.unions:
        return False
    first, second = one.unions[0], other.unions[0]
    return not any(may_intersect(p, q) for p in first.patterns for q in second.near(p))


def _joined(one: Strings, other: Strings) -> Strings:
    return Strings(
        _distinct_unions(one.unions, other.unions), _distinct_unions(one.without, other.without)
    )


def _distinct_unions(one: tuple[Union, ...], other: tuple[Union, ...]) -> tuple[Union, ...]:
    if not one or not other or one == other:
        return one or other
    return tuple(dict.fromkeys((*one, *other)))
