"""Roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate, Role
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import conflict, invalid_input, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import boundary
from clearance.operations.iam.owners import (
    ROLE,
    account_of,
    free_name,
    keep,
    modifiable,
    role_named,
    room,
    with_owner,
    without_owner,
)
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags
from clearance.operations.iam.trust import trust_policy
from clearance.operations.iam.views import role_base, role_created, role_listed, role_view

__all__ = ["OPERATIONS"]

RESERVED: Final = ("/aws-service-role/", "/aws-reserved/")


def create_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a role."""
    account = account_of(estate, call)
    name = given["RoleName"]
    path = given.get("Path", "/")
    if path.startswith(RESERVED):
        raise invalid_input(f"The path {path} is reserved for roles that AWS services create.")
    tags = new_tags(given, fold=True)
    scope = boundary(estate, account, given.get("PermissionsBoundary"))
    trust = trust_policy(estate, given["AssumeRolePolicyDocument"])
    free_name(account, ROLE, name)
    room(account, ROLE)
    role = Role(
        name=name,
        id=call.ports.unique_id(ROLE.prefix),
        created=call.now,
        trust=trust,
        path=path,
        boundary=scope,
        tags=tags,
        description=given.get("Description") or None,
        max_session=given.get("MaxSessionDuration", 3600),
    )
    account = with_owner(account, ROLE, role)
    estate = estate.with_account(account)
    return estate, {"Role": role_created(estate, account, role)}


def get_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A role in full."""
    account = account_of(estate, call)
    return estate, {"Role": role_view(estate, account, role_named(account, given["RoleName"]))}


def list_roles(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The roles under a path."""
    account = account_of(estate, call)
    prefix = given.get("PathPrefix", "/")
    roles = (role for role in account.roles.values() if role.path.startswith(prefix))
    sent, rest = page(given, roles, lambda role: role.name)
    return estate, {"Roles": [role_listed(estate, account, role) for role in sent], **rest}


def update_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change description and session duration; what is not given stays."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    if "MaxSessionDuration" in given:
        modifiable(role)
    changed = replace(
        role,
        description=given.get("Description", role.description) or None,
        max_session=given.get("MaxSessionDuration", role.max_session),
    )
    return keep(estate, with_owner(account, ROLE, changed))


def update_role_description(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change the description, which even a service-linked role allows."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    changed = replace(role, description=given["Description"] or None)
    account = with_owner(account, ROLE, changed)
    view = role_base(estate, account, changed)
    if changed.description is not None:
        view["Description"] = changed.description
    return estate.with_account(account), {"Role": view}


def update_assume_role_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Exchange the trust policy; users and roles in it are looked up anew (R26)."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    modifiable(role)
    changed = replace(role, trust=trust_policy(estate, given["PolicyDocument"]))
    return keep(estate, with_owner(account, ROLE, changed))


def delete_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a role without policies and outside any instance profile."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    modifiable(role)
    profiles = account.instance_profiles.values()
    ties = (
        (any(role.name in p.roles for p in profiles), "remove roles from instance profile"),
        (role.attached, "detach all policies"),
        (role.inline, "delete policies"),
    )
    for tie, remedy in ties:
        if tie:
            raise conflict(f"Cannot delete entity, must {remedy} first.")
    return keep(estate, without_owner(account, ROLE, role.name))


def put_role_permissions_boundary(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Give a role a permissions boundary."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    modifiable(role)
    scope = boundary(estate, account, given["PermissionsBoundary"])
    return keep(estate, with_owner(account, ROLE, replace(role, boundary=scope)))


def delete_role_permissions_boundary(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Take a role's permissions boundary away."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    modifiable(role)
    if role.boundary is None:
        raise no_such_entity(
            f"The role with name {role.name} does not have a permissions boundary attached."
        )
    return keep(estate, with_owner(account, ROLE, replace(role, boundary=None)))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateRole": checked(create_role, "RoleName", "AssumeRolePolicyDocument"),
    "GetRole": checked(get_role, "RoleName"),
    "ListRoles": checked(list_roles),
    "UpdateRole": checked(update_role, "RoleName"),
    "UpdateRoleDescription": checked(update_role_description, "RoleName", "Description"),
    "UpdateAssumeRolePolicy": checked(update_assume_role_policy, "RoleName", "PolicyDocument"),
    "DeleteRole": checked(delete_role, "RoleName"),
    "PutRolePermissionsBoundary": checked(
        put_role_permissions_boundary, "RoleName", "PermissionsBoundary"
    ),
    "DeleteRolePermissionsBoundary": checked(delete_role_permissions_boundary, "RoleName"),
}
