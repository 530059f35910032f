"""Where a policy that took part in a decision is kept, and who may change it."""

from __future__ import annotations

from clearance.explain.edits import Place, Target, text_of
from clearance.explain.findings import (
    Owner,
)
from clearance.model.arn import Arn
from clearance.model.decision import Check, CheckType
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.request import Request

__all__ = ["owner_of", "owner_of_check", "target_of"]


def target_of(estate: Estate, attached: AttachedPolicy) -> Target | None:
    """The document behind a policy; None for AWS's own, session policies, KMS grants."""
    found = _target(estate, attached)
    return found if found is not None and text_of(estate, found) is not None else None


def _target(estate: Estate, attached: AttachedPolicy) -> Target | None:
    if attached.type in {PolicyType.SCP, PolicyType.RCP}:
        return _organization(estate, attached)
    if attached.arn is not None:
        return _managed(attached.arn)
    holder = attached.attached_to or ""
    arn = Arn.find(holder)
    match attached.type:
        case PolicyType.IDENTITY if arn and arn.service == "iam":
            return Target(Place.INLINE, arn.account, holder, attached.name)
        case PolicyType.TRUST if arn:
            return Target(Place.TRUST, arn.account, holder)
        case PolicyType.VPC_ENDPOINT:
            return _endpoint(estate, holder)
        case PolicyType.RESOURCE if arn:
            return _resource(estate, arn, holder)
    return None


def _managed(arn_text: str) -> Target | None:
    arn = Arn.find(arn_text)
    if arn is None or arn.account == "aws":
        return None
    return Target(Place.MANAGED, arn.account, name=arn_text)


def _organization(estate: Estate, attached: AttachedPolicy) -> Target | None:
    policy_id = (attached.arn or "").rpartition("/")[2]
    for organization in estate.organizations.values():
        policy = organization.policies.get(policy_id)
        on_path = attached.attached_to is None or attached.attached_to in {
            *organization.units,
            *organization.accounts,
        }
        if policy is not None and on_path and not policy.aws_managed:
            return Target(
                Place.ORGANIZATION, organization.id, attached.attached_to or "", policy_id
            )
    return None


def _endpoint(estate: Estate, endpoint_id: str) -> Target | None:
    for account in estate.accounts.values():
        if endpoint_id in account.vpc_endpoints:
            return Target(Place.VPC_ENDPOINT, account.id, endpoint_id)
    return None


def _resource(estate: Estate, arn: Arn, holder: str) -> Target | None:
    if arn.service == "lambda" and arn.resource.startswith("function:"):
        return Target(Place.FUNCTION, arn.account, holder)
    if arn.service == "lambda" and arn.resource.startswith("layer:"):
        return Target(Place.LAYER, arn.account, holder)
    holding = next((a.id for a in estate.accounts.values() if holder in a.resources), None)
    return Target(Place.RESOURCE, holding, holder) if holding else None


def owner_of(target: Target, request: Request) -> Owner:
    """Who may change the document."""
    if target.place in {Place.ORGANIZATION, Place.ATTACHMENT}:
        return Owner("organization", target.owner)
    return Owner("account", target.owner, is_callers=target.owner == request.principal.account)


def owner_of_check(
    estate: Estate, check: Check, request: Request, resource_account: str | None
) -> Owner:
    """Who answers for a layer."""
    caller = request.principal.account
    match check.type:
        case CheckType.SERVICE_CONTROL_POLICY:
            organization = estate.organization_of(caller)
            return Owner("organization", organization.id if organization else None)
        case CheckType.RESOURCE_CONTROL_POLICY:
            organization = estate.organization_of(resource_account)
            return Owner("organization", organization.id if organization else None)
        case CheckType.RESOURCE:
            return Owner("account", resource_account, is_callers=resource_account == caller)
        case CheckType.VPC_ENDPOINT:
            held = (a.id for a in estate.accounts.values() if check.target in a.vpc_endpoints)
            account = next(held, None)
            return Owner("account", account, is_callers=account == caller)
        case CheckType.SESSION:
            return Owner("caller", request.principal.arn)
    return Owner("account", caller, is_callers=True)
