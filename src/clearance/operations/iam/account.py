"""The account: alias, summary, password policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate, PasswordPolicy
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import already_exists, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import account_of, keep
from clearance.operations.iam.paging import page

__all__ = ["OPERATIONS"]


def create_account_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give the account its one alias; an alias is unique among all accounts."""
    account = account_of(estate, call)
    alias = given["AccountAlias"]
    taken = {other.alias for other in estate.accounts.values() if other.id != account.id}
    if alias in taken:
        raise already_exists(f"The account alias {alias} already exists.")
    return keep(estate, replace(account, alias=alias))


def delete_account_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take the alias away."""
    account = account_of(estate, call)
    alias = given["AccountAlias"]
    if account.alias != alias:
        raise no_such_entity(f"The account alias {alias} cannot be found.")
    return keep(estate, replace(account, alias=None))


def list_account_aliases(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The alias, in a list."""
    alias = account_of(estate, call).alias
    sent, rest = page(given, [alias] if alias else [], str)
    return estate, {"AccountAliases": sent, **rest}


# What every account is told of its quotas (observed answers of GetAccountSummary).
_QUOTAS: Final[Mapping[str, int]] = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "GroupsQuota": 300,
    "InstanceProfilesQuota": 1000,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": 6144,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": 10240,
    "RolesQuota": 1000,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": 2048,
    "UsersQuota": 5000,
    "VersionsPerPolicyQuota": 5,
}


def get_account_summary(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:  # noqa: ARG001
    """How much of everything there is, and how much there may be."""
    account = account_of(estate, call)
    devices = account.mfa_devices.values()
    counts = {
        "Users": len(account.users),
        "Groups": len(account.groups),
        "Roles": len(account.roles),
        "Policies": len(account.policies),
        "PolicyVersionsInUse": sum(len(p.versions) for p in account.policies.values()),
        "InstanceProfiles": len(account.instance_profiles),
        "MFADevices": len(account.mfa_devices),
        "MFADevicesInUse": sum(device.enabled is not None for device in devices),
        "Providers": len(account.oidc_providers) + len(account.saml_providers),
        "ServerCertificates": len(account.server_certificates),
        "AccountAccessKeysPresent": int(bool(account.root_keys)),
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "GlobalEndpointTokenVersion": account.global_token_version,
    }
    return estate, {"SummaryMap": {**counts, **_QUOTAS}}


# Member of the request and answer -> field of the noun.
_PASSWORD_FIELDS: Final[Mapping[str, str]] = {
    "MinimumPasswordLength": "minimum_length",
    "RequireSymbols": "require_symbols",
    "RequireNumbers": "require_numbers",
    "RequireUppercaseCharacters": "require_uppercase",
    "RequireLowercaseCharacters": "require_lowercase",
    "AllowUsersToChangePassword": "allow_change",
    "MaxPasswordAge": "max_age",
    "PasswordReusePrevention": "reuse_prevention",
    "HardExpiry": "hard_expiry",
}


def update_account_password_policy(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Set the password policy: "if you do not specify a value, it reverts to its default"."""
    account = account_of(estate, call)
    fields: dict[str, Any] = {
        _PASSWORD_FIELDS[name]: value for name, value in given.items() if name in _PASSWORD_FIELDS
    }
    return keep(estate, replace(account, password_policy=PasswordPolicy(**fields)))


def get_account_password_policy(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """The password policy, if one was set."""
    account = account_of(estate, call)
    policy = account.password_policy
    if policy is None:
        raise no_such_entity(f"The Password Policy with domain name {account.id} cannot be found.")
    view = {name: getattr(policy, member) for name, member in _PASSWORD_FIELDS.items()}
    view["ExpirePasswords"] = policy.max_age is not None
    shown = {name: value for name, value in view.items() if value is not None}
    return estate, {"PasswordPolicy": shown}


def delete_account_password_policy(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """Go back to no password policy."""
    account = account_of(estate, call)
    if account.password_policy is None:
        raise no_such_entity("The account policy with name PasswordPolicy cannot be found.")
    return keep(estate, replace(account, password_policy=None))


def set_security_token_service_preferences(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Choose the kind of tokens that the global STS endpoint gives out."""
    version = int(given["GlobalEndpointTokenVersion"][1])
    return keep(estate, replace(account_of(estate, call), global_token_version=version))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "SetSecurityTokenServicePreferences": checked(
        set_security_token_service_preferences, "GlobalEndpointTokenVersion"
    ),
    "CreateAccountAlias": checked(create_account_alias, "AccountAlias"),
    "DeleteAccountAlias": checked(delete_account_alias, "AccountAlias"),
    "ListAccountAliases": checked(list_account_aliases),
    "GetAccountSummary": checked(get_account_summary),
    "UpdateAccountPasswordPolicy": checked(update_account_password_policy),
    "GetAccountPasswordPolicy": checked(get_account_password_policy),
    "DeleteAccountPasswordPolicy": checked(delete_account_password_policy),
}
