"""Managed policies and their versions."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from clearance.model.estate import Account, Estate, Group, ManagedPolicy, PolicyVersion
from clearance.model.policy import PolicyType
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.documents import read_document, size
from clearance.operations.iam.attachments import by_name, path_of
from clearance.operations.iam.faults import (
    already_exists,
    conflict,
    limit_exceeded,
    no_such_entity,
    over_quota,
)
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import customer_policy, is_aws_managed, policy_name
from clearance.operations.iam.owners import KINDS, account_of, keep, table
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags, tag_list
from clearance.operations.iam.views import (
    boundaries_of,
    policy_view,
    usage_of,
    version_view,
)

__all__ = ["OPERATIONS", "any_policy"]

SIZE: Final = 6144
VERSIONS: Final = 5
PER_ACCOUNT: Final = 1500
# AWS announced managed policies on this day; the estate does not know each policy's own.
_AWS_POLICIES_SINCE: Final = datetime(2015, 2, 11, tzinfo=UTC)


def _aws_policy(arn: str, text: str) -> ManagedPolicy:
    """An AWS managed policy, of which the estate knows the ARN and the text."""
    digest = b32encode(sha256(arn.encode()).digest()).decode()
    since = _AWS_POLICIES_SINCE
    return ManagedPolicy(
        name=policy_name(arn),
        id=f"ANPA{digest[:17]}",
        created=since,
        updated=since,
        versions={"v1": PolicyVersion("v1", text, since)},
        path=path_of(arn),
    )


def any_policy(estate: Estate, account: Account, arn: str) -> ManagedPolicy:
    """The managed policy of that ARN, the account's or AWS's."""
    if is_aws_managed(arn) and arn in estate.managed:
        return _aws_policy(arn, estate.managed[arn])
    return customer_policy(account, arn)


def create_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a managed policy with its first version."""
    account = account_of(estate, call)
    name, path = given["PolicyName"], given.get("Path", "/")
    tags = new_tags(given)
    _checked_text(given)
    if any(name.lower() == held.name.lower() for held in account.policies.values()):
        raise already_exists(
            f"A policy called {name} already exists. Duplicate names are not allowed."
        )
    if len(account.policies) >= PER_ACCOUNT:
        raise over_quota("PoliciesPerAccount", PER_ACCOUNT)
    policy = ManagedPolicy(
        name=name,
        id=call.ports.unique_id("ANPA"),
        created=call.now,
        updated=call.now,
        versions={"v1": PolicyVersion("v1", given["PolicyDocument"], call.now)},
        path=path,
        description=given.get("Description"),
        tags=tags,
    )
    arn = account.arn("policy", path, name)
    view = policy_view(policy, arn, {}, {})
    if tags:
        view["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, arn, policy)), {"Policy": view}


def _checked_text(given: Input) -> str:
    text: str = given["PolicyDocument"]
    read_document(text, PolicyType.IDENTITY)
    if size(text) > SIZE:
        raise over_quota("PolicySize", SIZE)
    return text


def _with(account: Account, arn: str, policy: ManagedPolicy) -> Account:
    return replace(account, policies={**account.policies, arn: policy})


def get_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A managed policy, without its text."""
    account = account_of(estate, call)
    arn = given["PolicyArn"]
    policy = any_policy(estate, account, arn)
    view = policy_view(policy, arn, usage_of(account), boundaries_of(account))
    if policy.description is not None:
        view["Description"] = policy.description
    return estate, {"Policy": {**view, "Tags": tag_list(policy.tags)}}


def list_policies(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The managed policies of the account, of AWS, or both."""
    account = account_of(estate, call)
    attached, bounding = usage_of(account), boundaries_of(account)
    usage = given.get("PolicyUsageFilter")
    counted = bounding if usage == "PermissionsBoundary" else attached
    wanted = given.get("OnlyAttached", False) or usage is not None
    prefix = given.get("PathPrefix", "/")
    arns = (
        arn
        for arn in _arns(estate, account, given.get("Scope", "All"))
        if path_of(arn).startswith(prefix) and (not wanted or counted[arn])
    )
    sent, rest = page(given, arns, by_name)
    views = [policy_view(any_policy(estate, account, arn), arn, attached, bounding) for arn in sent]
    return estate, {"Policies": views, **rest}


def _arns(estate: Estate, account: Account, scope: str) -> Iterator[str]:
    if scope != "AWS":
        yield from account.policies
    if scope != "Local":
        yield from estate.managed


def delete_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a policy that nobody uses and that has one version left."""
    account = account_of(estate, call)
    arn = given["PolicyArn"]
    policy = customer_policy(account, arn)
    if usage_of(account)[arn] or boundaries_of(account)[arn]:
        raise conflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise conflict(
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy."
        )
    left = {key: held for key, held in account.policies.items() if key != arn}
    return keep(estate, replace(account, policies=left))


def create_policy_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Add a version, in force at once when asked for."""
    account = account_of(estate, call)
    arn = given["PolicyArn"]
    policy = customer_policy(account, arn)
    text = _checked_text(given)
    if len(policy.versions) >= VERSIONS:
        raise limit_exceeded(
            f"A managed policy can have up to {VERSIONS} versions. Before you create a new "
            "version, you must delete an existing version."
        )
    version = PolicyVersion(f"v{policy.next_version}", text, call.now)
    default = given.get("SetAsDefault", False)
    changed = replace(
        policy,
        versions={**policy.versions, version.id: version},
        default_version=version.id if default else policy.default_version,
        next_version=policy.next_version + 1,
        updated=call.now,
    )
    estate = estate.with_account(_with(account, arn, changed))
    return estate, {"PolicyVersion": version_view(changed, version.id)}


def _versioned(estate: Estate, account: Account, given: Input) -> ManagedPolicy:
    """The policy, if it exists and has the version that the input names."""
    arn, version = given["PolicyArn"], given["VersionId"]
    known = arn in account.policies or arn in estate.managed
    policy = any_policy(estate, account, arn) if known else None
    if policy is None or version not in policy.versions:
        raise no_such_entity(f"Policy {arn} version {version} does not exist or is not attachable.")
    return policy


def get_policy_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One version with its text."""
    policy = _versioned(estate, account_of(estate, call), given)
    view = version_view(policy, given["VersionId"], document=True)
    return estate, {"PolicyVersion": view}


def list_policy_versions(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The versions, newest first."""
    policy = any_policy(estate, account_of(estate, call), given["PolicyArn"])
    sent, rest = page(given, policy.versions, _newest_first)
    return estate, {"Versions": [version_view(policy, version) for version in sent], **rest}


def _newest_first(version: str) -> str:
    return f"{10**12 - int(version[1:]):013d}"


def set_default_policy_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Put one version in force, for all who have the policy."""
    account = account_of(estate, call)
    policy = _own_versioned(estate, account, given)
    changed = replace(policy, default_version=given["VersionId"], updated=call.now)
    return keep(estate, _with(account, given["PolicyArn"], changed))


def delete_policy_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a version that is not in force."""
    account = account_of(estate, call)
    policy = _own_versioned(estate, account, given)
    gone = given["VersionId"]
    if gone == policy.default_version:
        raise conflict("Cannot delete the default version of a policy.")
    left = {key: version for key, version in policy.versions.items() if key != gone}
    return keep(estate, _with(account, given["PolicyArn"], replace(policy, versions=left)))


def _own_versioned(estate: Estate, account: Account, given: Input) -> ManagedPolicy:
    _versioned(estate, account, given)
    return customer_policy(account, given["PolicyArn"])


def list_entities_for_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Who has the policy, attached or as a permissions boundary."""
    account = account_of(estate, call)
    arn = given["PolicyArn"]
    any_policy(estate, account, arn)
    prefix, only = given.get("PathPrefix", "/"), given.get("EntityFilter")
    found = [
        (kind, owner)
        for kind in KINDS
        if only is None or only.lower() == kind.noun
        for owner in table(account, kind).values()
        if owner.path.startswith(prefix) and _uses(owner, arn, given.get("PolicyUsageFilter"))
    ]
    sent, rest = page(given, found, lambda pair: f"{pair[0].noun} {pair[1].name}")
    output: dict[str, Any] = {
        f"Policy{kind.noun.capitalize()}s": [
            {kind.member: owner.name, f"{kind.noun.capitalize()}Id": owner.id}
            for held, owner in sent
            if held is kind
        ]
        for kind in KINDS
    }
    return estate, {**output, **rest}


def _uses(owner: Any, arn: str, usage: str | None) -> bool:  # noqa: ANN401
    bounding = None if isinstance(owner, Group) else owner.boundary
    return (usage != "PermissionsBoundary" and arn in owner.attached) or (
        usage != "PermissionsPolicy" and arn == bounding
    )


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreatePolicy": checked(create_policy, "PolicyName", "PolicyDocument"),
    "GetPolicy": checked(get_policy, "PolicyArn"),
    "ListPolicies": checked(list_policies),
    "DeletePolicy": checked(delete_policy, "PolicyArn"),
    "CreatePolicyVersion": checked(create_policy_version, "PolicyArn", "PolicyDocument"),
    "GetPolicyVersion": checked(get_policy_version, "PolicyArn", "VersionId"),
    "ListPolicyVersions": checked(list_policy_versions, "PolicyArn"),
    "SetDefaultPolicyVersion": checked(set_default_policy_version, "PolicyArn", "VersionId"),
    "DeletePolicyVersion": checked(delete_policy_version, "PolicyArn", "VersionId"),
    "ListEntitiesForPolicy": checked(list_entities_for_policy, "PolicyArn"),
}
