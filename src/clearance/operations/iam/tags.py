"""Tags of everything in IAM that can have them.

Keys of user and role tags are not case sensitive, those of all other resources are (IAM User
Guide, id_tags).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from clearance.model.estate import (
    Account,
    Estate,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OidcProvider,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
)
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam import lookups
from clearance.operations.iam.faults import invalid_input, limit_exceeded
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import account_of, keep, role_named, user_named
from clearance.operations.iam.paging import page

__all__ = ["OPERATIONS", "new_tags", "tag_list"]

LIMIT: Final = 50
Tagged: TypeAlias = (
    User
    | Role
    | ManagedPolicy
    | InstanceProfile
    | MfaDevice
    | OidcProvider
    | SamlProvider
    | ServerCertificate
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of tagged thing: its name in operations, the member that names one, its table."""

    noun: str
    member: str
    table: str
    find: Callable[[Account, str], Tagged]
    fold: bool = False


def new_tags(given: Input, *, fold: bool = False) -> dict[str, str]:
    """The tags of something that is being created."""
    return _merged({}, given.get("Tags", ()), fold=fold)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as IAM answers them, in the order of their keys."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _merged(
    tags: Mapping[str, str], added: Iterable[Mapping[str, str]], *, fold: bool
) -> dict[str, str]:
    keys = [_fold(tag["Key"], fold=fold) for tag in added]
    if len(keys) != len(set(keys)):
        hint = " Please note that Tag keys are case insensitive." if fold else ""
        raise invalid_input(f"Duplicate tag keys found.{hint}")
    kept = {k: v for k, v in tags.items() if _fold(k, fold=fold) not in keys}
    merged = {**kept, **{tag["Key"]: tag["Value"] for tag in added}}
    if len(merged) > LIMIT:
        raise limit_exceeded("The number of tags has reached the maximum limit.")
    return merged


def _fold(key: str, *, fold: bool) -> str:
    return key.lower() if fold else key


def _tag(kind: Kind) -> Operation:
    def tag(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        found = kind.find(account, given[kind.member])
        tags = _merged(found.tags, given["Tags"], fold=kind.fold)
        return keep(estate, _stored(account, kind, found, tags))

    return tag


def _untag(kind: Kind) -> Operation:
    def untag(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        found = kind.find(account, given[kind.member])
        gone = {_fold(key, fold=kind.fold) for key in given["TagKeys"]}
        tags = {k: v for k, v in found.tags.items() if _fold(k, fold=kind.fold) not in gone}
        return keep(estate, _stored(account, kind, found, tags))

    return untag


def _list_tags(kind: Kind) -> Operation:
    def list_tags(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        found = kind.find(account_of(estate, call), given[kind.member])
        keys, rest = page(given, found.tags, str)
        return estate, {"Tags": [{"Key": key, "Value": found.tags[key]} for key in keys], **rest}

    return list_tags


def _stored(account: Account, kind: Kind, found: Tagged, tags: Mapping[str, str]) -> Account:
    held: Mapping[str, Tagged] = getattr(account, kind.table)
    changed = replace(found, tags=tags)
    table = {key: changed if value is found else value for key, value in held.items()}
    changes: dict[str, Any] = {kind.table: table}
    return replace(account, **changes)


_KINDS: Final = (
    Kind("User", "UserName", "users", user_named, fold=True),
    Kind("Role", "RoleName", "roles", role_named, fold=True),
    Kind("Policy", "PolicyArn", "policies", lookups.customer_policy),
    Kind(
        "InstanceProfile", "InstanceProfileName", "instance_profiles", lookups.instance_profile
    ),
    Kind("MFADevice", "SerialNumber", "mfa_devices", lookups.mfa_device),
    Kind(
        "OpenIDConnectProvider", "OpenIDConnectProviderArn", "oidc_providers",
        lookups.oidc_provider,
    ),
    Kind("SAMLProvider", "SAMLProviderArn", "saml_providers", lookups.saml_provider),
    Kind(
        "ServerCertificate", "ServerCertificateName", "server_certificates",
        lookups.server_certificate,
    ),
)  # fmt: skip

OPERATIONS: Final[Mapping[str, Operation]] = {
    name: operation
    for kind in _KINDS
    for name, operation in (
        (f"Tag{kind.noun}", checked(_tag(kind), kind.member, "Tags")),
        (f"Untag{kind.noun}", checked(_untag(kind), kind.member, "TagKeys")),
        (f"List{kind.noun}Tags", checked(_list_tags(kind), kind.member)),
    )
}
