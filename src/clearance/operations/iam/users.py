"""Users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate, User
from clearance.model.principal import PrincipalKind
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import conflict, no_such_entity, validation
from clearance.operations.iam.fields import NEW_USER, checked
from clearance.operations.iam.lookups import boundary
from clearance.operations.iam.owners import (
    USER,
    account_of,
    free_name,
    keep,
    room,
    user_named,
    with_owner,
    without_owner,
)
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags
from clearance.operations.iam.trust import renamed
from clearance.operations.iam.views import user_listed, user_view

__all__ = ["OPERATIONS", "calling_user", "user_or_caller"]


def calling_user(account: Account, call: Call) -> User | None:
    """The user who makes the call, if the caller is one of the account's users."""
    principal = call.principal
    if principal.kind is not PrincipalKind.USER or principal.account != account.id:
        return None
    users = account.users.values()
    if principal.unique_id is not None:  # a namesake made later is somebody else
        return next((user for user in users if user.id == principal.unique_id), None)
    return next((user for user in users if account.user_arn(user) == principal.arn), None)


def user_or_caller(account: Account, call: Call, given: Input) -> User:
    """The user that the input names; the caller when it names none."""
    if "UserName" in given:
        return user_named(account, given["UserName"])
    caller = calling_user(account, call)
    if caller is None:
        raise validation("Must specify userName when calling with non-User credentials")
    return caller


def create_user(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a user."""
    account = account_of(estate, call)
    name = given["UserName"]
    tags = new_tags(given, fold=True)
    scope = boundary(estate, account, given.get("PermissionsBoundary"))
    free_name(account, USER, name)
    room(account, USER)
    user = User(
        name=name,
        id=call.ports.unique_id(USER.prefix),
        created=call.now,
        path=given.get("Path", "/"),
        boundary=scope,
        tags=tags,
    )
    account = with_owner(account, USER, user)
    return estate.with_account(account), {"User": user_view(account, user)}


def get_user(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A user; without a name the caller, be it the root user."""
    account = account_of(estate, call)
    if "UserName" not in given and call.principal.kind is PrincipalKind.ROOT:
        return estate, {"User": _root(account, call)}
    return estate, {"User": user_view(account, user_or_caller(account, call, given))}


def _root(account: Account, call: Call) -> Mapping[str, Any]:
    """The root user as GetUser shows it: the account's number is its ID."""
    keys = account.root_keys.values()
    return {
        "Path": "/",
        "UserName": account.alias or account.name or account.id,
        "UserId": account.id,
        "Arn": account.root_arn,
        "CreateDate": min((key.created for key in keys), default=call.now),
    }


def list_users(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The users under a path."""
    account = account_of(estate, call)
    prefix = given.get("PathPrefix", "/")
    users = (user for user in account.users.values() if user.path.startswith(prefix))
    sent, rest = page(given, users, lambda user: user.name)
    return estate, {"Users": [user_listed(account, user) for user in sent], **rest}


def update_user(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a user another name or path; the unique ID stays."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    name = given.get("NewUserName", user.name)
    others = without_owner(account, USER, user.name)
    free_name(others, USER, name)
    changed = replace(user, name=name, path=given.get("NewPath", user.path))
    devices = {
        serial: replace(device, user=name) if device.user == user.name else device
        for serial, device in account.mfa_devices.items()
    }
    after = replace(with_owner(others, USER, changed), mfa_devices=devices)
    estate = estate.with_account(after)
    return renamed(estate, account.user_arn(user), after.user_arn(changed)), {}


# What must go first, in the order in which IAM complains (API_DeleteUser lists the items).
_TIES: Final[tuple[tuple[Callable[[Account, User], object], str], ...]] = (
    (lambda _, user: user.attached, "detach all policies"),
    (lambda _, user: user.inline, "delete policies"),
    (lambda _, user: user.groups, "remove users from group"),
    (lambda _, user: user.keys, "delete access keys"),
    (lambda _, user: user.login, "delete login profile"),
    (
        lambda account, user: any(d.user == user.name for d in account.mfa_devices.values()),
        "delete MFA device",
    ),
    (lambda _, user: user.certificates, "delete certificates"),
    (lambda _, user: user.ssh_keys or user.service_credentials, "remove referenced objects"),
)


def delete_user(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a user who has nothing left."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    for tied, remedy in _TIES:
        if tied(account, user):
            raise conflict(f"Cannot delete entity, must {remedy} first.")
    return keep(estate, without_owner(account, USER, user.name))


def delete_user_permissions_boundary(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Take a user's permissions boundary away."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    if user.boundary is None:
        raise no_such_entity(
            f"The user with name {user.name} does not have a permissions boundary attached."
        )
    return keep(estate, with_owner(account, USER, replace(user, boundary=None)))


def put_user_permissions_boundary(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Give a user a permissions boundary."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    scope = boundary(estate, account, given["PermissionsBoundary"])
    return keep(estate, with_owner(account, USER, replace(user, boundary=scope)))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateUser": checked(create_user, "UserName", UserName=NEW_USER),
    "GetUser": checked(get_user),
    "ListUsers": checked(list_users),
    "UpdateUser": checked(update_user, "UserName"),
    "DeleteUser": checked(delete_user, "UserName"),
    "PutUserPermissionsBoundary": checked(
        put_user_permissions_boundary, "UserName", "PermissionsBoundary"
    ),
    "DeleteUserPermissionsBoundary": checked(delete_user_permissions_boundary, "UserName"),
}
