"""Is there a request in a box that is in none of some cubes? The heart of every proof.

A box is cut along one dimension at a time, and only where a cube overlaps it in part. Whatever
depends on an unknown string (a variable) is read so that a box never loses a request: "none"
is then certain, and "some" must be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from clearance.prove.cubes import Box, Cube, KeySide, Strings, meet, satisfiable
from clearance.prove.effort import Effort
from clearance.prove.regions import Patterns, cut, expand, fresh, narrowed, relation
from clearance.prove.values import Domain

__all__ = ["Universe", "boxes_of", "survivors"]


class Universe:
    """The classes of context keys and callers that boxes and cubes speak of."""

    __slots__ = ("all_callers", "domains")

    def __init__(self, domains: Mapping[str, Domain], all_callers: int) -> None:
        self.domains = domains
        self.all_callers = all_callers

    def anything(self, key: str) -> KeySide:
        """A key that may be absent or have any value."""
        return KeySide(absent=True, every=self.domains[key].full)


def boxes_of(
    universe: Universe, cube: Cube, action: Patterns, not_action: Patterns
) -> Iterator[Box]:
    """The part of a cube with actions of one region, in boxes."""
    who = universe.all_callers & cube.who
    if not who or not all(map(satisfiable, cube.keys.values())):
        return
    atoms = dict.fromkeys(cube.atoms, True)
    for resource, not_resource in expand(cube.resource):
        yield Box(action, not_action, resource, not_resource, who, cube.keys, atoms)


class Overlap(NamedTuple):
    """Where a box may stick out of a cube, dimension by dimension; told from single patterns.

    ``actions`` and ``resources`` are lists of patterns the box may lose, each at the cost of one
    piece; ``inner_actions`` and ``inner_resources`` patterns it may be narrowed to.
    """

    cube: Cube
    who: int
    keys: tuple[tuple[str, KeySide], ...]
    atoms: tuple[object, ...]
    actions: tuple[Patterns, ...]
    inner_actions: Patterns
    resources: tuple[Patterns, ...]
    inner_resources: Patterns

    @property
    def pieces(self) -> int:
        """How many pieces of the box may be left, at most."""
        strings = len(self.actions) + len(self.resources)
        inner = len(self.inner_actions) + len(self.inner_resources)
        return bool(self.who) + len(self.keys) + len(self.atoms) + strings + inner


def overlap(universe: Universe, box: Box, cube: Cube) -> Overlap | None:
    """Where a box may stick out of a cube; None when the two have nothing in common."""
    if not box.who & cube.who:
        return None
    sides: list[tuple[str, KeySide]] = []
    for key, side in cube.keys.items():
        mine = box.keys.get(key) or universe.anything(key)
        if not satisfiable(meet(mine, side)):
            return None
        single = universe.domains[key].single
        sides += [(key, rest) for rest in _beyond(mine, side, universe, key, single=single)]
    if any(box.atoms.get(atom) is False for atom in cube.atoms):
        return None
    actions = _escapes(box.action, box.not_action, cube.action)
    if actions is None:
        return None
    resources = _escapes(box.resource, box.not_resource, cube.resource)
    if resources is None:
        return None
    atoms = tuple(atom for atom in cube.atoms if atom not in box.atoms)
    return Overlap(cube, box.who & ~cube.who, tuple(sides), atoms, *actions, *resources)


def _outside(box: Box, found: Overlap) -> list[Box] | None:
    """The part of a box that is not in a cube, in boxes that may overlap.

    None when the two have nothing in common after all.
    """
    pieces = [box._replace(who=found.who)] if found.who else []
    pieces += [box._replace(keys={**box.keys, key: side}) for key, side in found.keys]
    pieces += [box._replace(atoms={**box.atoms, atom: False}) for atom in found.atoms]
    actions = _parts(box.action, box.not_action, found.actions, found.inner_actions)
    if actions is None:
        return None
    resources = _parts(box.resource, box.not_resource, found.resources, found.inner_resources)
    if resources is None:
        return None
    pieces += [box._replace(action=w, not_action=u) for w, u in actions]
    return pieces + [box._replace(resource=w, not_resource=u) for w, u in resources]


def _parts(
    wanted: Patterns, unwanted: Patterns, cuts: Iterable[Patterns], inner: Patterns
) -> list[tuple[Patterns, Patterns]] | None:
    """What is left of a region without each of some lists, and in each of some patterns."""
    found: list[tuple[Patterns, Patterns]] = []
    for patterns in cuts:
        more = cut(wanted, unwanted, patterns)
        if more is unwanted:
            return None
        if more is not None:
            found.append((wanted, more))
    for pattern in inner:
        narrow = narrowed(wanted, unwanted, pattern)
        if narrow is not None:
            found.append((narrow, unwanted))
    return found


def _beyond(
    mine: KeySide, side: KeySide, universe: Universe, key: str, *, single: bool
) -> Iterator[KeySide]:
    """What of a key's values does not fit a side."""
    full = universe.domains[key].full
    absent = mine.absent and not side.absent
    beyond: list[KeySide] = []
    rest = full & ~side.every
    if rest and mine.every:
        if single:
            beyond.append(KeySide(absent=False, every=mine.every & rest, some=mine.some))
        else:
            beyond.append(KeySide(absent=False, every=mine.every, some=(*mine.some, rest)))
    beyond += [
        KeySide(absent=False, every=mine.every & ~wanted, some=mine.some) for wanted in side.some
    ]
    if not mine.every:
        beyond = []
    left = [found for found in beyond if satisfiable(found)]
    if absent and left:
        left[0] = left[0]._replace(absent=True)
    elif absent:
        left = [KeySide(absent=True, every=0)]
    yield from left


