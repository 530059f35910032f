"""Every permission a call needs, decided; the first that is missing becomes AWS's sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from clearance.decide import authorize
from clearance.decide.compile import Engine
from clearance.decide.gather import against
from clearance.decide.judge import trace
from clearance.explain.denial import Effect, PolicyType
from clearance.explain.sentence import sentence
from clearance.model.catalog import Catalog
from clearance.model.decision import (
    Check,
    CheckEffect,
    CheckType,
    Decision,
    DecisionEffect,
    Matched,
)
from clearance.model.estate import Estate
from clearance.model.policy import Effect as StatementEffect
from clearance.model.policy import PolicyType as Kind
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request, fold
from clearance.operations.permissions.permission import Permission, Value

__all__ = ["Answer", "Judge", "decide_all", "denial_text"]

# The layer as AWS's sentence names it.
_NAMES: Final[Mapping[CheckType, PolicyType]] = {
    CheckType.RESOURCE_CONTROL_POLICY: PolicyType.RESOURCE_CONTROL,
    CheckType.SERVICE_CONTROL_POLICY: PolicyType.SERVICE_CONTROL,
    CheckType.VPC_ENDPOINT: PolicyType.VPC_ENDPOINT,
    CheckType.RESOURCE: PolicyType.RESOURCE_BASED,
    CheckType.PRINCIPAL: PolicyType.IDENTITY_BASED,
    CheckType.PERMISSIONS_BOUNDARY: PolicyType.PERMISSIONS_BOUNDARY,
    CheckType.SESSION: PolicyType.SESSION,
}

_IDENTITIES: Final = frozenset({PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML_IDENTITY})

_RESOURCE: Final = frozenset({"Resource", "NotResource"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One permission and what was decided about it."""

    permission: Permission
    decision: Decision


# The layer a statement that decided speaks in.
_LAYERS: Final[Mapping[Kind, CheckType]] = {
    Kind.IDENTITY: CheckType.PRINCIPAL,
    Kind.RESOURCE: CheckType.RESOURCE,
    Kind.TRUST: CheckType.RESOURCE,
    Kind.BOUNDARY: CheckType.PERMISSIONS_BOUNDARY,
    Kind.SESSION: CheckType.SESSION,
    Kind.SCP: CheckType.SERVICE_CONTROL_POLICY,
    Kind.RCP: CheckType.RESOURCE_CONTROL_POLICY,
    Kind.VPC_ENDPOINT: CheckType.VPC_ENDPOINT,
}

# Callers that come again: what is worked out for them is worth keeping.
_REGULARS: Final = frozenset({PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.ROLE_SESSION})
_KEPT: Final = 10_000
# What the request of an allow shows that no condition key could have changed.
_UNASKED: Final = Context.of({}, complete=True)
_THROUGH: Final = fold("aws:SourceVpce")


@dataclass(slots=True)
class Judge:
    """`decide_all` for many calls: the compiled engine says yes, the plain interpreter says no.

    An answer that allows has one check: the statement that did. Where anything is denied, or the
    resource is not known, every permission is decided again with all its checks.
    """

    catalog: Catalog
    _estate: Estate | None = None
    _engine: Engine | None = None

    def decide_all(
        self,
        estate: Estate,
        principal: Principal,
        permissions: Sequence[Permission],
        from_request: Mapping[str, Value],
        now: datetime,
    ) -> tuple[Answer, ...]:
        """Decide each permission; all must be allowed (R43)."""
        engine = self._engine_of(estate) if principal.kind in _REGULARS else None
        if engine is not None:
            found = self._allowed(engine, principal, permissions, from_request, now)
            if found is not None:
                return found
        return decide_all(estate, principal, permissions, from_request, now, self.catalog)

    def _engine_of(self, estate: Estate) -> Engine | None:
        """An engine from the second question on: an estate that changes at once is not worth it."""
        if estate is not self._estate:
            self._estate, self._engine = estate, None
            return None
        if self._engine is None:
            self._engine = Engine(estate, catalog=self.catalog, kept=_KEPT)
        return self._engine

    def _allowed(
        self,
        engine: Engine,
        principal: Principal,
        permissions: Sequence[Permission],
        from_request: Mapping[str, Value],
        now: datetime,
    ) -> tuple[Answer, ...] | None:
        """The answers if all are allowed."""
        answers: list[Answer] = []
        caller = engine.caller(principal)
        for permission in permissions:
            if not permission.derived:
                return None
            action, resource = permission.action.lower(), permission.resource
            owner = permission.resource_account
            given, found, context = {**from_request, **permission.context}, None, _UNASKED
            if _THROUGH not in map(fold, given):
                found = engine.settled(caller, action, resource, owner)
            if found is None:
                context = Context.of(given, complete=True)
                ready = engine.prepare(context, now=now)
                effect = engine.decide_prepared(caller, action, resource, ready, owner)
                found = effect, engine.because(caller, action, resource, ready, owner)
            effect, because = found
            if effect is not DecisionEffect.ALLOW:
                return None
            asked = Request(caller.principal, permission.action, resource, context, owner)
            checks = () if because is None else (_check(because),)
            if resource != "*":
                asked = against(asked, self.catalog)
            decision = Decision(asked, effect, checks)
            answers.append(Answer(permission, decision))
        return tuple(answers)


