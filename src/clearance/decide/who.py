"""Who can do this, and what can they do: one question put for everybody, by an index.

Nobody tells which context keys such a question comes with, so each answer says whether access is
certain or hangs on keys that are unknown (R159).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from clearance.decide import owner
from clearance.decide.compile.crowd import Answer, Crowd, Question
from clearance.decide.compile.engine import Engine
from clearance.decide.compile.masks import bits
from clearance.decide.compile.prepare import PreparedContext
from clearance.decide.compile.statements import CompiledStatement
from clearance.decide.gather import gather
from clearance.decide.identify import PROVIDERS, identify
from clearance.decide.judge import Reading
from clearance.decide.situation import Options
from clearance.decide.undecided import undecided_keys
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType, DecisionEffect, UndecidedKey
from clearance.model.errors import RequestError
from clearance.model.estate import Account, Estate
from clearance.model.policy import AttachedPolicy, Effect
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request
from clearance.model.shown import Shown

__all__ = ["Access", "AccessIndex", "WhoCan", "who_can"]

BEST: Final = Reading(allows=True)
WORST: Final = Reading(denies=True)
ASSUME: Final = "sts:assumerole"


@dataclass(frozen=True, slots=True)
class Access:
    """One principal that can. ``keys`` are the unknown context keys on which its access hangs.

    ``through`` are the roles it takes one after the other to get there.
    """

    principal: Principal
    keys: tuple[str, ...] = ()
    through: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """True when no unknown key can take the access away."""
        return not self.keys


@dataclass(frozen=True, slots=True)
class WhoCan(Shown):
    """Everybody who can.

    ``outside`` are principals the resource's policy lets in whose accounts the estate does not
    hold: what their own policies say is unknown.
    """

    action: str
    resource: str
    accesses: tuple[Access, ...]
    outside: tuple[str, ...] = ()


def who_can(
    estate: Estate,
    action: str,
    resource: str,
    *,
    context: Context | None = None,
    now: datetime | None = None,
    options: Options | None = None,
    catalog: Catalog | None = None,
    through_roles: bool = False,
) -> WhoCan:
    """Everybody in the estate, and everybody the resource's policy names, who can do this.

    Make an ``AccessIndex`` to ask more than once.
    """
    index = AccessIndex(estate, options=options, catalog=catalog)
    return index.who_can(action, resource, context=context, now=now, through_roles=through_roles)


class AccessIndex:
    """An estate, indexed for questions about everybody."""

    def __init__(
        self, estate: Estate, *, options: Options | None = None, catalog: Catalog | None = None
    ) -> None:
        self.estate = estate
        self.engine = Engine(estate, options=options, catalog=catalog)
        accounts = estate.accounts.values()
        self.crowd = Crowd(self.engine, [one for a in accounts for one in _identities(a)])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {one.arn: place for place, one in enumerate(self.crowd.principals)}

    def who_can(
        self,
        action: str,
        resource: str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
        through_roles: bool = False,
    ) -> WhoCan:
        """Everybody who can, the certain ones first within each account."""
        prepared = self.engine.prepare(context or Context(), now=now)
        ask = _Asking(self, action, prepared)
        accesses = ask.about(resource)
        if through_roles:
            accesses = self._through_roles(accesses, prepared)
        outside = tuple(self._outside(action, resource, prepared))
        return WhoCan(action, resource, tuple(accesses), outside)

    def named(
        self,
        action: str,
        resource: str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> tuple[Access, ...]:
        """Who can of those that the resource's policies name beside the estate's identities."""
        prepared = self.engine.prepare(context or Context(), now=now)
        return tuple(_Asking(self, action, prepared).outsiders(resource))

    def conditions(
        self,
        access: Access,
        action: str,
        resource: str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> tuple[UndecidedKey, ...]:
        """The tests on which an access hangs, by the plain interpreter."""
        request = Request(access.principal, action, resource, context or Context())
        return undecided_keys(
            gather(
                self.estate,
                request,
                now=now,
                options=self.engine.options,
                catalog=self.engine.catalog,
            )
        )

    def _through_roles(self, direct: Sequence[Access], prepared: PreparedContext) -> list[Access]:
        """Whoever can become somebody who can, by any number of sts:AssumeRole."""
        ask = _Asking(self, ASSUME, prepared)
        found = {_name(access.principal): access for access in direct}
        # Certain chains first: a chain with a doubt must not stand for one without.
        for certain in (True, False):
            waiting = [access for access in found.values() if certain <= access.certain]
            seen: set[str] = set()
            while waiting:
                target = waiting.pop(0)
                if target.principal.kind is not PrincipalKind.ROLE:
                    continue
                role = target.principal.arn
                if role in seen:
                    continue
                seen.add(role)
                for step in ask.about(role):
                    name = _name(step.principal)
                    if name in found or (certain and not step.certain):
                        continue
                    keys = tuple(dict.fromkeys((*step.keys, *target.keys)))
                    found[name] = Access(step.principal, keys, (role, *target.through))
                    waiting.append(found[name])
        return list(found.values())

    def outsiders(self, action: str, resource: str) -> Iterator[Principal]:
        """Whom the resource's policies name beside the identities of the estate."""
        everyone = False
        names: dict[str, None] = {}
        for attached in self._policies(action, resource):
            for statement in attached.policy.statements:
                who = statement.principals
                if who is None or statement.effect is not Effect.ALLOW:
                    continue
                everyone = everyone or who.everyone or statement.not_principals
                names.update(dict.fromkeys((*who.service, *who.federated, *who.aws)))
        if everyone:
            yield Principal(PrincipalKind.ANONYMOUS)
        for name in names:
            if name not in self._places and (who_ := self._named(name)) is not None:
                yield who_

    def _policies(self, action: str, resource: str) -> tuple[AttachedPolicy, ...]:
        """The resource's policies as its own account sees them, and its grants."""
        asked = Request(Principal(PrincipalKind.ANONYMOUS), action, resource)
        account = owner.account_of(self.estate, asked)
        held = self.estate.account(account)
        if held is None:
            return ()
        root = Principal(PrincipalKind.ROOT, held.root_arn, held.id, held.partition)
        return owner.policies_of(self.estate, replace(asked, principal=root), account)

    def _named(self, name: str) -> Principal | None:
        if name in PROVIDERS or ":" in name or "." in name or name.isdecimal():
            try:
                found = identify(name, self.estate)
            except RequestError:
                return None
            return None if found.arn in self._places else found
        return None  # a unique ID of nobody the estate holds

    def _outside(self, action: str, resource: str, prepared: PreparedContext) -> Iterator[str]:
        """Who is let in from accounts the estate does not hold, if their own policies allow."""
        for principal in self.outsiders(action, resource):
            unheld = (
                principal.account is not None and self.estate.account(principal.account) is None
            )
            if not unheld or principal.kind is PrincipalKind.ROOT:
                continue
            request = Request(principal, action, resource, prepared.context)
            decision = self.engine.explain(request, now=prepared.now)
            if all(check.type is CheckType.PRINCIPAL for check in decision.blockers):
                yield principal.arn


