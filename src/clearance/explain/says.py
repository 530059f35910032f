"""A decision in AWS's own words: the sentence a caller would be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.decide import owner
from clearance.explain.denial import Effect, PolicyType
from clearance.explain.sentence import sentence
from clearance.model.decision import CheckEffect, CheckType, Decision
from clearance.model.estate import Estate

__all__ = ["CHECKS", "STATED", "says"]

STATED: Final[Mapping[CheckType, PolicyType]] = {
    CheckType.RESOURCE_CONTROL_POLICY: PolicyType.RESOURCE_CONTROL,
    CheckType.SERVICE_CONTROL_POLICY: PolicyType.SERVICE_CONTROL,
    CheckType.VPC_ENDPOINT: PolicyType.VPC_ENDPOINT,
    CheckType.RESOURCE: PolicyType.RESOURCE_BASED,
    CheckType.PRINCIPAL: PolicyType.IDENTITY_BASED,
    CheckType.PERMISSIONS_BOUNDARY: PolicyType.PERMISSIONS_BOUNDARY,
    CheckType.SESSION: PolicyType.SESSION,
}
CHECKS: Final[Mapping[PolicyType, CheckType]] = {
    **{kind: check for check, kind in STATED.items()},
    PolicyType.ROLE_TRUST: CheckType.RESOURCE,
}


def says(estate: Estate, decision: Decision) -> str:
    """What AWS prints for a denied decision: one reason, or none to strangers."""
    request, stated = decision.request, decision.stated
    explicit = stated is not None and stated.effect is CheckEffect.EXPLICIT_DENY
    theirs = owner.account_of(estate, request)
    return sentence(
        request.principal.display,
        request.action,
        request.resource,
        effect=Effect.EXPLICIT if explicit else Effect.IMPLICIT if stated else None,
        policy_type=STATED[stated.type] if stated else None,
        policy_arn=stated.denies[0].policy.arn if stated and stated.denies else None,
        cross_organization=_strangers(estate, request.principal.account, theirs),
    )


def _strangers(estate: Estate, mine: str | None, theirs: str | None) -> bool:
    """True when caller and resource share neither account nor organization."""
    if mine is None or theirs is None or mine == theirs:
        return False
    organization = estate.organization_of(mine)
    return organization is None or organization is not estate.organization_of(theirs)
