"""Every layer for one caller, as a set of requests: ``decide.combine`` for all requests at once.

The table of what a resource policy's Allow still needs, and the rows of special cases, are
``decide``'s own; here they are asked once for each region of requests they tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

from clearance.decide.combine import GRANTS, IDENTITY_SIDE, NO_IDENTITY, NOTHING, ORGANIZATION
from clearance.decide.context import Entries, of_principal
from clearance.decide.gather import SERVICE_LINKED, gather_bare
from clearance.decide.situation import Layer, Options, PolicySet, Situation
from clearance.decide.special_cases import (
    KMS_CROSS_ACCOUNT,
    RCP_SERVICES,
    TRUST_ACTIONS,
    Exceptions,
    exceptions,
)
from clearance.match.principal import exempt, namings
from clearance.model.decision import CheckType, DecisionEffect, Naming
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, Effect, Statement
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request
from clearance.prove import patterns
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Cube, KeySide, Strings, Union
from clearance.prove.globs import contains, intersects
from clearance.prove.sets import Part, RequestSet, everything, nothing
from clearance.prove.space import Space
from clearance.prove.statements import Says, said_by

__all__ = ["Standing", "changed", "facts_of", "granted", "layers_of"]

ELSEWHERE: Final = "999999999999"
_PROBE_ACTION: Final = "s3:GetObject"
_PROBE_RESOURCE: Final = "arn:aws:s3:::example/example"


@dataclass(frozen=True, slots=True)
class Standing:
    """One caller, the policies around it, and whether the resource is in its own account."""

    caller: Principal
    layers: tuple[Layer, ...]
    same_account: bool = True
    options: Options = field(default_factory=Options)

    @property
    def bounded(self) -> bool:
        """True when the caller has a permissions boundary."""
        return any(layer.type is CheckType.PERMISSIONS_BOUNDARY for layer in self.layers)

    @property
    def policies(self) -> tuple[AttachedPolicy, ...]:
        """Every policy of every layer."""
        return tuple(policy for layer in self.layers for policy in layer.policies)

    @property
    def resource_account(self) -> str | None:
        """The owner of the resources this is about."""
        if self.same_account and self.caller.account is not None:
            return self.caller.account
        return ELSEWHERE if self.caller.account != ELSEWHERE else "123456789012"


def layers_of(caller: Principal, policies: PolicySet) -> tuple[Layer, ...]:
    """The layers that ``decide`` would ask about this caller, RCPs among them."""
    probe = Request(caller, _PROBE_ACTION, _PROBE_RESOURCE)
    return gather_bare(probe, policies).layers


def facts_of(caller: Principal, estate: Estate | None = None) -> Context:
    """The context keys that follow from who asks."""
    entries: Entries = {}
    absent: list[str] = []
    of_principal(caller, estate or Estate(), entries, absent)
    return Context.of(entries, absent=absent)


def granted(space: Space, standing: Standing) -> RequestSet:
    """The requests a caller may make; the space must know the caller and its facts."""
    told = _Told(space, standing)
    found = nothing(space)
    for region, special in _regions(space, standing):
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
    for region, special in _regions(space, new):
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
        self._rcps = _governed_by_rcps(space, standing.caller)
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
                naming = next((n for n in _ORDER if n in found), None)
                yield present & _remaining(naming, special), (cube,)


def _remaining(naming: Naming | None, special: Exceptions) -> frozenset[CheckType]:
    if naming is None:
        return IDENTITY_SIDE
    return GRANTS[naming] | special.also.get(naming, NOTHING)


_ORDER: Final = (
    Naming.EVERYONE,
    Naming.NOT_LISTED,
    Naming.ROOT,
    Naming.SESSION,
    Naming.FEDERATED_USER,
    Naming.USER,
    Naming.SERVICE,
    Naming.PROVIDER,
    Naming.ROLE,
    Naming.PARENT_USER,
    Naming.ACCOUNT,
)


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


def _governed_by_rcps(space: Space, caller: Principal) -> RequestSet:
    """Requests that resource control policies reach (R86-R88), seen from their action."""
    actions = Strings(
        (Union.of((f"{service}:*" for service in sorted(RCP_SERVICES)), ACTION_PARTS),),
        (Union.of(("kms:retiregrant",), ACTION_PARTS),),
    )
    spared = [patterns.encode("*")]
    if caller.kind is PrincipalKind.SERVICE:
        spared.append(f"*{SERVICE_LINKED}*")  # a service takes up its service-linked role (R88)
    resources = Strings((), (Union.of(spared, RESOURCE_PARTS),))
    return RequestSet(space, (Part((Cube(actions, resources),)),))


# Regions of requests that special cases tell apart: actions, resources, an example of each.
_PARTITIONS: Final = (
    *("aws", "aws-cn", "aws-us-gov", "aws-eusc"),
    *("aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"),
)
_PARTS: Final = ":".join([patterns.ANY_RUN_OF_PART] * 3)
_BUCKET: Final = ["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]
_QUEUE: Final = ["sqs:getqueueattributes", "sqs:setqueueattributes"]
_FREE: Final = ["sts:getcalleridentity", "sts:getsessiontoken"]


class _Mark(NamedTuple):
    """A region special cases may single out, by patterns, and a request of it."""

    action: str
    resources: tuple[str, ...]
    asked: str
    on: str


def _regions(space: Space, standing: Standing) -> Iterable[tuple[RequestSet, Exceptions]]:
    """All requests, cut where the special cases differ."""
    rest = everything(space)
    told, usual = _cuts(standing)
    for key, group in groupby(told, lambda m: (m[0].resources, m[1])):
        resources, special = key
        region = _region(space, [mark.action for mark, _ in group], resources)
        yield rest & region, special
        rest -= region
    yield rest, usual


_Cuts: TypeAlias = tuple[list[tuple["_Mark", Exceptions]], Exceptions]


def _cuts(standing: Standing) -> _Cuts:
    caller = standing.caller
    own_role = caller.role_arn if standing.options.self_trust else None
    if caller.session is not None:
        return _examined(replace(standing, layers=()), own_role)
    # Special cases look at the kind of caller, not at its name: one look for all.
    plain = replace(caller, tags=None, unique_id=None, session_name=None, access_key=None, arn="")
    plain = replace(plain, role_arn=own_role, parent_arn=None)
    return _known_cuts(plain, standing.same_account, standing.options, own_role)


@lru_cache(maxsize=1024)
def _known_cuts(
    caller: Principal,
    same_account: bool,  # noqa: FBT001
    options: Options,
    own_role: str | None,
) -> _Cuts:
    return _examined(Standing(caller, (), same_account, options), own_role)


def _examined(standing: Standing, own_role: str | None) -> _Cuts:
    usual = _special(standing, _Mark("*", _ALL, "example:Action", "example"))
    marks = [(mark, _special(standing, mark)) for mark in _marks(standing.caller, own_role)]
    return _telling(marks, usual), usual


def _special(standing: Standing, mark: _Mark) -> Exceptions:
    request = Request(
        standing.caller, mark.asked, mark.on, resource_account=standing.resource_account
    )
    return exceptions(
        Situation(request, standing.layers, standing.resource_account, standing.options)
    )


def _telling(
    marks: Sequence[tuple[_Mark, Exceptions]], usual: Exceptions
) -> list[tuple[_Mark, Exceptions]]:
    """The marks without those whose requests are treated alike by what comes after them."""
    kept: list[tuple[_Mark, Exceptions]] = []
    for mark, special in reversed(marks):
        later = [(m, s) for m, s in kept if _overlap(mark, m)]
        alike = all(s == special for _, s in later)
        covered = any(_holds(m, mark) for m, _ in later)
        if not (alike and (covered or special == usual)):
            kept.insert(0, (mark, special))
    return kept


def _overlap(one: _Mark, other: _Mark) -> bool:
    return intersects(one.action, other.action) and any(
        intersects(a, b) for a in one.resources for b in other.resources
    )


def _holds(outer: _Mark, inner: _Mark) -> bool:
    return contains(outer.action, inner.action) and all(
        any(contains(wide, r) for wide in outer.resources) for r in inner.resources
    )


def _region(space: Space, actions: list[str], resources: tuple[str, ...]) -> RequestSet:
    wanted = (Union.of(actions, ACTION_PARTS),) if "*" not in actions else ()
    where = (Union.of(resources, RESOURCE_PARTS),) if "*" not in resources else ()
    return RequestSet(space, (Part((Cube(Strings(wanted), Strings(where)),)),))


_ALL: Final = ("*",)


def _marks(caller: Principal, own_role: str | None) -> Iterable[_Mark]:
    elsewhere = f"arn:{'aws-cn' if caller.partition != 'aws-cn' else 'aws'}:s3:::example"
    role = f"arn:{caller.partition}:iam::123456789012:role/example-of-a-role"
    key = f"arn:{caller.partition}:kms:us-east-1:123456789012:key/example"
    # What needs no permission comes before partitions, and those before everything else, as the
    # rows of special cases do; a refusal is a refusal in either place.
    for action in _FREE:
        yield _Mark(action, _ALL, action, "example")
    if caller.account is not None:
        # Partitions AWS does not have are taken for the caller's own: nothing is in them.
        others = tuple(f"arn:{p}:{_PARTS}:?*" for p in _PARTITIONS if p != caller.partition)
        yield _Mark("*", others, "example:Action", elsewhere)
    # Which of iam:* and sts:* a kind of credentials may call at all (R99), and trust (R90).
    named = [*sorted(TRUST_ACTIONS), "sts:getfederationtoken", "iam:passrole"]
    asked = [(name, name) for name in named] + [("iam:*", "iam:Example"), ("sts:*", "sts:Example")]
    places = [(("*:role/*",), role), (_ALL, "example")]
    if own_role is not None:
        places.insert(0, ((patterns.encode(own_role),), own_role))
    for resources, on in places:
        for pattern, action in asked:
            yield _Mark(pattern, resources, action, on)
    for action in (*_BUCKET, *_QUEUE):
        yield _Mark(action, _ALL, action, "example")
    for action in sorted(KMS_CROSS_ACCOUNT):
        yield _Mark(action, ("*:key/*",), action, key)
    yield _Mark("kms:*", ("*:key/*",), "kms:Example", key)
