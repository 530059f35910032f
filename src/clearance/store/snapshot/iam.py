"""IAM of one account: the answers of GetAccountAuthorizationDetails and ListInstanceProfiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clearance.model.estate import (
    Account,
    Group,
    InstanceProfile,
    ManagedPolicy,
    PolicyVersion,
    Role,
    TrustPolicy,
    User,
)
from clearance.store.snapshot.node import UNKNOWN_TIME, Node, as_document, as_tags

__all__ = [
    "account_ids",
    "details",
    "managed_policies",
    "profiles",
    "read_details",
    "read_managed",
    "read_profiles",
]

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def account_ids(answer: Node) -> list[str]:
    """The accounts whose ARNs the answer shows; one, if all is well."""
    arns = (
        item.text("Arn", "")
        for page in answer.pages()
        for name in _LISTS
        for item in page.items(name)
    )
    ids = (arn.split(":")[4] for arn in arns if arn.count(":") >= 5)  # noqa: PLR2004
    return sorted({found for found in ids if found.isdigit()})


def read_details(answer: Node, account: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of an `Account`, and the AWS managed policies by ARN."""
    for found in account_ids(answer):
        if found != account:
            raise answer.fail(f"the answer is about account {found}, but lies with {account}")
    pages = list(answer.pages())
    users = [_user(item) for page in pages for item in page.items("UserDetailList")]
    groups = [_group(item) for page in pages for item in page.items("GroupDetailList")]
    roles = [item for page in pages for item in page.items("RoleDetailList")]
    policies = [item for page in pages for item in page.items("Policies")]
    arns = [node.text("Arn", "") for page in pages for n in _LISTS for node in page.items(n)]
    fields: dict[str, Any] = {
        "partition": arns[0].split(":")[1] if arns and arns[0].count(":") > 1 else "aws",
        "users": {user.name: user for user in users},
        "groups": {group.name: group for group in groups},
        "roles": {role.name: role for role in map(_role, roles)},
        "policies": {p.text("Arn"): _policy(p) for p in policies if not _is_aws(p)},
        "instance_profiles": {
            profile.name: profile
            for role in roles
            for profile in map(_profile, role.items("InstanceProfileList"))
        },
    }
    return fields, {p.text("Arn"): _policy(p).text for p in policies if _is_aws(p)}


def read_managed(answer: Node) -> dict[str, str]:
    """AWS managed policies by ARN."""
    return {
        item.text("Arn"): _policy(item).text
        for page in answer.pages()
        for item in page.items("Policies")
    }


def read_profiles(answer: Node) -> dict[str, InstanceProfile]:
    """Instance profiles by name."""
    found = (_profile(item) for page in answer.pages() for item in page.items("InstanceProfiles"))
    return {profile.name: profile for profile in found}


def _is_aws(policy: Node) -> bool:
    return ":iam::aws:policy/" in policy.text("Arn")


def _inline(node: Node, name: str) -> dict[str, str]:
    return {item.text("PolicyName"): _needed(item, "PolicyDocument") for item in node.items(name)}


def _needed(node: Node, name: str) -> str:
    text = node.document(name)
    if text is None:
        raise node.fail(f"the member `{name}` is missing")
    return text


def _attached(node: Node) -> tuple[str, ...]:
    return tuple(item.text("PolicyArn") for item in node.items("AttachedManagedPolicies"))


def _boundary(node: Node) -> str | None:
    boundary = node.at("PermissionsBoundary")
    return None if boundary.value is None else boundary.text("PermissionsBoundaryArn")


def _user(node: Node) -> User:
    return User(
        node.text("UserName"),
        node.text("UserId", ""),
        node.time("CreateDate") or UNKNOWN_TIME,
        path=node.text("Path", "/"),
        inline=_inline(node, "UserPolicyList"),
        attached=_attached(node),
        groups=node.texts("GroupList"),
        boundary=_boundary(node),
        tags=node.tags(),
        password_last_used=node.time("PasswordLastUsed"),
    )


def _group(node: Node) -> Group:
    return Group(
        node.text("GroupName"),
        node.text("GroupId", ""),
        node.time("CreateDate") or UNKNOWN_TIME,
        path=node.text("Path", "/"),
        inline=_inline(node, "GroupPolicyList"),
        attached=_attached(node),
    )


def _role(node: Node) -> Role:
    used = node.at("RoleLastUsed")
    return Role(
        node.text("RoleName"),
        node.text("RoleId", ""),
        node.time("CreateDate") or UNKNOWN_TIME,
        TrustPolicy(_needed(node, "AssumeRolePolicyDocument")),
        path=node.text("Path", "/"),
        inline=_inline(node, "RolePolicyList"),
        attached=_attached(node),
        boundary=_boundary(node),
        tags=node.tags(),
        description=node.maybe("Description"),
        max_session=node.number("MaxSessionDuration", 3600),
        last_used=used.time("LastUsedDate") if used.value is not None else None,
        last_region=used.maybe("Region") if used.value is not None else None,
    )


def _profile(node: Node) -> InstanceProfile:
    return InstanceProfile(
        node.text("InstanceProfileName"),
        node.text("InstanceProfileId", ""),
        node.time("CreateDate") or UNKNOWN_TIME,
        path=node.text("Path", "/"),
        roles=tuple(role.text("RoleName") for role in node.items("Roles")),
        tags=node.tags(),
    )


