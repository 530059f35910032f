"""The smaller facts about an account: providers, MFA devices, password policy, names, pins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import (
    Account,
    MfaDevice,
    OidcProvider,
    PasswordPolicy,
    SamlProvider,
    Secret,
)
from clearance.store.snapshot.node import UNKNOWN_TIME, Node, as_tags

__all__ = ["FILES", "read_extra", "show_extras"]

# The members of GetAccountPasswordPolicy, and the fields they are.
_FLAGS: Final = {
    "RequireSymbols": "require_symbols",
    "RequireNumbers": "require_numbers",
    "RequireUppercaseCharacters": "require_uppercase",
    "RequireLowercaseCharacters": "require_lowercase",
    "AllowUsersToChangePassword": "allow_change",
}
_NUMBERS: Final = {"MaxPasswordAge": "max_age", "PasswordReusePrevention": "reuse_prevention"}


def read_extra(account: Account, name: str, answer: Node) -> Account:
    """The account with what one of the `FILES` tells."""
    return _READ[name](account, answer)


def show_extras(account: Account) -> dict[str, Any]:
    """What `read_extra` reads, by file; only files that tell something."""
    shown = {
        "account-information.json": _information(account),
        "list-buckets.json": {"Owner": {"ID": account.canonical_id}, "Buckets": []}
        if account.canonical_id
        else None,
        "account-password-policy.json": _password_policy_shown(account.password_policy),
        "virtual-mfa-devices.json": _devices_shown(account),
        "open-id-connect-providers.json": {
            arn: _oidc_shown(provider) for arn, provider in account.oidc_providers.items()
        },
        "saml-providers.json": {
            arn: _saml_shown(provider) for arn, provider in account.saml_providers.items()
        },
        "principal-ids.json": _pins_shown(account),
    }
    return {name: value for name, value in shown.items() if value}


def _read_information(account: Account, answer: Node) -> Account:
    return replace(account, name=answer.maybe("AccountName"))


def _information(account: Account) -> dict[str, Any] | None:
    if account.name is None:
        return None
    return {"AccountId": account.id, "AccountName": account.name}


def _read_owner(account: Account, answer: Node) -> Account:
    return replace(account, canonical_id=answer.at("Owner").maybe("ID"))


def _read_password_policy(account: Account, answer: Node) -> Account:
    node = answer.at("PasswordPolicy")
    fields: dict[str, Any] = {"minimum_length": node.number("MinimumPasswordLength", 6)}
    fields |= {field: node.flag(name) for name, field in _FLAGS.items()}
    fields |= {field: node.number(name, 0) or None for name, field in _NUMBERS.items()}
    if node.has("HardExpiry"):
        fields["hard_expiry"] = node.flag("HardExpiry")
    return replace(account, password_policy=PasswordPolicy(**fields))


def _password_policy_shown(policy: PasswordPolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    shown: dict[str, Any] = {"MinimumPasswordLength": policy.minimum_length}
    for name, field in {**_FLAGS, **_NUMBERS, "HardExpiry": "hard_expiry"}.items():
        value = getattr(policy, field)
        if value is not None:
            shown[name] = value
    return {"PasswordPolicy": {**shown, "ExpirePasswords": bool(policy.max_age)}}


def _read_devices(account: Account, answer: Node) -> Account:
    devices = {}
    for page in answer.pages():
        for item in page.items("VirtualMFADevices"):
            user = item.at("User")
            enabled = item.time("EnableDate")
            # AWS tells no seed: nobody can log in with a device that was read.
            device = MfaDevice(
                item.text("SerialNumber"),
                Secret(""),
                enabled or UNKNOWN_TIME,
                user=None if user.value is None else user.maybe("UserName"),
                enabled=enabled,
                tags=item.tags(),
            )
            devices[device.serial] = device
    return replace(account, mfa_devices=devices)


def _devices_shown(account: Account) -> dict[str, Any] | None:
    shown = []
    for device in account.mfa_devices.values():
        entry: dict[str, Any] = {"SerialNumber": device.serial, "Tags": as_tags(device.tags)}
        if device.user is not None:
            entry["User"] = {"UserName": device.user}
        if device.enabled is not None:
            entry["EnableDate"] = device.enabled
        shown.append(entry)
    return {"VirtualMFADevices": shown, "IsTruncated": False} if shown else None


def _read_oidc(account: Account, answer: Node) -> Account:
    providers = {
        arn: OidcProvider(
            node.text("Url").removeprefix("https://"),
            node.time("CreateDate") or UNKNOWN_TIME,
            client_ids=node.texts("ClientIDList"),
            thumbprints=node.texts("ThumbprintList"),
            tags=node.tags(),
        )
        for arn, node in answer.members()
    }
    return replace(account, oidc_providers=providers)


def _oidc_shown(provider: OidcProvider) -> dict[str, Any]:
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
        "Tags": as_tags(provider.tags),
    }


def _read_saml(account: Account, answer: Node) -> Account:
    providers = {
        arn: SamlProvider(
            arn.rpartition("/")[2],
            node.text("SAMLProviderUUID", ""),
            node.time("CreateDate") or UNKNOWN_TIME,
            node.time("ValidUntil") or UNKNOWN_TIME,
            node.text("SAMLMetadataDocument", ""),
            encryption=node.maybe("AssertionEncryptionMode"),
            private_keys={
                item.text("KeyId"): item.time("Timestamp") or UNKNOWN_TIME
                for item in node.items("PrivateKeyList")
            },
            tags=node.tags(),
        )
        for arn, node in answer.members()
    }
    return replace(account, saml_providers=providers)


def _saml_shown(provider: SamlProvider) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created,
        "ValidUntil": provider.valid_until,
        "Tags": as_tags(provider.tags),
        "PrivateKeyList": [
            {"KeyId": key, "Timestamp": time} for key, time in provider.private_keys.items()
        ],
    }
    if provider.encryption is not None:
        shown["AssertionEncryptionMode"] = provider.encryption
    return shown


def _read_pins(account: Account, answer: Node) -> Account:
    """The unique IDs that policies remember (R26): AWS keeps them, and shows them to nobody."""
    roles, functions = dict(account.roles), dict(account.functions)
    for name, pins in answer.at("Roles").entries():
        role = roles.get(name)
        if role is not None:
            trust = replace(role.trust, pins=_texts(pins))
            roles[name] = replace(role, trust=trust)
    for key, qualifiers in answer.at("Functions").entries():
        function = functions.get(key)
        if function is None:
            continue
        policies = dict(function.policies)
        for qualifier, pins in qualifiers.members():
            if qualifier in policies:
                policies[qualifier] = replace(policies[qualifier], pins=_texts(pins))
        functions[key] = replace(function, policies=policies)
    return replace(account, roles=roles, functions=functions)


def _pins_shown(account: Account) -> dict[str, Any] | None:
    roles = {name: dict(r.trust.pins) for name, r in account.roles.items() if r.trust.pins}
    functions = {
        key: {q: dict(policy.pins) for q, policy in function.policies.items() if policy.pins}
        for key, function in account.functions.items()
    }
    functions = {key: found for key, found in functions.items() if found}
    return {"Roles": roles, "Functions": functions} if roles or functions else None


def _texts(node: Node) -> dict[str, str]:
    return {name: node.text(name) for name, _ in node.members()}


_READ: Final[Mapping[str, Callable[[Account, Node], Account]]] = {
    "account-information.json": _read_information,
    "list-buckets.json": _read_owner,
    "account-password-policy.json": _read_password_policy,
    "virtual-mfa-devices.json": _read_devices,
    "open-id-connect-providers.json": _read_oidc,
    "saml-providers.json": _read_saml,
    "principal-ids.json": _read_pins,
}

FILES: Final = tuple(_READ)
"""The files, in the order they are read: pins need roles and functions to be there."""