def _escapes(
    wanted: Patterns, unwanted: Patterns, strings: Strings
) -> tuple[tuple[Patterns, ...], Patterns] | None:
    """The lists to cut off a region and the patterns to narrow it to; None when it is disjoint."""
    cuts: list[Patterns] = []
    for union in strings.unions:
        partial = relation(wanted, union)
        if partial is not None:
            partial = fresh(unwanted, partial) if partial else partial
            if not partial:
                return None
            cuts.append(partial)
    inner: list[str] = []
    for union in strings.without:
        partial = relation(wanted, union)
        if partial is None:
            return None
        inner += partial
    return tuple(cuts), tuple(inner)


def survivors(universe: Universe, box: Box, cubes: Sequence[Cube], effort: Effort) -> Iterator[Box]:
    """Boxes that hold all of a box that is in none of the cubes."""
    while True:
        effort.spend(1 + len(cubes))
        left = _trimmed(universe, box, cubes)
        if left is None:
            return
        box, several = left
        pieces: list[Box] | None = None
        while several and pieces is None:
            best = min(several, key=_pieces)
            several.remove(best)
            pieces = _outside(box, best)
        if pieces is None:
            yield box
            return
        cubes = [found.cube for found in several]
        if len(pieces) != 1:
            break
        box = pieces[0]
    for piece in pieces:
        yield from survivors(universe, piece, cubes, effort)


def _pieces(found: Overlap) -> int:
    return found.pieces


def _trimmed(
    universe: Universe, box: Box, cubes: Sequence[Cube]
) -> tuple[Box, list[Overlap]] | None:
    """The box without all cubes that only take some patterns from it, and how others overlap it.

    None when nothing of the box is left.
    """
    several: list[Overlap] = []
    actions: list[str] = []
    resources: list[str] = []
    for cube in cubes:
        found = overlap(universe, box, cube)
        if found is None:
            continue
        pieces = found.pieces
        if not pieces:
            return None
        if pieces == 1 and found.actions:
            actions += found.actions[0]
        elif pieces == 1 and found.resources:
            resources += found.resources[0]
        else:
            several.append(found)
    if actions:
        more = cut(box.action, box.not_action, actions)
        if more is None:
            return None
        box = box._replace(not_action=more)
    if resources:
        more = cut(box.resource, box.not_resource, resources)
        if more is None:
            return None
        box = box._replace(not_resource=more)
    return box, several
