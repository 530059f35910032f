"""Nouns as IAM answers them. Lists leave out what only Get and Create show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

from clearance.model.estate import (
    Account,
    Estate,
    Group,
    InstanceProfile,
    ManagedPolicy,
    Role,
    User,
)
from clearance.operations.documents import encoded
from clearance.operations.iam.lookups import policy_name
from clearance.operations.iam.owners import Owner
from clearance.operations.iam.tags import tag_list
from clearance.operations.iam.trust import shown

__all__ = [
    "View",
    "attached_view",
    "boundaries_of",
    "group_view",
    "inline_view",
    "instance_profile_view",
    "last_used",
    "policy_view",
    "role_base",
    "role_created",
    "role_listed",
    "role_view",
    "usage_of",
    "user_listed",
    "user_view",
    "version_view",
]

View: TypeAlias = dict[str, Any]


def _extras(boundary: str | None, tags: Mapping[str, str]) -> View:
    """The members a user and a role show only when there is something in them."""
    view: View = {}
    if boundary is not None:
        view["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": boundary,
        }
    if tags:
        view["Tags"] = tag_list(tags)
    return view


def user_listed(account: Account, user: User) -> View:
    """A user as lists show it."""
    view: View = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": account.user_arn(user),
        "CreateDate": user.created,
    }
    if user.password_last_used is not None:
        view["PasswordLastUsed"] = user.password_last_used
    return view


def user_view(account: Account, user: User) -> View:
    """A user in full."""
    return {**user_listed(account, user), **_extras(user.boundary, user.tags)}


def group_view(account: Account, group: Group) -> View:
    """A group."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": account.group_arn(group),
        "CreateDate": group.created,
    }


def role_base(estate: Estate, account: Account, role: Role) -> View:
    """A role as it is shown inside other things."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": account.role_arn(role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": shown(estate, role.trust),
    }


def role_created(estate: Estate, account: Account, role: Role) -> View:
    """A role as CreateRole answers it: without description and session duration."""
    return {**role_base(estate, account, role), **_extras(role.boundary, role.tags)}


def role_listed(estate: Estate, account: Account, role: Role) -> View:
    """A role as lists show it."""
    view = {**role_base(estate, account, role), "MaxSessionDuration": role.max_session}
    if role.description is not None:
        view["Description"] = role.description
    return view


def role_view(estate: Estate, account: Account, role: Role) -> View:
    """A role in full."""
    return {
        **role_listed(estate, account, role),
        **_extras(role.boundary, role.tags),
        "RoleLastUsed": last_used(role),
    }


def last_used(role: Role) -> View:
    """When and where a role was last used; empty when it never was."""
    if role.last_used is None:
        return {}
    return {"LastUsedDate": role.last_used, "Region": role.last_region or "us-east-1"}


def instance_profile_view(
    estate: Estate, account: Account, profile: InstanceProfile, *, tags: bool = False
) -> View:
    """An instance profile with its role."""
    roles = [account.roles[name] for name in profile.roles if name in account.roles]
    view: View = {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": account.arn("instance-profile", profile.path, profile.name),
        "CreateDate": profile.created,
        "Roles": [role_base(estate, account, role) for role in roles],
    }
    return {**view, "Tags": tag_list(profile.tags)} if tags else view


def _owners(account: Account) -> list[Owner]:
    return [*account.users.values(), *account.groups.values(), *account.roles.values()]


def usage_of(account: Account) -> Counter[str]:
    """How often each managed policy is attached."""
    return Counter(arn for owner in _owners(account) for arn in owner.attached)


def boundaries_of(account: Account) -> Counter[str]:
    """How often each managed policy is a permissions boundary."""
    people: list[User | Role] = [*account.users.values(), *account.roles.values()]
    return Counter(owner.boundary for owner in people if owner.boundary is not None)


def policy_view(
    policy: ManagedPolicy, arn: str, attached: Mapping[str, int], bounding: Mapping[str, int]
) -> View:
    """A managed policy and how often it is used, without description and tags."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version,
        "AttachmentCount": attached.get(arn, 0),
        "PermissionsBoundaryUsageCount": bounding.get(arn, 0),
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def version_view(policy: ManagedPolicy, version_id: str, *, document: bool = False) -> View:
    """One version of a managed policy."""
    version = policy.versions[version_id]
    view: View = {
        "VersionId": version_id,
        "IsDefaultVersion": version_id == policy.default_version,
        "CreateDate": version.created,
    }
    return {**view, "Document": encoded(version.text)} if document else view


def attached_view(arn: str) -> View:
    """An attached managed policy."""
    return {"PolicyName": policy_name(arn), "PolicyArn": arn}


def inline_view(name: str, text: str) -> View:
    """An inline policy."""
    return {"PolicyName": name, "PolicyDocument": encoded(text)}
