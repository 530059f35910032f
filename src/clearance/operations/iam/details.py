"""GetAccountAuthorizationDetails: users, groups, roles and policies with everything on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.model.estate import Account, Estate, Group, Role, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import validation
from clearance.operations.iam.fields import Word, checked
from clearance.operations.iam.owners import Owner, account_of
from clearance.operations.iam.paging import page
from clearance.operations.iam.policies import any_policy
from clearance.operations.iam.views import (
    View,
    attached_view,
    boundaries_of,
    group_view,
    inline_view,
    instance_profile_view,
    last_used,
    policy_view,
    role_created,
    usage_of,
    user_view,
    version_view,
)

__all__ = ["OPERATIONS"]

_FILTERS: Final = Word(("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"))
_LISTS: Final[Mapping[str, str]] = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to tell about: its kind, and its name (for policies its ARN)."""

    kind: str
    name: str


def get_account_authorization_details(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Everything that decides in the account, in pages across all four lists."""
    account = account_of(estate, call)
    wanted = given.get("Filter") or list(_LISTS)
    if any(problem for kind in wanted for problem in _FILTERS.problems(kind)):
        raise validation(
            "1 validation error detected: Value at 'filter' failed to satisfy constraint: Member "
            "must satisfy constraint: [Member must satisfy enum value set: "
            f"[{', '.join(_FILTERS.words)}]]"
        )
    entries = (entry for entry in _entries(estate, account) if entry.kind in wanted)
    sent, rest = page(given, entries, lambda entry: f"{entry.kind} {entry.name}")
    output: dict[str, Any] = {name: [] for name in _LISTS.values()}
    for entry in sent:
        output[_LISTS[entry.kind]].append(_detail(estate, account, entry))
    return estate, {**output, **rest}


def _entries(estate: Estate, account: Account) -> Iterator[Entry]:
    yield from (Entry("User", name) for name in account.users)
    yield from (Entry("Group", name) for name in account.groups)
    yield from (Entry("Role", name) for name in account.roles)
    yield from (Entry("LocalManagedPolicy", arn) for arn in account.policies)
    # "AWSManagedPolicy" lists those of AWS's policies that the account uses (and whose text the
    # estate knows).
    used = {*usage_of(account), *boundaries_of(account)}
    yield from (Entry("AWSManagedPolicy", arn) for arn in used & {*estate.managed})


def _detail(estate: Estate, account: Account, entry: Entry) -> View:
    match entry.kind:
        case "User":
            return _user(account, account.users[entry.name])
        case "Group":
            return _group(account, account.groups[entry.name])
        case "Role":
            return _role(estate, account, account.roles[entry.name])
        case _:
            return _policy(estate, account, entry.name)


def _attached(owner: Owner) -> list[View]:
    return [attached_view(arn) for arn in sorted(owner.attached)]


def _inline(owner: Owner) -> list[View]:
    return [inline_view(name, owner.inline[name]) for name in sorted(owner.inline)]


def _user(account: Account, user: User) -> View:
    view = user_view(account, user)
    view.pop("PasswordLastUsed", None)
    view["GroupList"] = sorted(user.groups)
    view["AttachedManagedPolicies"] = _attached(user)
    if user.inline:
        view["UserPolicyList"] = _inline(user)
    view.setdefault("Tags", [])
    return view


def _group(account: Account, group: Group) -> View:
    return {
        **group_view(account, group),
        "GroupPolicyList": _inline(group),
        "AttachedManagedPolicies": _attached(group),
    }


def _role(estate: Estate, account: Account, role: Role) -> View:
    profiles = [p for p in account.instance_profiles.values() if role.name in p.roles]
    view = {
        **role_created(estate, account, role),
        "InstanceProfileList": [instance_profile_view(estate, account, p) for p in profiles],
        "RolePolicyList": _inline(role),
        "AttachedManagedPolicies": _attached(role),
        "RoleLastUsed": last_used(role),
    }
    view.setdefault("Tags", [])
    return view


def _policy(estate: Estate, account: Account, arn: str) -> View:
    policy = any_policy(estate, account, arn)
    view = policy_view(policy, arn, usage_of(account), boundaries_of(account))
    if policy.description is not None:
        view["Description"] = policy.description
    newest_first = sorted(policy.versions, key=lambda version: -int(version[1:]))
    view["PolicyVersionList"] = [version_view(policy, v, document=True) for v in newest_first]
    return view


OPERATIONS: Final[Mapping[str, Operation]] = {
    "GetAccountAuthorizationDetails": checked(get_account_authorization_details),
}