def _check(because: Matched) -> Check:
    policy = because.policy
    return Check(
        _LAYERS[policy.type],
        CheckEffect.ALLOW,
        policy.attached_to,
        (policy,),
        allows=(because,),
    )


def decide_all(
    estate: Estate,
    principal: Principal,
    permissions: Sequence[Permission],
    from_request: Mapping[str, Value],
    now: datetime,
    catalog: Catalog | None = None,
) -> tuple[Answer, ...]:
    """Decide each permission; all must be allowed (R43)."""
    return tuple(
        Answer(permission, _decide(estate, principal, permission, from_request, now, catalog))
        for permission in permissions
    )


def _decide(
    estate: Estate,
    principal: Principal,
    permission: Permission,
    from_request: Mapping[str, Value],
    now: datetime,
    catalog: Catalog | None,
) -> Decision:
    request = Request(
        principal,
        permission.action,
        permission.resource,
        Context.of({**from_request, **permission.context}, complete=True),
        permission.resource_account,
    )
    decision = authorize(estate, request, now=now, catalog=catalog)
    return decision if permission.derived or not decision.allowed else _closed(decision)


def _closed(decision: Decision) -> Decision:
    """The decision when the resource is not known: a Deny on any resource may be the one.

    ``*`` is met by no Deny that names a resource, so an Allow of everything would pass it by.
    """
    checks = tuple(_with_denies(check, decision.request) for check in decision.checks)
    if all(check.effect is not CheckEffect.EXPLICIT_DENY for check in checks):
        return decision
    return replace(decision, effect=DecisionEffect.EXPLICIT_DENY, checks=checks)


def _with_denies(check: Check, request: Request) -> Check:
    """The check with every Deny that only its resource kept from speaking."""
    denies = tuple(
        Matched(attached, found.statement)
        for attached in check.policies
        for found in trace(attached, request)
        if found.statement.effect is StatementEffect.DENY
        and all(element.name in _RESOURCE for element in found.failures)
    )
    if not denies:
        return check
    return replace(check, effect=CheckEffect.EXPLICIT_DENY, denies=denies)


def denial_text(
    estate: Estate,
    answer: Answer,
    *,
    policy_arns: bool = True,
    authorization_id: str | None = None,
    region: str | None = None,
    encoded_message: str | None = None,
) -> str:
    """What AWS says about a denied permission."""
    decision, permission = answer.decision, answer.permission
    request = decision.request
    if request.principal.kind in _IDENTITIES:
        # Whoever shows a token has no ARN to be named by.
        return f"Not authorized to perform {permission.shown_action or permission.action}"
    if request.principal.kind is PrincipalKind.ANONYMOUS and permission.action.startswith("s3:"):
        return "Access Denied"  # S3 explains itself only to those who signed
    stated = decision.stated
    explicit = stated is not None and stated.effect is CheckEffect.EXPLICIT_DENY
    arn = stated.denies[0].policy.arn if stated is not None and stated.denies else None
    return sentence(
        request.principal.display,
        permission.shown_action or permission.action,
        permission.shown_resource or permission.resource,
        effect=Effect.EXPLICIT if explicit else Effect.IMPLICIT if stated else None,
        policy_type=_NAMES[stated.type] if stated else None,
        policy_arn=arn if policy_arns else None,
        authorization_id=authorization_id,
        region=region,
        encoded_message=encoded_message,
        cross_organization=_strangers(estate, request, permission),
    )


def _strangers(estate: Estate, request: Request, permission: Permission) -> bool:
    """True when caller and resource share neither account nor organization."""
    mine = request.principal.account
    theirs = permission.resource_account or _account_of(permission.resource) or mine
    if mine is None or mine == theirs:
        return False
    organization = estate.organization_of(mine)
    return organization is None or organization is not estate.organization_of(theirs)


def _account_of(resource: str) -> str | None:
    parts = resource.split(":", 5)
    return parts[4] or None if len(parts) > 4 else None  # noqa: PLR2004
