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

__all__ = ["CONSTANT", "Spoken", "Use", "Used", "used"]

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
    """Use by the ARN of user or role; ``since`` is the first moment of the window.

    A call that failed for another reason than authorization counts: it may have been allowed.
    """
    found: dict[str, Used] = {}
    merged: dict[tuple[str, str, str, str | None, int, int], Use] = {}
    for call, tallies in counted.calls:
        good = Tally()
        for outcome in (Outcome.ALLOWED, Outcome.FAILED):
            good.add(tallies[outcome])
        bad = tallies[Outcome.DENIED]
        for request in call.requests:
            name = request.principal.policy_subject
            if request.principal.kind not in _PEOPLE or not _is_identity(name):
                continue
            if request.principal.is_service_linked:
                continue  # its policies are AWS's own
            one = found.setdefault(name, Used(name))
            if good.count:
                one.seen.add(good)
                # Mappers make equal callers and contexts one object.
                key = (name, request.action, request.resource, request.resource_account,
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
    for (name, *_), use in merged.items():
        one = found[name]
        # Where no time is told, it may have been yesterday.
        recent = not use.tally.last or use.tally.last >= since
        (one.uses if recent else one.former).append(use)
    return found


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
