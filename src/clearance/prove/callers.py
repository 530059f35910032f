"""Callers that the Principal elements of some policies can tell apart.

Principals are named, never matched by pattern, so a handful of callers stands for all: each
one named, somebody else of each account named, and strangers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from clearance.decide.combine import GRANTS, IDENTITY_SIDE, LIMITS, NOTHING
from clearance.decide.identify import identify
from clearance.match.principal import exempt, namings
from clearance.model.arn import Arn
from clearance.model.errors import RequestError
from clearance.model.policy import Effect, Principals, Statement
from clearance.model.principal import Principal, PrincipalKind, Session

__all__ = ["SOMEBODY", "STRANGER", "Callers", "Help", "callers_of", "needed"]

STRANGER: Final = "999999999999"
SOMEBODY: Final = identify("arn:aws:iam::123456789012:user/somebody")
MAX_CALLERS: Final = 4096
_FRESH: Final = "somebody"


class Help(IntEnum):
    """What besides the resource's policy speaks for a caller.

    A resource policy that names an account needs the caller's own policies to allow as well, one
    that names a role needs its boundary and session policy to (R61-R67).
    """

    NONE = 0
    LIMITS = 1
    OWN_POLICIES = 2


@dataclass(frozen=True, slots=True)
class Callers:
    """Callers with what else speaks for them, and by statement whom it names, as bits."""

    each: tuple[Principal, ...] = (SOMEBODY,)
    help: tuple[Help, ...] = (Help.OWN_POLICIES,)
    exact: bool = True
    _named: dict[tuple[Principals, bool, Effect], int] = field(default_factory=dict, compare=False)

    @property
    def full(self) -> int:
        """All of them."""
        return (1 << len(self.each)) - 1

    def named_by(self, statement: Statement) -> int:
        """The callers a statement speaks about; for an Allow, those it is enough for."""
        if statement.principals is None:
            return self.full
        key = (statement.principals, statement.not_principals, statement.effect)
        if key not in self._named:
            self._named[key] = sum(
                1 << place
                for place, (caller, has) in enumerate(zip(self.each, self.help, strict=True))
                if _is_enough(statement, caller, has)
            )
        return self._named[key]

    def display(self, place: int) -> str:
        """A caller as people read it."""
        name = self.each[place].display
        return name if self.help[place] is Help.OWN_POLICIES else f"{name} (by this policy alone)"


def _is_enough(statement: Statement, caller: Principal, has: Help) -> bool:
    assert statement.principals is not None  # noqa: S101
    need = needed(statement.principals, caller, negated=statement.not_principals)
    return need is not None and (statement.effect is Effect.DENY or has >= need)


def needed(principals: Principals, caller: Principal, *, negated: bool) -> Help | None:
    """What else an Allow needs for the caller; None when it does not speak about it."""
    if negated:
        return None if exempt(principals, caller, bounded=False) else Help.NONE
    found = namings(principals, caller)
    return min((_HELP[GRANTS[naming]] for naming in found), default=None)


_HELP: Final = {NOTHING: Help.NONE, LIMITS: Help.LIMITS, IDENTITY_SIDE: Help.OWN_POLICIES}


def callers_of(elements: Iterable[Principals], known: Iterable[Principal] = ()) -> Callers:
    """Somebody for every way in which the elements can name or not name a caller."""
    found = tuple(dict.fromkeys(elements))
    callers = [*known, *_candidates(found)]
    exact = len(callers) <= MAX_CALLERS
    distinct: dict[tuple[Help | None, ...], Principal] = {}
    for caller in callers[:MAX_CALLERS]:
        needs = (needed(e, caller, negated=negated) for e in found for negated in (False, True))
        distinct.setdefault(tuple(needs), caller)
    each = [(caller, has) for needs, caller in distinct.items() for has in _telling(needs)]
    return Callers(tuple(c for c, _ in each), tuple(h for _, h in each), exact)


def _telling(needs: tuple[Help | None, ...]) -> tuple[Help, ...]:
    """The kinds of help that make a difference somewhere, the usual one first."""
    kept: dict[tuple[bool, ...], Help] = {}
    for has in reversed(Help):
        kept.setdefault(tuple(need is not None and has >= need for need in needs), has)
    return tuple(kept.values())


def _candidates(elements: tuple[Principals, ...]) -> Iterator[Principal]:
    names = tuple(dict.fromkeys(name for e in elements for name in e.aws))
    arns = [arn for name in names if (arn := Arn.find(name)) is not None]
    ids = [name for name in names if ":" not in name and not name.isdigit()]
    accounts = {(arn.partition, arn.account) for arn in arns}
    accounts |= {("aws", name) for name in names if name.isdigit()}
    yield from _strangers()
    for text in dict.fromkeys(name for e in elements for name in e.service):
        yield Principal(PrincipalKind.SERVICE, text)
    for text in dict.fromkeys(name for e in elements for name in e.federated):
        kind = PrincipalKind.SAML_IDENTITY if ":saml-provider/" in text else _WEB
        yield Principal(kind, text)
    unique = (None, *ids)
    for partition, account in (*sorted(accounts), ("aws", STRANGER)):
        yield from _of_account(
            partition, account, [a for a in arns if a.account == account], unique
        )


_WEB: Final = PrincipalKind.WEB_IDENTITY


def _strangers() -> Iterator[Principal]:
    yield identify(f"arn:aws:iam::{STRANGER}:user/{_FRESH}")
    yield Principal(PrincipalKind.ANONYMOUS)
    yield Principal(PrincipalKind.SERVICE, "example.amazonaws.com")
    yield Principal(_WEB, "example.org")


def _of_account(
    partition: str, account: str, arns: list[Arn], ids: tuple[str | None, ...]
) -> Iterator[Principal]:
    """Root, users, roles, sessions and federated users of one account, named ones and others."""
    head = f"arn:{partition}:iam::{account}"
    yield _identified(f"{head}:root")
    fresh_user, fresh_role = f"{head}:user/{_FRESH}", f"{head}:role/{_FRESH}"
    users = [str(a) for a in arns if a.service == "iam" and a.kind == "user"]
    roles = [str(a) for a in arns if a.service == "iam" and a.kind == "role"]
    sessions = [a for a in arns if a.service == "sts" and a.kind == "assumed-role"]
    federated = [str(a) for a in arns if a.service == "sts" and a.kind == "federated-user"]
    named = f"arn:{partition}:sts::{account}:federated-user/{_FRESH}"
    for unique_id in ids:
        for user in (*users, fresh_user):
            yield _identified(user, unique_id)
            for session in (*federated, named):
                yield replace(_identified(session, unique_id), parent_arn=user, session=Session())
        for role in (*roles, fresh_role):
            name = role.rsplit("/", 1)[-1]
            own = f"arn:{partition}:sts::{account}:assumed-role/{name}"
            listed = [str(s) for s in sessions if str(s).startswith(f"{own}/")]
            for session in (f"{own}/{_FRESH}", *listed):
                yield replace(_identified(session, unique_id), role_arn=role)
        for arn in sessions:
            yield _identified(str(arn), unique_id)
            elsewhere = arn.resource.split("/")[1:2]
            role_arn = f"{head}:role/{_FRESH}/{elsewhere[0] if elsewhere else _FRESH}"
            yield replace(_identified(str(arn), unique_id), role_arn=role_arn)


def _identified(arn: str, unique_id: str | None = None) -> Principal:
    try:
        found = identify(arn)
    except RequestError:
        # A name AWS would not accept either; it still is somebody.
        return Principal(PrincipalKind.USER, arn, unique_id=unique_id)
    return found if unique_id is None else replace(found, unique_id=unique_id)
