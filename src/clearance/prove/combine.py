"""Every layer for one caller, as a set of requests: ``decide.combine`` for all requests at once.

The table of what a resource policy's Allow still needs is ``decide``'s own; here it is asked once
for each region of requests that special cases tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from clearance.decide.combine import GRANTS, IDENTITY_SIDE, NO_IDENTITY, NOTHING, ORGANIZATION
from clearance.decide.judge import strongest
from clearance.decide.situation import Layer
from clearance.decide.special_cases import Exceptions
from clearance.match.principal import exempt, namings
from clearance.model.decision import CheckType, DecisionEffect, Naming
from clearance.model.policy import Effect, Statement
from clearance.prove.cubes import Cube, KeySide
from clearance.prove.layers import Standing
from clearance.prove.sets import Part, RequestSet, everything, nothing
from clearance.prove.space import Space
from clearance.prove.special_cases import governed_by_rcps, regions
from clearance.prove.statements import Says, said_by

__all__ = ["changed", "granted"]


def granted(space: Space, standing: Standing) -> RequestSet:
    """The requests a caller may make; the space must know the caller and its facts."""
    told = _Told(space, standing)
    found = nothing(space)
    for region, special in regions(space, standing):
        if special.always is DecisionEffect.ALLOW:
            found |= region
        elif special.always is None:
            found |= told.allowed(region, special)
    return found & _known(space)


def changed(space: Space, old: Standing, new: Standing) -> tuple[RequestSet, RequestSet]:
    """What a caller may do where it stands now and could not before, and the other way round.

    Both standings are of one caller and one kind of resource, so the special cases are the same.
    """
    before, after = _Told(space, old), _Told(space, new)
    gained, lost = nothing(space), nothing(space)
    for region, special in regions(space, new):
        if special.always is None:
            first, second = before.allowed(region, special), after.allowed(region, special)
            gained |= second - first
            lost |= first - second
    known = _known(space)
    return gained & known, lost & known


def _known(space: Space) -> RequestSet:
    """The requests in which the caller's own keys are as they must be."""
    keys: dict[str, KeySide] = {}
    for key, domain in space.domains.items():
        if space.facts is None:
            break
        values = space.facts.get(key)
        if values is not None:
            bits = [domain.class_of(value) for value in values]
            if None not in bits:
                some = tuple(bit for bit in bits if bit is not None)
                every = sum(set(some))
                keys[key] = KeySide(absent=False, every=every, some=() if domain.single else some)
        elif space.facts.state(key).value == "absent":
            keys[key] = KeySide(absent=True, every=0)
    return RequestSet(space, (Part((Cube(keys=keys),)),))


class _Told:
    """What the layers around a caller say, statement by statement."""

    def __init__(self, space: Space, standing: Standing) -> None:
        self._space, self._standing = space, standing
        self._rcps = governed_by_rcps(space, standing.caller)
        self._by_type = {layer.type: layer for layer in standing.layers}
        self._said = [
            (layer, self._cubes(layer, Effect.ALLOW), self._cubes(layer, Effect.DENY))
            for layer in standing.layers
        ]

    def _cubes(self, layer: Layer, effect: Effect) -> tuple[Cube, ...]:
        return tuple(
            cube
            for said in _statements(layer, effect)
            if _speaks(self._standing, said.statement) is not None
            and (cube := self._space.cube(said, anyone=True)) is not None
        )

    def allowed(self, region: RequestSet, special: Exceptions) -> RequestSet:
        """The requests of a region that no Deny stops and that are granted.

        Every level of the organization must allow, and some grant must be whole.
        """
        broken = any(
            policy.error is not None
            for layer in self._standing.layers
            if layer.type not in special.cannot_deny
            for policy in layer.policies
        )
        found = nothing(self._space)
        for option, cubes in () if broken else self._options(special):
            one = region
            if cubes is not None:
                one &= RequestSet(self._space, (Part(cubes),))
            for kind in option:
                if not one.parts:
                    break
                one &= self._allows(kind, special)
            found |= one
        return self._limited(found, special) if found.parts else found

    def _limited(self, found: RequestSet, special: Exceptions) -> RequestSet:
        """Without what an organization or VPC endpoint does not allow, and without Denies."""
        denied: list[Cube] = []
        for layer, allows, denies in self._said:
            rcp = layer.type is CheckType.RESOURCE_CONTROL_POLICY
            if layer.type in ORGANIZATION and layer.type not in special.always_allow:
                level = RequestSet(self._space, (Part(allows),) if allows else ())
                found &= level | ~self._rcps if rcp else level
            if layer.type not in special.cannot_deny and denies:
                said = RequestSet(self._space, (Part(denies),))
                denied += [c for p in (said & self._rcps if rcp else said).parts for c in p.cubes]
        stopped = RequestSet(self._space, (Part(tuple(denied)),) if denied else ())
        return found - stopped

    def _allows(self, kind: CheckType, special: Exceptions) -> RequestSet:
        if kind in special.always_allow:
            return everything(self._space)
        cubes = next(allows for layer, allows, _ in self._said if layer.type is kind)
        return RequestSet(self._space, (Part(cubes),) if cubes else ())

    def _options(
        self, special: Exceptions
    ) -> Iterable[tuple[frozenset[CheckType], tuple[Cube, ...] | None]]:
        """Each way to be granted access: layers that must allow, and Allows to start from."""
        present = frozenset(self._by_type)
        if self._standing.caller.kind in NO_IDENTITY:
            yield present & {CheckType.RESOURCE}, None
            return
        if not self._standing.same_account:
            yield present & (IDENTITY_SIDE | {CheckType.RESOURCE}), None
            return
        yield present & (IDENTITY_SIDE | special.mandatory), None
        resource = self._by_type.get(CheckType.RESOURCE)
        for said in _statements(resource, Effect.ALLOW):
            found = _speaks(self._standing, said.statement)
            cube = self._space.cube(said, anyone=True)
            if found is not None and cube is not None:
                naming = strongest(found)
                yield present & _remaining(naming, special), (cube,)


def _remaining(naming: Naming | None, special: Exceptions) -> frozenset[CheckType]:
    if naming is None:
        return IDENTITY_SIDE
    return GRANTS[naming] | special.also.get(naming, NOTHING)


def _statements(layer: Layer | None, effect: Effect) -> Iterable[Says]:
    for policy in layer.policies if layer else ():
        for said in said_by(policy.policy).statements:
            if said.statement.effect is effect:
                yield said


def _speaks(standing: Standing, statement: Statement) -> frozenset[Naming] | None:
    """How a statement names the caller; None when it does not speak about it."""
    who = statement.principals
    if who is None:
        return frozenset()
    if not statement.not_principals:
        return namings(who, standing.caller) or None
    strict = standing.options.strict_not_principal
    if exempt(who, standing.caller, bounded=standing.bounded, strict=strict):
        return None
    return frozenset({Naming.NOT_LISTED})
