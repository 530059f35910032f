"""What principals used: each permission with how often, first and last."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from clearance.batch.distinct import Counted, Tally
from clearance.batch.requests import Outcome
from clearance.model.catalog import Catalog
from clearance.model.principal import PrincipalKind
from clearance.model.request import Request

__all__ = ["CONSTANT", "Spoken", "Use", "Used", "use_of", "used", "users_of"]

# Keys that say where a call comes from or for what, and whose values rarely change: worth keeping
# when they never did. Addresses are not among them: they do change, and tell too many calls apart.
CONSTANT: Final = (
    "aws:RequestedRegion",
    "aws:SourceVpce",
    "iam:PassedToService",
    "kms:ViaService",
    "sts:ExternalId",
)
_IDENTITY: Final = re.compile(
    r"arn:aws[a-z-]*:iam::\d{12}:(?:user|role)/(?:[!-~]+/)?[\w+=,.@-]{1,64}", re.ASCII
)
_PEOPLE: Final = frozenset({PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.ROLE})


@dataclass(frozen=True, slots=True)
class Spoken:
    """The keys that calls are told apart by: those of the policies, and more."""

    policies: Container[str]
    more: tuple[str, ...] = ()

    def __contains__(self, key: object) -> bool:
        return key in self.more or key in self.policies


@dataclass(frozen=True, slots=True)
class Use:
    """A request that was used. ``told``: the record says on which resource."""

    request: Request
    tally: Tally
    told: bool


@dataclass(slots=True)
class Used:
    """What one user or role did: what AWS allowed, what it denied, and since when it was seen.

    ``uses`` are those in the window, ``former`` those before it.
    """

    principal: str
    uses: list[Use] = field(default_factory=list)
    former: list[Use] = field(default_factory=list)
    denied: dict[tuple[str, str], Tally] = field(default_factory=dict)
    seen: Tally = field(default_factory=Tally)


def used(counted: Counted, catalog: Catalog, since: str = "") -> Mapping[str, Used]:
    """Use by the ARN of user or role; ``since`` is the first moment of the window."""
    return {name: use_of(counted, name, catalog, since) for name in users_of(counted)}


def users_of(counted: Counted) -> tuple[str, ...]:
    """The ARNs of the users and roles that called something, in order."""
    return tuple(
        name
        for name, principal in counted.callers.items()
        if principal.kind in _PEOPLE
        and _is_identity(name)
        and not principal.is_service_linked  # its policies are AWS's own
    )


def use_of(counted: Counted, name: str, catalog: Catalog, since: str = "") -> Used:
    """What one user or role did.

    A call that failed for another reason than authorization counts: it may have been allowed.
    """
    one = Used(name)
    merged: dict[tuple[str, str, str | None, int, int], Use] = {}
    for call, tallies in counted.of(name):
        good = Tally()
        for outcome in (Outcome.ALLOWED, Outcome.FAILED):
            good.add(tallies[outcome])
        bad = tallies[Outcome.DENIED]
        for request in call.requests:
            if good.count:
                one.seen.add(good)
                # Mappers make equal callers and contexts one object.
                key = (request.action, request.resource, request.resource_account,
                       id(request.context), id(request.principal))  # fmt: skip
                known = merged.get(key)
                if known is None:
                    merged[key] = Use(request, good, _told(request, catalog))
                else:
                    merged[key] = replace(known, tally=_sum(known.tally, good))
            if bad.count:
                one.seen.add(bad)
                denied = one.denied.setdefault((request.action, request.resource), Tally())
                denied.add(bad)
    for use in merged.values():
        # Where no time is told, it may have been yesterday.
        recent = not use.tally.last or use.tally.last >= since
        (one.uses if recent else one.former).append(use)
    return one


def _sum(one: Tally, other: Tally) -> Tally:
    total = Tally()
    total.add(one)
    total.add(other)
    return total


def _is_identity(arn: str) -> bool:
    """True for the ARN of a user or role as IAM makes them; a log may hold anything."""
    return _IDENTITY.fullmatch(arn) is not None


def _told(request: Request, catalog: Catalog) -> bool:
    """False where an action works on resources and the record did not name one."""
    if request.resource != "*":
        return True
    facts = catalog.action(request.action)
    return facts is not None and not facts.resources
