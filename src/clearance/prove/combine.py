"""Every layer for one caller, as a set of requests: ``decide.combine`` for all requests at once.

The table of what a resource policy's Allow still needs, and the rows of special cases, are
``decide``'s own; here they are asked once for each region of requests they tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, NamedTuple

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

__all__ = ["Standing", "beyond", "facts_of", "granted", "layers_of"]

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
    return beyond(space, standing, None)


def beyond(space: Space, standing: Standing, other: Standing | None) -> RequestSet:
    """The requests a caller may make and could not make where it stood otherwise.

    Both standings are of one caller and one kind of resource, so the special cases are the same.
    """
    found = nothing(space)
    for region, special in _regions(space, standing):
        if special.always is not None:
            if special.always is DecisionEffect.ALLOW and other is None:
                found |= region
            continue
        here = region & _combined(space, standing, special)
        found |= here - _combined(space, other, special) if other is not None else here
    return found & _known(space)


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


def _combined(space: Space, standing: Standing, special: Exceptions) -> RequestSet:
    """No Deny anywhere, every level of the organization allows, and some grant is whole."""
    by_type = {layer.type: layer for layer in standing.layers}
    denied = _union(space, standing, standing.layers, Effect.DENY, special)
    broken = any(
        policy.error is not None
        for layer in standing.layers
        if layer.type not in special.cannot_deny
        for policy in layer.policies
    )
    if broken:
        return nothing(space)
    found = nothing(space)
    for option, cubes in _options(space, standing, by_type, special):
        one = RequestSet(space, (Part(cubes),)) if cubes is not None else everything(space)
        for kind in option:
            one &= _layer_allows(space, standing, by_type[kind], special)
        found |= one
    for layer in standing.layers:
        if layer.type in ORGANIZATION:
            allows = _layer_allows(space, standing, layer, special)
            if layer.type is CheckType.RESOURCE_CONTROL_POLICY:
                allows |= ~_governed_by_rcps(space, standing.caller)
            found &= allows
    return found - denied


def _options(
    space: Space,
    standing: Standing,
    by_type: Mapping[CheckType, Layer],
    special: Exceptions,
) -> Iterable[tuple[frozenset[CheckType], tuple[Cube, ...] | None]]:
    """Each way to be granted access: the layers that must allow, and the Allows it starts from."""
    present = frozenset(by_type)
    if standing.caller.kind in NO_IDENTITY:
        yield present & {CheckType.RESOURCE}, None
        return
    if not standing.same_account:
        yield present & (IDENTITY_SIDE | {CheckType.RESOURCE}), None
        return
    yield present & (IDENTITY_SIDE | special.mandatory), None
    resource = by_type.get(CheckType.RESOURCE)
    for policy, statement in _statements(resource, Effect.ALLOW):
        found = _speaks(standing, statement)
        cube = _cube(space, policy, statement)
        if found is None or cube is None:
            continue
        naming = next((n for n in _ORDER if n in found), None)
        rest = (
            IDENTITY_SIDE if naming is None else GRANTS[naming] | special.also.get(naming, NOTHING)
        )
        yield present & rest, (cube,)


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


def _statements(layer: Layer | None, effect: Effect) -> Iterable[tuple[AttachedPolicy, Statement]]:
    for policy in layer.policies if layer else ():
        for statement in policy.policy.statements:
            if statement.effect is effect:
                yield policy, statement


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


def _cube(space: Space, policy: AttachedPolicy, statement: Statement) -> Cube | None:
    """What a statement speaks about, whoever asks."""
    anyone = replace(statement, principals=None)
    found = space.cube(anyone, variables=policy.policy.has_variables, effect=statement.effect)
    return None if found is None else found._replace(source=statement)


def _union(
    space: Space,
    standing: Standing,
    layers: Sequence[Layer],
    effect: Effect,
    special: Exceptions,
) -> RequestSet:
    """What statements of one effect say, in any of the layers."""
    found = nothing(space)
    for layer in layers:
        if effect is Effect.DENY and layer.type in special.cannot_deny:
            continue
        cubes = tuple(
            cube
            for policy, statement in _statements(layer, effect)
            if _speaks(standing, statement) is not None
            and (cube := _cube(space, policy, statement)) is not None
        )
        part = RequestSet(space, (Part(cubes),) if cubes else ())
        if layer.type is CheckType.RESOURCE_CONTROL_POLICY:
            part &= _governed_by_rcps(space, standing.caller)
        found |= part
    return (
        RequestSet(space, (Part(tuple(c for p in found.parts for c in p.cubes)),))
        if (found.parts and all(not p.without for p in found.parts))
        else found
    )


def _layer_allows(
    space: Space, standing: Standing, layer: Layer, special: Exceptions
) -> RequestSet:
    if layer.type in special.always_allow:
        return everything(space)
    return _union(space, standing, (layer,), Effect.ALLOW, special)


def _governed_by_rcps(space: Space, caller: Principal) -> RequestSet:
    """Requests that resource control policies reach (R86-R88), seen from their action."""
    actions = Strings(
        (Union((f"{service}:*" for service in sorted(RCP_SERVICES)), ACTION_PARTS),),
        (Union(("kms:retiregrant",), ACTION_PARTS),),
    )
    spared = [patterns.encode("*")]
    if caller.kind is PrincipalKind.SERVICE:
        spared.append(f"*{SERVICE_LINKED}*")  # a service takes up its service-linked role (R88)
    resources = Strings((), (Union(spared, RESOURCE_PARTS),))
    return RequestSet(space, (Part((Cube(actions, resources),)),))


# Regions of requests that special cases tell apart: actions, resources, an example of each.
_NOT_COLON: Final = patterns.ANY_RUN_OF_PART
_ONE_NOT_COLON: Final = patterns.ANY_CHARACTER_OF_PART
_ARN: Final = f"arn:{_ONE_NOT_COLON}{_NOT_COLON}:{':'.join([_NOT_COLON] * 3)}:?*"
_WILD_PARTITION: Final = f"arn:{_NOT_COLON}{patterns.encode('*')}{_NOT_COLON}:*"
_BUCKET: Final = ["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]
_QUEUE: Final = ["sqs:getqueueattributes", "sqs:setqueueattributes"]
_FREE: Final = ["sts:getcalleridentity", "sts:getsessiontoken"]


class _Mark(NamedTuple):
    """A region special cases may single out, by patterns, and a request of it."""

    action: str
    resource: str
    without: tuple[str, ...]
    asked: str
    on: str


def _regions(space: Space, standing: Standing) -> Iterable[tuple[RequestSet, Exceptions]]:
    """All requests, cut where the special cases differ."""
    rest = everything(space)
    usual = _special(standing, _Mark("*", "*", (), "example:Action", "example"))
    marks = [(mark, _special(standing, mark)) for mark in _marks(standing.caller)]
    for key, group in groupby(_telling(marks, usual), lambda m: (*m[0][1:3], m[1].always, m[1])):
        resource, without, _, special = key
        region = _region(space, [mark.action for mark, _ in group], resource, without)
        yield rest & region, special
        rest -= region
    yield rest, usual


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
    return intersects(one.action, other.action) and intersects(one.resource, other.resource)


def _holds(outer: _Mark, inner: _Mark) -> bool:
    return (
        not outer.without
        and contains(outer.action, inner.action)
        and contains(outer.resource, inner.resource)
    )


def _region(
    space: Space, actions: list[str], resource: str, without: tuple[str, ...]
) -> RequestSet:
    wanted = (Union(actions, ACTION_PARTS),) if "*" not in actions else ()
    where = (Union((resource,), RESOURCE_PARTS),) if resource != "*" else ()
    excluded = (Union(without, RESOURCE_PARTS),) if without else ()
    return RequestSet(space, (Part((Cube(Strings(wanted), Strings(where, excluded)),)),))


def _marks(caller: Principal) -> Iterable[_Mark]:
    elsewhere = f"arn:{'aws-cn' if caller.partition != 'aws-cn' else 'aws'}:s3:::example"
    role = f"arn:{caller.partition}:iam::123456789012:role/example-of-a-role"
    key = f"arn:{caller.partition}:kms:us-east-1:123456789012:key/example"
    own = (f"arn:{caller.partition}:*", _WILD_PARTITION)
    # Which of iam:* and sts:* a kind of credentials may call at all (R99), and trust (R90).
    named = [*sorted(TRUST_ACTIONS), *_FREE, "sts:getfederationtoken", "iam:passrole"]
    asked = [(name, name) for name in named] + [("iam:*", "iam:Example"), ("sts:*", "sts:Example")]
    places: list[tuple[str, tuple[str, ...], str]] = [("*:role/*", (), role), ("*", (), "example")]
    if caller.role_arn is not None:
        places.insert(0, (patterns.encode(caller.role_arn), (), caller.role_arn))
    if caller.account is not None:
        places.insert(0, (_ARN, own, elsewhere))
    for resource, without, on in places:
        for pattern, action in asked:
            yield _Mark(pattern, resource, without, action, on)
    if caller.account is not None:
        yield _Mark("*", _ARN, own, "example:Action", elsewhere)
    for action in (*_BUCKET, *_QUEUE):
        yield _Mark(action, "*", (), action, "example")
    for action in sorted(KMS_CROSS_ACCOUNT):
        yield _Mark(action, "*:key/*", (), action, key)
    yield _Mark("kms:*", "*:key/*", (), "kms:Example", key)
