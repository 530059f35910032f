"""Whose a resource is, what its tags are, and which policies hang on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.decide import s3
from clearance.decide.attach import attach, unpin
from clearance.decide.special_cases import is_trust
from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Role
from clearance.model.function import Function
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.request import Request

__all__ = ["account_of", "is_aws_managed_key", "policies_of", "tags_of"]

_ACCOUNT: Final = re.compile(r"\d{12}")
FUNCTION_PARTS: Final = 3
INSIDE: Final = 2


def account_of(estate: Estate, request: Request) -> str | None:
    """The account that owns the resource: as given, as the ARN says, or whoever holds it."""
    if request.resource_account is not None:
        return request.resource_account
    arn = Arn.find(request.resource)
    if arn is None:
        return None
    if _ACCOUNT.fullmatch(arn.account):
        return arn.account
    base = _base(arn)
    holder = next((a for a in estate.accounts.values() if base in a.resources), None)
    return (s3.object_owner(arn, holder) or holder.id) if holder else None


def _base(arn: Arn) -> str:
    """What a policy hangs on: an object's bucket, a table of an index, else the resource."""
    parts = arn.resource.split("/")
    if arn.service == "s3" and not arn.account:
        return str(replace(arn, resource=parts[0]))
    inside = (arn.service, parts[0]) in {("s3", "accesspoint"), ("dynamodb", "table")}
    if inside and len(parts) > INSIDE and parts[2] in {"object", "index"}:
        return str(replace(arn, resource="/".join(parts[:INSIDE])))
    return str(arn)


def tags_of(estate: Estate, resource: str, account_id: str | None) -> Mapping[str, str] | None:
    """The resource's tags, or None when the estate does not know the resource."""
    arn, account = Arn.find(resource), estate.account(account_id)
    if arn is None or account is None:
        return None
    if function := _function(arn, account):
        return function.tags  # "aliases and versions use the function's tags" (R206)
    if arn.service == "iam" and arn.kind in {"user", "role"}:
        table: Mapping[str, object] = account.users if arn.kind == "user" else account.roles
        found = table.get(arn.name)
        tags = getattr(found, "tags", None)
        return tags if isinstance(tags, Mapping) else None
    if arn.service == "iam" and arn.kind == "policy":
        policy = account.policies.get(resource)
        return policy.tags if policy else None
    found_resource = account.resources.get(resource)
    return found_resource.tags if found_resource else None


def policies_of(
    estate: Estate, request: Request, account_id: str | None
) -> tuple[AttachedPolicy, ...]:
    """The resource-based policies that speak about the request."""
    arn, account = Arn.find(request.resource), estate.account(account_id)
    if arn is not None and arn.service == "s3" and not arn.account:
        holder = next((a for a in estate.accounts.values() if _base(arn) in a.resources), None)
        own = account_id or ""
        return s3.policies_of(estate, request, arn, holder, own) if holder else ()
    if arn is None or account is None:
        return ()
    if is_trust(request):
        role = _role(arn, account)
        return (_trust(role, account),) if role else ()
    if function := _function(arn, account):
        return _function_policy(function, arn, account)
    if arn.service == "lambda" and (layer := _layer_policy(arn, account)):
        return layer
    if arn.service == "organizations":
        return _delegation(estate, arn, account)
    held = account.resources.get(_base(arn))
    if held is None or held.policy is None:
        return ()
    return (attach(held.policy, PolicyType.RESOURCE, "resource policy", to=held.arn),)


def _delegation(estate: Estate, arn: Arn, account: Account) -> tuple[AttachedPolicy, ...]:
    """What an organization lets its members do in its management account's place."""
    organization = estate.organization_of(account.id)
    if organization is None or organization.resource_policy is None:
        return ()
    if account.id != organization.management_account or organization.id not in arn.resource:
        return ()
    held = organization.resource_policy
    to = f"resourcepolicy/{organization.id}/{held.id}"
    to = f"arn:{arn.partition}:organizations::{account.id}:{to}"
    return (attach(held.text, PolicyType.RESOURCE, "organization's resource policy", to=to),)


def is_aws_managed_key(estate: Estate, resource: str, account_id: str) -> bool:
    """True for KMS keys whose ``KeyManager`` is AWS."""
    account = estate.account(account_id)
    key = account.resources.get(resource) if account and ":key/" in resource else None
    return key is not None and key.attributes.get("KeyManager") == "AWS"


def _role(arn: Arn, account: Account) -> Role | None:
    role = account.roles.get(arn.name)
    return role if role is not None and account.role_arn(role) == str(arn) else None


def _trust(role: Role, account: Account) -> AttachedPolicy:
    to = account.role_arn(role)
    attached = attach(role.trust.text, PolicyType.TRUST, "trust policy", to=to)
    return unpin(attached, role.trust.pins)


def _function(arn: Arn, account: Account) -> Function | None:
    parts = arn.resource.split(":")
    if arn.service != "lambda" or parts[0] != "function" or len(parts) not in {2, FUNCTION_PARTS}:
        return None
    return account.functions.get(f"{arn.region}/{parts[1]}")


def _function_policy(function: Function, arn: Arn, account: Account) -> tuple[AttachedPolicy, ...]:
    """One policy a function, version or alias; only the one of the qualifier used (R209)."""
    parts = arn.resource.split(":")
    qualifier = parts[2] if len(parts) == FUNCTION_PARTS else ""
    held = function.policies.get(qualifier)
    if held is None:
        return ()
    to = function.arn(account.id, qualifier, account.partition)
    return (unpin(attach(held.text, PolicyType.RESOURCE, "function policy", to=to), held.pins),)


def _layer_policy(arn: Arn, account: Account) -> tuple[AttachedPolicy, ...]:
    """The policy of one version of a layer (R218)."""
    kind, _, rest = arn.resource.partition(":")
    name, *version = rest.split(":")
    if kind != "layer":
        return ()
    layer = account.layers.get(f"{arn.region}/{name}")
    held = layer.versions.get(version[0]) if layer and len(version) == 1 else None
    if held is None or held.policy is None:
        return ()
    attached = attach(held.policy.text, PolicyType.RESOURCE, "layer version policy", to=str(arn))
    return (unpin(attached, held.policy.pins),)
