"""An estate with one policy changed: a new text for a policy, or one more policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.errors import UsageError
from clearance.model.estate import Account, Estate, Organization, OrgPolicy, TrustPolicy
from clearance.model.function import FunctionPolicy
from clearance.model.policy import PolicyType

__all__ = ["attach_to", "kind_of", "replaces"]

NAME: Final = "proposed"


def kind_of(target: str) -> PolicyType:
    """The kind of policy that goes to a target: an SCP to organizations, else by the ARN."""
    arn = Arn.find(target)
    if arn is None:
        return PolicyType.SCP
    if target.endswith("#trust"):
        return PolicyType.TRUST
    if arn.service == "iam":
        return PolicyType.IDENTITY
    return PolicyType.RESOURCE


def replaces(estate: Estate, target: str, text: str) -> Estate:
    """The text in place of a managed policy's, a resource's policy, or an SCP's or RCP's.

    ``target`` is an ARN or a policy's id (``p-…``); ``ROLE_ARN#NAME`` is an inline policy,
    ``ROLE_ARN#trust`` a trust policy.
    """
    arn, _, inline = target.partition("#")
    if inline:
        return _inline(estate, arn, inline, text, new=False)
    for organization in estate.organizations.values():
        known = organization.policies.get(target.rsplit("/", 1)[-1])
        if known is not None:
            policies = {**organization.policies, known.id: replace(known, text=text)}
            return estate.with_organization(replace(organization, policies=policies))
    for account in estate.accounts.values():
        policy = account.policies.get(target)
        if policy is not None:
            version = replace(policy.versions[policy.default_version], text=text)
            versions = {**policy.versions, policy.default_version: version}
            changed = {**account.policies, target: replace(policy, versions=versions)}
            return estate.with_account(replace(account, policies=changed))
        resource = account.resources.get(target)
        if resource is not None:
            found = {**account.resources, target: replace(resource, policy=text)}
            return estate.with_account(replace(account, resources=found))
        for key, function in account.functions.items():
            if function.arn(account.id, partition=account.partition) == target:
                policies_of = {**function.policies, "": FunctionPolicy(text, NAME)}
                there = {**account.functions, key: replace(function, policies=policies_of)}
                return estate.with_account(replace(account, functions=there))
    if target in estate.managed:
        return replace(estate, managed={**estate.managed, target: text})
    raise UsageError(
        f"`{target}` is no policy or resource of the estate; give a managed policy's ARN, an SCP's "
        "id, a resource's ARN, or `ROLE_ARN#NAME` for an inline policy"
    )


def attach_to(estate: Estate, target: str, text: str) -> Estate:
    """The text as one more policy: inline at a user, group or role, as SCP at a root, OU, account.

    A resource has one policy; use `replaces` for it.
    """
    if Arn.find(target) is not None:
        return _inline(estate, target, NAME, text, new=True)
    for organization in estate.organizations.values():
        if target in organization.units or target in organization.accounts:
            return estate.with_organization(_with_scp(organization, target, text))
    raise UsageError(
        f"`{target}` is no user, group, role, root, OU or member account of the estate"
    )


def _with_scp(organization: Organization, target: str, text: str) -> Organization:
    policy = OrgPolicy("p-proposed", NAME, "SERVICE_CONTROL_POLICY", text)
    there = organization.attachments.get(target, ())
    return replace(
        organization,
        policies={**organization.policies, policy.id: policy},
        attachments={**organization.attachments, target: (*there, policy.id)},
    )


def _inline(estate: Estate, target: str, name: str, text: str, *, new: bool) -> Estate:
    arn = Arn.find(target)
    account = estate.account(arn.account) if arn else None
    table = _TABLES.get(arn.kind) if arn and arn.service == "iam" else None
    if arn is None or account is None or table is None:
        raise UsageError(f"`{target}` is no user, group or role of the estate")
    holders: Mapping[str, Any] = getattr(account, table)
    holder = holders.get(arn.name)
    if holder is None or _ARNS[table](account, holder) != target:
        raise UsageError(f"`{target}` is not in the estate")
    if name == "trust" and table == "roles":
        changed = replace(holder, trust=TrustPolicy(text))
    elif new:
        while name in holder.inline:
            name += "-2"
        changed = replace(holder, inline={**holder.inline, name: text})
    elif name in holder.inline:
        changed = replace(holder, inline={**holder.inline, name: text})
    else:
        known = ", ".join(holder.inline) or "none"
        raise UsageError(f"`{target}` has no inline policy `{name}`; it has {known}")
    found = {**holders, arn.name: changed}
    return estate.with_account(_with_table(account, table, found))


def _with_table(account: Account, table: str, found: Mapping[str, Any]) -> Account:
    changes: dict[str, Any] = {table: found}
    return replace(account, **changes)


_TABLES: Final = {"user": "users", "group": "groups", "role": "roles"}
_ARNS: Final[Mapping[str, Callable[[Account, Any], str]]] = {
    "users": Account.user_arn,
    "groups": Account.group_arn,
    "roles": Account.role_arn,
}
