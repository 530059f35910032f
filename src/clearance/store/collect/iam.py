"""IAM and what else an account has once: names, aliases, providers, password policy."""

from __future__ import annotations

from typing import Any, Final

from clearance.store.collect.reading import Files, Part, Reading

__all__ = ["PARTS"]


def _details(reading: Reading) -> Files:
    # Without a filter the answer has the AWS managed policies that are attached, and only them.
    answer = reading.call("iam", "GetAccountAuthorizationDetails")
    yield "account-authorization-details.json", answer


def _profiles(reading: Reading) -> Files:
    yield "instance-profiles.json", reading.call("iam", "ListInstanceProfiles")


def _aliases(reading: Reading) -> Files:
    yield "account-aliases.json", reading.call("iam", "ListAccountAliases")


def _password_policy(reading: Reading) -> Files:
    what = f"password policy of {reading.account}"
    answer = reading.attempt("iam", "GetAccountPasswordPolicy", what, none="NoSuchEntity")
    if answer:
        yield "account-password-policy.json", answer


def _devices(reading: Reading) -> Files:
    answer = reading.call("iam", "ListVirtualMFADevices")
    if answer.get("VirtualMFADevices"):
        yield "virtual-mfa-devices.json", answer


def _oidc(reading: Reading) -> Files:
    found: dict[str, Any] = {}
    listed = reading.call("iam", "ListOpenIDConnectProviders")
    for item in listed.get("OpenIDConnectProviderList", ()):
        arn = item["Arn"]
        answer = reading.attempt(
            "iam", "GetOpenIDConnectProvider", arn, OpenIDConnectProviderArn=arn
        )
        if answer:
            found[arn] = answer
    if found:
        yield "open-id-connect-providers.json", found


def _saml(reading: Reading) -> Files:
    found: dict[str, Any] = {}
    for item in reading.call("iam", "ListSAMLProviders").get("SAMLProviderList", ()):
        arn = item["Arn"]
        answer = reading.attempt("iam", "GetSAMLProvider", arn, SAMLProviderArn=arn)
        if answer:
            found[arn] = answer
    if found:
        yield "saml-providers.json", found


def _information(reading: Reading) -> Files:
    yield "account-information.json", reading.call("account", "GetAccountInformation")


PARTS: Final = (
    Part("users, groups, roles and policies", _details),
    Part("instance profiles", _profiles),
    Part("account alias", _aliases),
    Part("password policy", _password_policy),
    Part("MFA devices", _devices),
    Part("OIDC providers", _oidc),
    Part("SAML providers", _saml),
    Part("account name", _information),
)