def _policy(node: Node) -> ManagedPolicy:
    created = node.time("CreateDate") or UNKNOWN_TIME
    versions = {
        item.text("VersionId"): PolicyVersion(
            item.text("VersionId"),
            _needed(item, "Document"),
            item.time("CreateDate") or created,
        )
        for item in node.items("PolicyVersionList")
    }
    default = node.text("DefaultVersionId", "v1")
    if default not in versions:
        raise node.fail(f"the default version `{default}` is not in `PolicyVersionList`")
    numbers = [int(name[1:]) for name in versions if name[1:].isdecimal()]
    return ManagedPolicy(
        node.text("PolicyName"),
        node.text("PolicyId", ""),
        created,
        node.time("UpdateDate") or created,
        versions,
        default,
        path=node.text("Path", "/"),
        description=node.maybe("Description"),
        tags=node.tags(),
        next_version=max(numbers, default=1) + 1,
    )


# --- writing --------------------------------------------------------------------------------------


def details(account: Account) -> dict[str, Any]:
    """The answer of GetAccountAuthorizationDetails for an account."""
    return {
        "UserDetailList": [_user_detail(account, user) for user in account.users.values()],
        "GroupDetailList": [_group_detail(account, g) for g in account.groups.values()],
        "RoleDetailList": [_role_detail(account, role) for role in account.roles.values()],
        "Policies": [_policy_detail(arn, p) for arn, p in account.policies.items()],
        "IsTruncated": False,
    }


def profiles(account: Account) -> dict[str, Any]:
    """The answer of ListInstanceProfiles, with tags."""
    shown = [_profile_shown(account, p) for p in account.instance_profiles.values()]
    return {"InstanceProfiles": shown, "IsTruncated": False}


def managed_policies(managed: Mapping[str, str]) -> dict[str, Any]:
    """AWS managed policies in the form of policy details."""
    return {
        "Policies": [
            {
                "PolicyName": arn.rpartition("/")[2],
                "Arn": arn,
                "DefaultVersionId": "v1",
                "PolicyVersionList": [
                    {"VersionId": "v1", "IsDefaultVersion": True, "Document": as_document(text)}
                ],
            }
            for arn, text in managed.items()
        ]
    }


def _named(inline: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"PolicyName": name, "PolicyDocument": as_document(text)} for name, text in inline.items()
    ]


def _managed(attached: Iterable[str]) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached]


def _set(**members: object) -> dict[str, Any]:
    """The members that are there: AWS leaves out what is not."""
    return {name: value for name, value in members.items() if value is not None}


def _bounded(boundary: str | None) -> dict[str, str] | None:
    if boundary is None:
        return None
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}


def _user_detail(account: Account, user: User) -> dict[str, Any]:
    return _set(
        Path=user.path,
        UserName=user.name,
        UserId=user.id,
        Arn=account.user_arn(user),
        CreateDate=user.created,
        UserPolicyList=_named(user.inline),
        GroupList=list(user.groups),
        AttachedManagedPolicies=_managed(user.attached),
        PermissionsBoundary=_bounded(user.boundary),
        Tags=as_tags(user.tags),
        PasswordLastUsed=user.password_last_used,
    )


def _group_detail(account: Account, group: Group) -> dict[str, Any]:
    return _set(
        Path=group.path,
        GroupName=group.name,
        GroupId=group.id,
        Arn=account.group_arn(group),
        CreateDate=group.created,
        GroupPolicyList=_named(group.inline),
        AttachedManagedPolicies=_managed(group.attached),
    )


def _role_detail(account: Account, role: Role) -> dict[str, Any]:
    return _set(
        Path=role.path,
        RoleName=role.name,
        RoleId=role.id,
        Arn=account.role_arn(role),
        CreateDate=role.created,
        AssumeRolePolicyDocument=as_document(role.trust.text),
        Description=role.description,
        MaxSessionDuration=role.max_session,
        InstanceProfileList=[
            _profile_shown(account, profile)
            for profile in account.instance_profiles.values()
            if role.name in profile.roles
        ],
        RolePolicyList=_named(role.inline),
        AttachedManagedPolicies=_managed(role.attached),
        PermissionsBoundary=_bounded(role.boundary),
        Tags=as_tags(role.tags),
        RoleLastUsed=_set(LastUsedDate=role.last_used, Region=role.last_region),
    )


def _profile_shown(account: Account, profile: InstanceProfile) -> dict[str, Any]:
    return _set(
        Path=profile.path,
        InstanceProfileName=profile.name,
        InstanceProfileId=profile.id,
        Arn=account.arn("instance-profile", profile.path, profile.name),
        CreateDate=profile.created,
        Roles=[{"RoleName": name} for name in profile.roles],
        Tags=as_tags(profile.tags),
    )


def _policy_detail(arn: str, policy: ManagedPolicy) -> dict[str, Any]:
    return _set(
        PolicyName=policy.name,
        PolicyId=policy.id,
        Arn=arn,
        Path=policy.path,
        DefaultVersionId=policy.default_version,
        Description=policy.description,
        CreateDate=policy.created,
        UpdateDate=policy.updated,
        Tags=as_tags(policy.tags),
        PolicyVersionList=[
            {
                "VersionId": version.id,
                "IsDefaultVersion": version.id == policy.default_version,
                "CreateDate": version.created,
                "Document": as_document(version.text),
            }
            for version in policy.versions.values()
        ],
    )
