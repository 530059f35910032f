"""The organization and its tree: roots, organizational units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate, OrgAccount, Organization, OrgUnit
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.attachments import adorned, own_policies, root_shown
from clearance.operations.organizations.faults import fault, violation
from clearance.operations.organizations.members import checked, part, tags_given
from clearance.operations.organizations.place import (
    ALPHABET,
    arn,
    children,
    depth,
    managed,
    member,
    parent,
    unit_path,
)

__all__ = ["OPERATIONS"]

_MAX_DEPTH: Final = 5


def create_organization(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make the calling account the management account of a new organization.

    No policy type is enabled yet; EnablePolicyType comes next, as in AWS.
    """
    checked(given)
    if estate.organization_of(call.account) is not None:
        raise fault("AlreadyInOrganizationException")
    token = call.ports.token
    root = OrgUnit(f"r-{token(4, ALPHABET)}", "Root")
    account = estate.accounts[call.account]
    name = account.name or account.alias or call.account
    first = OrgAccount(call.account, name, root.id, joined=call.now)
    organization = Organization(
        id=f"o-{token(10, ALPHABET)}",
        management_account=call.account,
        units={root.id: root},
        accounts={first.id: first},
        policies=own_policies(),
        enabled=frozenset(),
        feature_set=given.get("FeatureSet") or "ALL",
    )
    return estate.with_organization(organization), {"Organization": _shown(organization)}


def describe_organization(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The organization; any of its accounts may ask."""
    checked(given)
    return estate, {"Organization": _shown(member(estate, call))}


def delete_organization(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Dissolve an organization that has no members left."""
    checked(given)
    organization = managed(estate, call)
    if len(organization.accounts) > 1:
        raise fault("OrganizationNotEmptyException")
    kept = {k: o for k, o in estate.organizations.items() if k != organization.id}
    return replace(estate, organizations=kept), {}


def list_roots(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The root, and the policy types enabled in it."""
    checked(given)
    organization = managed(estate, call)
    return estate, part(given, "Roots", [root_shown(organization)], "Id")


def create_organizational_unit(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A unit under the root or another unit; every enabled type's own policy hangs on it."""
    checked(given, "ParentId", "Name")
    organization = managed(estate, call)
    above = parent(organization, given["ParentId"], "ParentNotFoundException")
    if depth(organization, above) >= _MAX_DEPTH:
        raise violation("OU_DEPTH_LIMIT_EXCEEDED")
    _refuse_namesake(organization, above.id, given["Name"])
    root = organization.root.id.removeprefix("r-")
    unit = OrgUnit(f"ou-{root}-{call.ports.token(8, ALPHABET)}", given["Name"], above.id)
    after = adorned(replace(organization, units={**organization.units, unit.id: unit}), unit.id)
    if given.get("Tags"):
        after = replace(after, tags={**after.tags, unit.id: tags_given(given["Tags"])})
    return estate.with_organization(after), {"OrganizationalUnit": _unit_shown(after, unit)}


def describe_organizational_unit(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One unit."""
    organization, unit = _unit(estate, call, given)
    return estate, {"OrganizationalUnit": _unit_shown(organization, unit)}


def update_organizational_unit(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a unit another name."""
    organization, unit = _unit(estate, call, given)
    name = given.get("Name") or unit.name
    if name != unit.name:
        _refuse_namesake(organization, unit.parent, name)
    after = replace(unit, name=name)
    organization = replace(organization, units={**organization.units, unit.id: after})
    shown = _unit_shown(organization, after)
    return estate.with_organization(organization), {"OrganizationalUnit": shown}


def delete_organizational_unit(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove an empty unit."""
    organization, unit = _unit(estate, call, given)
    if children(organization, unit.id):
        raise fault("OrganizationalUnitNotEmptyException")
    after = replace(
        organization,
        units={k: u for k, u in organization.units.items() if k != unit.id},
        attachments={k: v for k, v in organization.attachments.items() if k != unit.id},
        tags={k: v for k, v in organization.tags.items() if k != unit.id},
    )
    return estate.with_organization(after), {}


def list_organizational_units_for_parent(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """The units directly under a root or unit."""
    checked(given, "ParentId")
    organization = managed(estate, call)
    above = parent(organization, given["ParentId"], "ParentNotFoundException")
    units = [
        _unit_shown(organization, child)
        for child in children(organization, above.id)
        if isinstance(child, OrgUnit)
    ]
    return estate, part(given, "OrganizationalUnits", units, "Id")


def list_children(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The ids of the accounts, or of the units, directly under a root or unit."""
    checked(given, "ParentId", "ChildType")
    organization = managed(estate, call)
    above = parent(organization, given["ParentId"], "ParentNotFoundException")
    wanted = OrgAccount if given["ChildType"] == "ACCOUNT" else OrgUnit
    found = [
        {"Id": child.id, "Type": given["ChildType"]}
        for child in children(organization, above.id)
        if isinstance(child, wanted)
    ]
    return estate, part(given, "Children", found, "Id")


def list_parents(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The root or unit an account or unit is in."""
    checked(given, "ChildId")
    organization = managed(estate, call)
    child_id = given["ChildId"]
    child = organization.accounts.get(child_id) or organization.units.get(child_id)
    if child is None or child.parent is None:
        raise fault("ChildNotFoundException")
    above = organization.units[child.parent]
    kind = "ORGANIZATIONAL_UNIT" if above.parent else "ROOT"
    return estate, part(given, "Parents", [{"Id": above.id, "Type": kind}], "Id")


def _unit(estate: Estate, call: Call, given: Input) -> tuple[Organization, OrgUnit]:
    checked(given, "OrganizationalUnitId")
    organization = managed(estate, call)
    wanted = given["OrganizationalUnitId"]
    return organization, parent(organization, wanted, "OrganizationalUnitNotFoundException")


def _refuse_namesake(organization: Organization, parent_id: str | None, name: str) -> None:
    if any(u.parent == parent_id and u.name == name for u in organization.units.values()):
        raise fault("DuplicateOrganizationalUnitException")


def _unit_shown(organization: Organization, unit: OrgUnit) -> Mapping[str, Any]:
    return {
        "Id": unit.id,
        "Arn": arn(organization, "ou", unit.id),
        "Name": unit.name,
        "Path": unit_path(organization, unit),
    }


def _shown(organization: Organization) -> Mapping[str, Any]:
    master = organization.accounts.get(organization.management_account)
    email = master.email if master else ""
    return {
        "Id": organization.id,
        "Arn": arn(organization, "organization"),
        "FeatureSet": organization.feature_set,
        "MasterAccountArn": arn(organization, "account", organization.management_account),
        "MasterAccountId": organization.management_account,
        "MasterAccountEmail": email or f"{organization.management_account}@example.com",
        "AvailablePolicyTypes": (
            [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
            if organization.feature_set == "ALL"
            else []
        ),
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateOrganization": create_organization,
    "CreateOrganizationalUnit": create_organizational_unit,
    "DeleteOrganization": delete_organization,
    "DeleteOrganizationalUnit": delete_organizational_unit,
    "DescribeOrganization": describe_organization,
    "DescribeOrganizationalUnit": describe_organizational_unit,
    "ListChildren": list_children,
    "ListOrganizationalUnitsForParent": list_organizational_units_for_parent,
    "ListParents": list_parents,
    "ListRoots": list_roots,
    "UpdateOrganizationalUnit": update_organizational_unit,
}
