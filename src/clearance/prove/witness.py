"""A concrete request out of a box, and whether a set really holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Final

from clearance.match.conditions import holds
from clearance.match.truth import Truth
from clearance.model.operators import OPERATORS
from clearance.model.policy import Effect
from clearance.model.request import Context, KeyState, Request, fold
from clearance.parse.variables import keys_in
from clearance.prove import patterns
from clearance.prove.actions import actions_in, is_in
from clearance.prove.cubes import Box, Cube, KeySide, Strings
from clearance.prove.globs import matches, witness
from clearance.prove.sets import Part, RequestSet
from clearance.prove.space import Atom, Space

__all__ = ["candidates", "holds_in"]

MAX_CANDIDATES: Final = 200
Values = Mapping[str, tuple[str, ...]]


def candidates(space: Space, box: Box, cube: Cube) -> Iterator[Request]:
    """Requests that should lie in the box; where variables are involved some may not."""
    action = _action(space, box, cube)
    if action is None:
        return
    caller = next((c for bit, c in enumerate(space.callers.each) if box.who >> bit & 1), None)
    if caller is None:
        return
    for values in islice(_contexts(space, box), MAX_CANDIDATES):
        resource = _resource(space, box, values, action)
        if resource is not None:
            # An empty list says that the key is absent, and must not be derived.
            entries = {
                space.names.get(key, key): found[0] if len(found) == 1 else found
                for key, found in values.items()
            }
            context = Context.of(entries, complete=True)
            yield Request(caller, action, resource, context)


def _action(space: Space, box: Box, cube: Cube) -> str | None:
    if space.catalog is not None:
        return next(actions_in(space.catalog, box.action, box.not_action), None)
    named = [space.names[p] for p in box.action if p in space.names]
    written = (*named, *(cube.source.actions if cube.source else ()))
    for text in written:
        if not set(text) & set("*?") and is_in(text.lower(), box.action, box.not_action):
            return text
    found = witness(tuple(box.action), tuple(box.not_action))
    if found == "x" and is_in("example:Action", ("*",), box.not_action):
        return "example:Action"
    return found


def _contexts(space: Space, box: Box) -> Iterator[Values]:
    """Values for every key, in several tries where variables want certain values."""
    needed = _needed(box)
    plain = {key: _values(space, box, key) for key in space.domains if key not in needed}
    options = [list(_needed_values(space, box, key, place)) for place, key in enumerate(needed)]
    for chosen in product(*options):
        values = {**plain, **dict(zip(needed, chosen, strict=True))}
        yield _with_atoms(space, box, values)
        yield values
    for guess in _aligned(box):
        values = {**plain, **dict(zip(needed, (o[0] for o in options), strict=True))}
        yield _with_atoms(space, box, {**values, **guess})


def _needed(box: Box) -> tuple[str, ...]:
    """The keys that variables of the box stand for."""
    keys = [key for p in (*box.resource, *box.not_resource) for key, _ in patterns.variables_in(p)]
    for atom in box.atoms:
        if isinstance(atom, Atom):
            keys += [fold(key) for text in atom.condition.values for key in keys_in(text)]
            keys.append(atom.condition.key)
    return tuple(dict.fromkeys(keys))


def _values(space: Space, box: Box, key: str) -> tuple[str, ...]:
    if space.facts is not None and space.facts.state(key) is not KeyState.UNKNOWN:
        return space.facts.get(key) or ()
    side = box.keys.get(key)
    return () if side is None or side.absent else _present(space, side, key)


def _present(space: Space, side: KeySide, key: str) -> tuple[str, ...]:
    """Few values that fit a side."""
    texts = space.domains[key].texts
    masks = [side.every & wanted for wanted in side.some] or [side.every]
    common = side.every
    for mask in masks:
        common &= mask
    if common:
        return (texts[_lowest(common)],)
    return tuple(dict.fromkeys(texts[_lowest(mask)] for mask in masks if mask))


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _needed_values(space: Space, box: Box, key: str, place: int) -> Iterator[tuple[str, ...]]:
    """A value of its own if the key may have one, the smallest one that fits, then none."""
    side, domain = box.keys.get(key), space.domains.get(key)
    own = f"value{place + 1}"
    if side is None or domain is None:
        yield (own,)
        yield ()
        return
    bit = domain.class_of(own)
    if bit is not None and side.every & bit and all(bit & wanted for wanted in side.some):
        yield (own,)
    if side.every:
        yield _present(space, side, key)
    if side.absent:
        yield ()


def _with_atoms(space: Space, box: Box, values: Values) -> Values:
    """The values with keys set so that conditions on variables hold, or do not."""
    found = dict(values)
    for atom, wanted in box.atoms.items():
        if not isinstance(atom, Atom):
            continue
        condition = atom.condition
        alike = wanted is not OPERATORS[condition.operator].negated
        template = next((text for text in condition.values if keys_in(text)), None)
        if template is None or not alike:
            continue
        pattern = patterns.of_resource(template, variables=True)
        single = {key: value[0] for key, value in found.items() if len(value) == 1}
        text = patterns.substitute(pattern, single)
        if text is not None:
            found[condition.key] = (patterns.decode(patterns.sample(text, "")),)
    del space
    return found


def _aligned(box: Box) -> Iterator[Values]:
    """Values read off a text that all patterns match when their variables are left open."""
    loose = tuple(map(patterns.loosen, box.resource))
    firm = tuple(p for p in box.not_resource if not patterns.has_variable(p))
    text = witness(loose, firm)
    if text is None:
        return
    for pattern in box.resource:
        found = patterns.variables_in(pattern)
        if len(found) != 1:
            continue
        before, after = _around(pattern)
        if text.startswith(before) and text.endswith(after):
            middle = text[len(before) : len(text) - len(after)]
            yield {found[0][0]: (patterns.decode(middle),)}


def _around(pattern: str) -> tuple[str, str]:
    """The text before and after the only variable, up to the nearest wildcard outside."""
    start = next(i for i, c in enumerate(pattern) if patterns.OPAQUE.match(c))
    end = max(i for i, c in enumerate(pattern) if patterns.OPAQUE.match(c))
    return pattern[:start], pattern[end + 1 :]


def _resource(space: Space, box: Box, values: Values, action: str) -> str | None:
    single = {key: value[0] for key, value in values.items() if len(value) == 1}
    wanted = [patterns.substitute(p, single) for p in box.resource]
    if any(p is None for p in wanted):
        return None
    unwanted = tuple(
        text for p in box.not_resource if (text := patterns.substitute(p, single)) is not None
    )
    firm = tuple(text for text in wanted if text is not None)
    for text in _likely(space, action):
        if is_in(text, firm, unwanted):
            return text
    found = witness(firm, unwanted)
    return None if found is None else patterns.decode(found)


def _likely(space: Space, action: str) -> Iterator[str]:
    """ARNs that look like one the action is used on."""
    service = action.partition(":")[0].lower()
    facts = space.catalog.service(service) if space.catalog else None
    known = space.catalog.action(action) if space.catalog else None
    for kind in known.resources if known else ():
        found = facts.resource_types.get(kind.lower()) if facts else None
        if found is not None:
            yield _PLACE.sub(lambda place: _FILLED.get(place.group(1), "example"), found.arn)
    if service == "s3":
        yield "arn:aws:s3:::example/example"
        yield "arn:aws:s3:::example"
    else:
        yield f"arn:aws:{service}:us-east-1:123456789012:example"


_PLACE: Final = re.compile(r"\$\{([^}]*)\}")
_FILLED: Final = {"Partition": "aws", "Region": "us-east-1", "Account": "123456789012"}


def holds_in(found: RequestSet, request: Request) -> bool:
    """True when the request is in the set; asked of the request's own values, not of classes.

    A caller counts whatever else speaks for it.
    """
    asked = _Asked(found.space, request)
    return any(asked.is_in(part) for part in found.parts)


class _Asked:
    """A request as cubes see it."""

    def __init__(self, space: Space, request: Request) -> None:
        self._space, self._context = space, request.context
        self._who = sum(
            1 << place for place, c in enumerate(space.callers.each) if c == request.principal
        )
        self._action = patterns.encode(request.action.lower())
        self._resource = patterns.encode(request.resource)
        self._values = {key: v for key in request.context.values if (v := request.context.get(key))}
        self._single = {key: v[0] for key, v in self._values.items() if len(v) == 1}
        self._classes: dict[str, list[int]] = {}

    def is_in(self, part: Part) -> bool:
        """True when one caller is in one of the part's cubes and in none of those it is without."""
        inside = 0
        for cube in part.cubes:
            if cube.who & self._who & ~inside and self._fits(cube):
                inside |= cube.who
        inside &= self._who
        for cube in part.without:
            if inside & cube.who and self._fits(cube):
                inside &= ~cube.who
        return inside != 0

    def _fits(self, cube: Cube) -> bool:
        return (
            _in_strings(cube.action, self._action, {})
            and _in_strings(cube.resource, self._resource, self._single)
            and all(self._key_fits(key, side) for key, side in cube.keys.items())
            and all(_atom_holds(atom, self._context) for atom in cube.atoms)
        )

    def _key_fits(self, key: str, side: KeySide) -> bool:
        if key not in self._values:
            return side.absent
        bits = self._classes.get(key)
        if bits is None:
            domain = self._space.domains[key]
            bits = self._classes[key] = [domain.class_of(t) or 0 for t in self._values[key]]
        return all(bit & side.every for bit in bits) and all(
            any(bit & wanted for bit in bits) for wanted in side.some
        )


def _in_strings(strings: Strings, text: str, values: Mapping[str, str]) -> bool:
    def one(pattern: str) -> bool:
        if pattern.isascii():
            return matches(pattern, text)
        resolved = patterns.substitute(pattern, values)
        return resolved is not None and matches(resolved, text)

    return all(any(map(one, union.near(text))) for union in strings.unions) and not any(
        any(map(one, union.near(text))) for union in strings.without
    )


def _atom_holds(atom: object, context: Context) -> bool:
    assert isinstance(atom, Atom)  # noqa: S101 - cubes hold nothing else
    truth = holds(atom.condition, context, variables=True).truth
    return truth is Truth.TRUE or (truth is Truth.ERROR and atom.effect is Effect.DENY)
