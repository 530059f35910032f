"""The caller's organization, and what is where in its tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.model.estate import Estate, OrgAccount, Organization, OrgPolicy, OrgUnit
from clearance.operations.call import Call
from clearance.operations.organizations.faults import fault

__all__ = [
    "ALPHABET",
    "account_shown",
    "arn",
    "children",
    "depth",
    "managed",
    "member",
    "parent",
    "policy_arn",
    "target",
    "target_arn",
    "unit_path",
]

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


def member(estate: Estate, call: Call) -> Organization:
    """The organization the caller's account is in."""
    organization = estate.organization_of(call.account)
    if organization is None:
        raise fault("AWSOrganizationsNotInUseException")
    return organization


def managed(estate: Estate, call: Call) -> Organization:
    """The same, for what only the management account may do."""
    organization = member(estate, call)
    if organization.management_account != call.account:
        raise fault("AccessDeniedException")
    return organization


def arn(organization: Organization, kind: str, tail: str = "") -> str:
    """An ARN in the organization, e.g. ``…::111122223333:ou/o-x/ou-y``."""
    head = f"arn:aws:organizations::{organization.management_account}:{kind}"
    return f"{head}/{organization.id}{f'/{tail}' if tail else ''}"


def policy_arn(organization: Organization, policy: OrgPolicy) -> str:
    """A policy's ARN; AWS's own belong to ``aws``."""
    kind = policy.type.lower()
    if policy.aws_managed:
        return f"arn:aws:organizations::aws:policy/{kind}/{policy.id}"
    return arn(organization, "policy", f"{kind}/{policy.id}")


def parent(organization: Organization, unit_id: str, otherwise: str) -> OrgUnit:
    """The root or unit of this id."""
    unit = organization.units.get(unit_id)
    if unit is None:
        raise fault(otherwise)
    return unit


def target(organization: Organization, target_id: str) -> OrgUnit | OrgAccount:
    """What a policy may hang on."""
    found = organization.units.get(target_id) or organization.accounts.get(target_id)
    if found is None:
        raise fault("TargetNotFoundException")
    return found


def target_arn(organization: Organization, what: OrgUnit | OrgAccount) -> tuple[str, str]:
    """The type of a target, and its ARN."""
    if isinstance(what, OrgAccount):
        return "ACCOUNT", arn(organization, "account", what.id)
    if what.parent is None:
        return "ROOT", arn(organization, "root", what.id)
    return "ORGANIZATIONAL_UNIT", arn(organization, "ou", what.id)


def children(organization: Organization, unit_id: str) -> tuple[OrgUnit | OrgAccount, ...]:
    """The units and accounts directly under a root or unit."""
    return (
        *(unit for unit in organization.units.values() if unit.parent == unit_id),
        *(account for account in organization.accounts.values() if account.parent == unit_id),
    )


def unit_path(organization: Organization, unit: OrgUnit) -> str:
    """``o-x/r-x/ou-x/``, as ``aws:PrincipalOrgPaths`` has it."""
    path: list[str] = []
    step: OrgUnit | None = unit
    while step is not None and step.id not in path:
        path.append(step.id)
        step = organization.units.get(step.parent) if step.parent else None
    return f"{organization.id}/{'/'.join(reversed(path))}/"


def depth(organization: Organization, unit: OrgUnit) -> int:
    """How many units deep; the root is 0."""
    return unit_path(organization, unit).count("/") - 2


def account_shown(organization: Organization, account: OrgAccount) -> Mapping[str, Any]:
    """An account as Organizations answers it."""
    answer: dict[str, Any] = {
        "Id": account.id,
        "Arn": arn(organization, "account", account.id),
        "Email": account.email or f"{account.id}@example.com",
        "Name": account.name,
        "Status": account.status,
        "State": account.status,
        "JoinedMethod": account.joined_method,
    }
    if (path := organization.key_path(account.id)) is not None:
        answer["Paths"] = [f"{path}{account.id}/"]
    if account.joined is not None:
        answer["JoinedTimestamp"] = account.joined
    return answer
