"""Is there a request in a box that is in none of some cubes? The heart of every proof.

A box is cut along one dimension at a time, and only where a cube overlaps it in part. Whatever
depends on an unknown string (a variable) is read so that a box never loses a request: "none"
is then certain, and "some" must be replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clearance.prove.cubes import Box, Cube, KeySide, Strings, meet, satisfiable
from clearance.prove.effort import Effort
from clearance.prove.regions import Patterns, cut, expand, narrowed, relation
from clearance.prove.values import Domain

__all__ = ["Universe", "boxes_of", "outside", "survivors"]


class Universe:
    """The classes of context keys and callers that boxes and cubes speak of."""

    __slots__ = ("all_callers", "domains")

    def __init__(self, domains: Mapping[str, Domain], all_callers: int) -> None:
        self.domains = domains
        self.all_callers = all_callers

    def anything(self, key: str) -> KeySide:
        """A key that may be absent or have any value."""
        return KeySide(absent=True, every=self.domains[key].full)

    def whole(self) -> Box:
        """Every request."""
        return Box(who=self.all_callers)


def boxes_of(universe: Universe, cube: Cube, within: Box) -> Iterator[Box]:
    """The part of a box that lies in a cube, in boxes."""
    who = within.who & cube.who
    if not who:
        return
    keys = dict(within.keys)
    for key, side in cube.keys.items():
        keys[key] = meet(keys.get(key) or universe.anything(key), side)
        if not satisfiable(keys[key]):
            return
    atoms = dict(within.atoms)
    for atom in cube.atoms:
        if not atoms.setdefault(atom, True):
            return
    for action, not_action in expand(cube.action, within.action, within.not_action):
        for resource, not_resource in expand(cube.resource, within.resource, within.not_resource):
            yield Box(action, not_action, resource, not_resource, who, keys, atoms)


def outside(universe: Universe, box: Box, cube: Cube) -> list[Box] | None:
    """The part of a box that is not in a cube, in boxes; None when the two have nothing in common.

    The boxes may overlap.
    """
    who = box.who & cube.who
    if not who:
        return None
    sides: list[tuple[str, KeySide]] = []
    for key, side in cube.keys.items():
        mine = box.keys.get(key) or universe.anything(key)
        if not satisfiable(meet(mine, side)):
            return None
        single = universe.domains[key].single
        sides += [(key, rest) for rest in _beyond(mine, side, universe, key, single=single)]
    open_atoms = []
    for atom in cube.atoms:
        held = box.atoms.get(atom)
        if held is False:
            return None
        if held is None:
            open_atoms.append(atom)
    actions = _escapes(box.action, box.not_action, cube.action)
    if actions is None:
        return None
    resources = _escapes(box.resource, box.not_resource, cube.resource)
    if resources is None:
        return None
    found = [box._replace(who=box.who & ~cube.who)] if box.who & ~cube.who else []
    found += [box._replace(keys={**box.keys, key: side}) for key, side in sides]
    found += [box._replace(atoms={**box.atoms, atom: False}) for atom in open_atoms]
    found += [box._replace(action=w, not_action=u) for w, u in actions]
    found += [box._replace(resource=w, not_resource=u) for w, u in resources]
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
) -> list[tuple[Patterns, Patterns]] | None:
    """The parts of a region outside a set of strings; None when the two are disjoint."""
    found: list[tuple[Patterns, Patterns]] = []
    for union in strings.unions:
        partial = relation(wanted, union)
        if partial is None:
            continue
        if not partial:
            return None
        more = cut(wanted, unwanted, partial)
        if more is not None:
            if more is unwanted:
                return None
            found.append((wanted, more))
    for union in strings.without:
        partial = relation(wanted, union)
        if partial is None:
            return None
        for pattern in partial:
            inner = narrowed(wanted, unwanted, pattern)
            if inner is not None:
                found.append((inner, unwanted))
    return found


def survivors(universe: Universe, box: Box, cubes: Sequence[Cube], effort: Effort) -> Iterator[Box]:
    """Boxes that hold all of a box that is in none of the cubes."""
    if any(_covers(universe, box, cube) for cube in cubes):
        return
    while True:
        effort.spend(1 + len(cubes))
        cutting, pieces, rest = _best_cut(universe, box, cubes)
        if pieces is None:
            yield box
            return
        cubes = [cube for cube in rest if cube is not cutting]
        if len(pieces) != 1:
            break
        box = pieces[0]
    for piece in pieces:
        yield from survivors(universe, piece, cubes, effort)


def _best_cut(
    universe: Universe, box: Box, cubes: Sequence[Cube]
) -> tuple[Cube | None, list[Box] | None, list[Cube]]:
    """The cube that leaves the fewest pieces of the box, and the cubes that overlap the box."""
    rest: list[Cube] = []
    best: list[Box] | None = None
    cutting: Cube | None = None
    for place, cube in enumerate(cubes):
        found = outside(universe, box, cube)
        if found is None:
            continue
        rest.append(cube)
        if best is None or len(found) < len(best):
            best, cutting = found, cube
        if len(found) <= 1:
            rest += cubes[place + 1 :]
            break
    return cutting, best, rest


def _covers(universe: Universe, box: Box, cube: Cube) -> bool:
    """True when a look at single patterns shows that a cube holds the whole box."""
    if box.who & ~cube.who or any(not box.atoms.get(atom) for atom in cube.atoms):
        return False
    for key, side in cube.keys.items():
        mine = box.keys.get(key) or universe.anything(key)
        if any(_beyond(mine, side, universe, key, single=universe.domains[key].single)):
            return False
    for wanted, strings in ((box.action, cube.action), (box.resource, cube.resource)):
        if any(relation(wanted, union) is not None for union in strings.unions):
            return False
        if any(relation(wanted, union) != () for union in strings.without):
            return False
    return True
