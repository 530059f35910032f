"""Users, groups and roles alike: what has a name, a path, inline and attached policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

from clearance.model.estate import Account, Estate, Group, Role, User
from clearance.operations.call import Call, Input
from clearance.operations.iam.faults import already_exists, no_such_entity, over_quota, protected

__all__ = [
    "GROUP",
    "KINDS",
    "ROLE",
    "USER",
    "Kind",
    "Owner",
    "account_of",
    "free_name",
    "group_named",
    "keep",
    "modifiable",
    "named",
    "owner_named",
    "role_named",
    "room",
    "table",
    "user_named",
    "with_owner",
    "without_owner",
]

Owner: TypeAlias = User | Group | Role


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of owner: what AWS calls it, where the account keeps it, its quotas (R11)."""

    noun: str
    member: str
    table: str
    prefix: str
    quota: tuple[str, int]
    inline_quota: int
    attached_quota: tuple[str, int]


# Default quotas (IAM User Guide, reference_iam-quotas).
USER: Final = Kind(
    "user", "UserName", "users", "AIDA", ("UsersPerAccount", 5000), 2048, ("PoliciesPerUser", 10)
)
GROUP: Final = Kind(
    "group", "GroupName", "groups", "AGPA", ("GroupsPerAccount", 300), 5120,
    ("PoliciesPerGroup", 10),
)  # fmt: skip
ROLE: Final = Kind(
    "role", "RoleName", "roles", "AROA", ("RolesPerAccount", 1000), 10240, ("PoliciesPerRole", 10)
)
KINDS: Final = (USER, GROUP, ROLE)


def account_of(estate: Estate, call: Call) -> Account:
    """The account the call is made in; one that nobody spoke of yet is empty."""
    return estate.account(call.account) or Account(call.account)


def keep(estate: Estate, account: Account) -> tuple[Estate, dict[str, Any]]:
    """The estate with the account as it is now, and an answer with nothing to say."""
    return estate.with_account(account), {}


def table(account: Account, kind: Kind) -> Mapping[str, Owner]:
    """Everything of one kind in the account, by name."""
    return cast("Mapping[str, Owner]", getattr(account, kind.table))


def with_owner(account: Account, kind: Kind, owner: Owner) -> Account:
    """The account with the owner added or replaced."""
    return _with_table(account, kind, {**table(account, kind), owner.name: owner})


def without_owner(account: Account, kind: Kind, name: str) -> Account:
    """The account less one owner."""
    return _with_table(account, kind, {k: v for k, v in table(account, kind).items() if k != name})


def _with_table(account: Account, kind: Kind, owners: Mapping[str, Owner]) -> Account:
    changes: dict[str, Any] = {kind.table: owners}
    return replace(account, **changes)


def named(account: Account, kind: Kind, name: str) -> Owner:
    """The owner of that name, letter for letter: the caller was authorized for that ARN only."""
    found = table(account, kind).get(name)
    if found is None:
        raise no_such_entity(f"The {kind.noun} with name {name} cannot be found.")
    return found


def owner_named(account: Account, kind: Kind, given: Input) -> Owner:
    """The owner that the input names."""
    return named(account, kind, given[kind.member])


def user_named(account: Account, name: str) -> User:
    """The user of that name."""
    return cast("User", named(account, USER, name))


def group_named(account: Account, name: str) -> Group:
    """The group of that name."""
    return cast("Group", named(account, GROUP, name))


def role_named(account: Account, name: str) -> Role:
    """The role of that name."""
    return cast("Role", named(account, ROLE, name))


def free_name(account: Account, kind: Kind, name: str) -> None:
    """Refuse a name that is taken; "names are not distinguished by case" (API_CreateUser)."""
    if any(name.lower() == taken.lower() for taken in table(account, kind)):
        raise already_exists(f"{kind.noun.capitalize()} with name {name} already exists.")


def room(account: Account, kind: Kind) -> None:
    """Refuse one more of a kind than the quota allows."""
    quota, limit = kind.quota
    if len(table(account, kind)) >= limit:
        raise over_quota(quota, limit)


def modifiable(owner: Owner) -> Owner:
    """The owner, unless it is a service-linked role (R79)."""
    if isinstance(owner, Role) and owner.is_service_linked:
        raise protected(owner.name)
    return owner
