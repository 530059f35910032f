"""Finding what is neither user, group nor role, and the sentence when it is not there."""

from __future__ import annotations

from clearance.model.arn import Arn
from clearance.model.estate import (
    Account,
    Estate,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OidcProvider,
    SamlProvider,
    ServerCertificate,
)
from clearance.operations.iam.faults import invalid_input, no_such_entity, validation

__all__ = [
    "attachable",
    "boundary",
    "customer_policy",
    "instance_profile",
    "is_aws_managed",
    "known_policy",
    "mfa_device",
    "oidc_provider",
    "policy_name",
    "saml_provider",
    "server_certificate",
]


def is_aws_managed(arn: str) -> bool:
    """True for the ARN of a policy that AWS owns."""
    return arn.split(":")[4:5] == ["aws"]


def policy_name(arn: str) -> str:
    """The name at the end of a policy's ARN."""
    return arn.rsplit("/", 1)[-1]


def known_policy(estate: Estate, account: Account, arn: str) -> bool:
    """True when the account can use the managed policy of that ARN."""
    return arn in estate.managed if is_aws_managed(arn) else arn in account.policies


def customer_policy(account: Account, arn: str) -> ManagedPolicy:
    """The account's own policy of that ARN."""
    _policy_arn(arn)
    found = account.policies.get(arn)
    if found is None:
        raise no_such_entity(f"Policy {arn} was not found.")
    return found


def attachable(estate: Estate, account: Account, arn: str) -> str:
    """The ARN, if there is such a policy."""
    _policy_arn(arn)
    if not known_policy(estate, account, arn):
        raise no_such_entity(f"Policy {arn} does not exist or is not attachable.")
    return arn


def boundary(estate: Estate, account: Account, arn: str | None) -> str | None:
    """The ARN, if there is such a policy to be a permissions boundary."""
    if arn is None:
        return None
    if not _is_policy_arn(arn):
        raise invalid_input(f"ARN {arn} is not valid.")
    if not known_policy(estate, account, arn):
        raise no_such_entity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _policy_arn(arn: str) -> None:
    if not _is_policy_arn(arn):
        raise validation(f"ARN {arn} is not valid.")


def _is_policy_arn(arn: str) -> bool:
    found = Arn.find(arn)
    return found is not None and found.service == "iam" and found.resource.startswith("policy/")


def instance_profile(account: Account, name: str) -> InstanceProfile:
    """The instance profile of that name."""
    found = account.instance_profiles.get(name)
    if found is None:
        raise no_such_entity(f"Instance Profile {name} cannot be found.")
    return found


def mfa_device(account: Account, serial: str) -> MfaDevice:
    """The virtual MFA device of that serial number."""
    found = account.mfa_devices.get(serial)
    if found is None:
        raise no_such_entity(f"MFA Device with serial number {serial} does not exist.")
    return found


def oidc_provider(account: Account, arn: str) -> OidcProvider:
    """The OpenID Connect provider of that ARN."""
    found = account.oidc_providers.get(arn)
    if found is None:
        raise no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")
    return found


def saml_provider(account: Account, arn: str) -> SamlProvider:
    """The SAML provider of that ARN."""
    found = account.saml_providers.get(arn)
    if found is None:
        raise no_such_entity(f"Manifest not found for arn {arn}")
    return found


def server_certificate(account: Account, name: str) -> ServerCertificate:
    """The server certificate of that name."""
    found = account.server_certificates.get(name)
    if found is None:
        raise no_such_entity(f"The Server Certificate with name {name} cannot be found.")
    return found