class _Asking:
    """One action in one context, put for everybody about any number of resources."""

    def __init__(self, index: AccessIndex, action: str, prepared: PreparedContext) -> None:
        self._index = index
        self._action = action
        self._prepared = prepared
        self._doubts: dict[CompiledStatement, int] = {}
        self._question = Question(
            index.crowd, action.lower(), prepared, explicit=False, doubts=self._doubts
        )

    def about(self, resource: str) -> list[Access]:
        """Everybody who can, certainly or perhaps."""
        self._doubts.clear()
        best, worst = (self._question.ask(resource, reading) for reading in (BEST, WORST))
        principals = self._index.crowd.principals
        certain = best.allowed & worst.allowed
        keys = dict(self._keys(best, certain, resource))
        found = [Access(principals[place], keys.get(place, ())) for place in bits(best.allowed)]
        return [*found, *self.outsiders(resource)]

    def _keys(
        self, best: Answer, certain: int, resource: str
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The keys each doubtful access hangs on: asked once for those with the same doubts."""
        groups = [best.allowed & ~certain]
        for mask in self._doubts.values():
            groups = [part for group in groups for part in (group & mask, group & ~mask) if part]
        for group in groups:
            for first in bits(group):
                keys = self._undecided(self._index.crowd.principals[first], resource)
                yield from ((place, keys) for place in bits(group))
                break

    def outsiders(self, resource: str) -> Iterator[Access]:
        """Whom the resource's policies name beside the identities of the estate."""
        engine = self._index.engine
        for principal in self._index.outsiders(self._action, resource):
            caller = engine.caller(principal)
            ask = (caller, self._action.lower(), resource, self._prepared)
            best, worst = engine.reading(*ask, (BEST, WORST))
            if best is not DecisionEffect.ALLOW:
                continue
            certain = worst is DecisionEffect.ALLOW
            yield Access(principal, () if certain else self._undecided(principal, resource))

    def _undecided(self, principal: Principal, resource: str) -> tuple[str, ...]:
        request = Request(principal, self._action, resource, self._prepared.context)
        situation = gather(
            self._index.estate,
            request,
            now=self._prepared.now,
            options=self._index.engine.options,
            catalog=self._index.engine.catalog,
        )
        return tuple(key.key for key in undecided_keys(situation))


def _identities(account: Account) -> Iterator[Principal]:
    """The root user, the users and the roles of an account."""
    number, partition = account.id, account.partition
    yield Principal(PrincipalKind.ROOT, account.root_arn, number, partition, number)
    for user in account.users.values():
        arn = account.user_arn(user)
        yield Principal(PrincipalKind.USER, arn, number, partition, user.id, tags=user.tags)
    for role in account.roles.values():
        arn = account.role_arn(role)
        yield Principal(PrincipalKind.ROLE, arn, number, partition, role.id, arn, tags=role.tags)


def _name(principal: Principal) -> str:
    return principal.arn or "anonymous"
