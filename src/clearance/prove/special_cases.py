"""Where special cases part requests: ``decide.special_cases`` asked once for each region.

The rows are ``decide``'s own. What is ours is which actions and resources they can tell apart, and
an example of each to ask them about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

from clearance.decide.gather import SERVICE_LINKED
from clearance.decide.situation import Options, Situation
from clearance.decide.special_cases import (
    KMS_CROSS_ACCOUNT,
    RCP_SERVICES,
    TRUST_ACTIONS,
    Exceptions,
    exceptions,
)
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request
from clearance.prove import patterns
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Cube, Strings, Union
from clearance.prove.globs import contains, intersects
from clearance.prove.layers import Standing
from clearance.prove.sets import Part, RequestSet, everything
from clearance.prove.space import Space

__all__ = ["governed_by_rcps", "regions"]


def governed_by_rcps(space: Space, caller: Principal) -> RequestSet:
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


def regions(space: Space, standing: Standing) -> Iterable[tuple[RequestSet, Exceptions]]:
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
