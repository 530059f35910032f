"""Groups and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Account, Estate, Group, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import conflict, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import (
    GROUP,
    USER,
    account_of,
    free_name,
    group_named,
    keep,
    room,
    user_named,
    with_owner,
    without_owner,
)
from clearance.operations.iam.paging import page
from clearance.operations.iam.views import group_view, user_listed

__all__ = ["OPERATIONS"]

GROUPS_PER_USER: Final = 10


def _members(account: Account, group: str) -> list[User]:
    return [user for user in account.users.values() if group in user.groups]


def create_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a group."""
    account = account_of(estate, call)
    name = given["GroupName"]
    free_name(account, GROUP, name)
    room(account, GROUP)
    group = Group(name, call.ports.unique_id(GROUP.prefix), call.now, given.get("Path", "/"))
    account = with_owner(account, GROUP, group)
    return estate.with_account(account), {"Group": group_view(account, group)}


def get_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A group with its users."""
    account = account_of(estate, call)
    group = group_named(account, given["GroupName"])
    users, rest = page(given, _members(account, group.name), lambda user: user.name)
    shown = [user_listed(account, user) for user in users]
    return estate, {"Group": group_view(account, group), "Users": shown, **rest}


def list_groups(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The groups under a path."""
    account = account_of(estate, call)
    prefix = given.get("PathPrefix", "/")
    groups = (group for group in account.groups.values() if group.path.startswith(prefix))
    sent, rest = page(given, groups, lambda group: group.name)
    return estate, {"Groups": [group_view(account, group) for group in sent], **rest}


def list_groups_for_user(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The groups a user is in."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    groups = (account.groups[name] for name in user.groups if name in account.groups)
    sent, rest = page(given, groups, lambda group: group.name)
    return estate, {"Groups": [group_view(account, group) for group in sent], **rest}


def update_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a group another name or path; its members stay."""
    account = account_of(estate, call)
    group = group_named(account, given["GroupName"])
    name = given.get("NewGroupName", group.name)
    others = without_owner(account, GROUP, group.name)
    free_name(others, GROUP, name)
    changed = replace(group, name=name, path=given.get("NewPath", group.path))
    after = with_owner(others, GROUP, changed)
    for user in _members(account, group.name):
        groups = tuple(name if held == group.name else held for held in user.groups)
        after = with_owner(after, USER, replace(user, groups=groups))
    return keep(estate, after)


def delete_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a group without users and policies."""
    account = account_of(estate, call)
    group = group_named(account, given["GroupName"])
    ties = (
        (group.attached, "detach all policies"),
        (group.inline, "delete policies"),
        (_members(account, group.name), "remove users from group"),
    )
    for tie, remedy in ties:
        if tie:
            raise conflict(f"Cannot delete entity, must {remedy} first.")
    return keep(estate, without_owner(account, GROUP, group.name))


def add_user_to_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Put a user into a group; doing it twice is no error."""
    account = account_of(estate, call)
    group = group_named(account, given["GroupName"])
    user = user_named(account, given["UserName"])
    if group.name in user.groups:
        return estate, {}
    if len(user.groups) >= GROUPS_PER_USER:
        raise over_quota("GroupsPerUser", GROUPS_PER_USER)
    changed = replace(user, groups=(*user.groups, group.name))
    return keep(estate, with_owner(account, USER, changed))


def remove_user_from_group(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take a user out of a group; one who is not in it may be taken out too."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    group = group_named(account, given["GroupName"])
    groups = tuple(name for name in user.groups if name != group.name)
    return keep(estate, with_owner(account, USER, replace(user, groups=groups)))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateGroup": checked(create_group, "GroupName"),
    "GetGroup": checked(get_group, "GroupName"),
    "ListGroups": checked(list_groups),
    "ListGroupsForUser": checked(list_groups_for_user, "UserName"),
    "UpdateGroup": checked(update_group, "GroupName"),
    "DeleteGroup": checked(delete_group, "GroupName"),
    "AddUserToGroup": checked(add_user_to_group, "GroupName", "UserName"),
    "RemoveUserFromGroup": checked(remove_user_from_group, "GroupName", "UserName"),
}
