"""Access keys of users and of the root user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clearance.model.estate import AccessKey, Account, Estate, Secret, User
from clearance.model.principal import PrincipalKind
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import USER, account_of, keep, with_owner
from clearance.operations.iam.paging import page
from clearance.operations.iam.users import user_or_caller

__all__ = ["OPERATIONS"]

KEYS_PER_USER: Final = 2
STATUS: Final = {True: "Active", False: "Inactive"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose keys they are: a user's, or the root user's when ``user`` is None."""

    account: Account
    user: User | None
    keys: Mapping[str, AccessKey]

    @property
    def name(self) -> str:
        """The name that answers give the holder."""
        return self.user.name if self.user else "root"

    def holding(self, keys: Mapping[str, AccessKey]) -> Account:
        """The account once the holder has these keys."""
        if self.user is None:
            return replace(self.account, root_keys=keys)
        return with_owner(self.account, USER, replace(self.user, keys=keys))

    def key(self, key_id: str) -> AccessKey:
        """The key of that ID, if it is the holder's."""
        found = self.keys.get(key_id)
        if found is None:
            raise no_such_entity(f"The Access Key with id {key_id} cannot be found.")
        return found


def _holder(estate: Estate, call: Call, given: Input) -> Holder:
    """The named user, or else the caller, who may be the root user."""
    # "If you do not specify a user name, IAM determines the user name implicitly based on the
    # access key ID signing the request" (API_CreateAccessKey).
    account = account_of(estate, call)
    if "UserName" not in given and call.principal.kind is PrincipalKind.ROOT:
        return Holder(account, None, account.root_keys)
    user = user_or_caller(account, call, given)
    return Holder(account, user, user.keys)


def create_access_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a key; the secret is shown this once."""
    holder = _holder(estate, call, given)
    if len(holder.keys) >= KEYS_PER_USER:
        raise over_quota("AccessKeysPerUser", KEYS_PER_USER)
    key = AccessKey(call.ports.access_key_id("AKIA"), Secret(call.ports.secret_key()), call.now)
    account = holder.holding({**holder.keys, key.id: key})
    view = {**_view(holder, key), "SecretAccessKey": key.secret.value}
    return estate.with_account(account), {"AccessKey": view}


def _view(holder: Holder, key: AccessKey) -> dict[str, Any]:
    return {
        "UserName": holder.name,
        "AccessKeyId": key.id,
        "Status": STATUS[key.active],
        "CreateDate": key.created,
    }


def list_access_keys(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The keys of a user, oldest first."""
    holder = _holder(estate, call, given)
    keys = holder.keys.values()
    sent, rest = page(given, keys, lambda key: f"{key.created.isoformat()} {key.id}")
    return estate, {"AccessKeyMetadata": [_view(holder, key) for key in sent], **rest}


def update_access_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Switch a key on or off."""
    holder = _holder(estate, call, given)
    key = holder.key(given["AccessKeyId"])
    changed = replace(key, active=given["Status"] == "Active")
    return keep(estate, holder.holding({**holder.keys, key.id: changed}))


def delete_access_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a key for good."""
    holder = _holder(estate, call, given)
    gone = holder.key(given["AccessKeyId"])
    left = {name: key for name, key in holder.keys.items() if name != gone.id}
    return keep(estate, holder.holding(left))


def get_access_key_last_used(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Whose key it is and what it was last used for."""
    account = account_of(estate, call)
    key_id = given["AccessKeyId"]
    holders = [Holder(account, user, user.keys) for user in account.users.values()]
    holders.append(Holder(account, None, account.root_keys))
    for holder in holders:
        if key_id in holder.keys:
            used = _used(holder.keys[key_id])
            return estate, {"UserName": holder.name, "AccessKeyLastUsed": used}
    # A key that is nobody's in this account is answered like a key of somebody else's.
    raise OperationError(
        "AccessDenied",
        f"User: {call.principal.display} is not authorized to perform "
        f"iam:GetAccessKeyLastUsed on resource: access key {key_id}",
        403,
    )


def _used(key: AccessKey) -> dict[str, Any]:
    if key.last_used is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {
        "LastUsedDate": key.last_used,
        "ServiceName": key.last_service or "N/A",
        "Region": key.last_region or "N/A",
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateAccessKey": checked(create_access_key),
    "ListAccessKeys": checked(list_access_keys),
    "UpdateAccessKey": checked(update_access_key, "AccessKeyId", "Status"),
    "DeleteAccessKey": checked(delete_access_key, "AccessKeyId"),
    "GetAccessKeyLastUsed": checked(get_access_key_last_used, "AccessKeyId"),
}
