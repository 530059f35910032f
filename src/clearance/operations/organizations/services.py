"""Services that may act in member accounts, and the accounts that administer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate, Organization
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.faults import fault, violation
from clearance.operations.organizations.members import checked, part
from clearance.operations.organizations.place import account_shown, managed

__all__ = ["OPERATIONS"]


def enable_service(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Let a service act in the member accounts."""
    checked(given, "ServicePrincipal")
    organization = managed(estate, call)
    services = {given["ServicePrincipal"]: call.now, **organization.services}
    return estate.with_organization(replace(organization, services=services)), {}


def disable_service(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Stop that; nobody administers the service any more."""
    checked(given, "ServicePrincipal")
    organization, gone = managed(estate, call), given["ServicePrincipal"]
    services = {name: when for name, when in organization.services.items() if name != gone}
    after = replace(organization, services=services)
    for account in organization.delegated:
        after = _without(after, account, gone)
    return estate.with_organization(after), {}


def list_services(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The services that may, and since when."""
    checked(given)
    found = [
        {"ServicePrincipal": name, "DateEnabled": when}
        for name, when in managed(estate, call).services.items()
    ]
    return estate, part(given, "EnabledServicePrincipals", found, "ServicePrincipal")


def register(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Let a member account administer a service."""
    organization, account, service = _named(estate, call, given)
    if account == organization.management_account:
        raise violation("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
    if service not in organization.services:
        raise violation("SERVICE_ACCESS_NOT_ENABLED")
    held = organization.delegated.get(account, {})
    if service in held:
        raise fault("AccountAlreadyRegisteredException")
    delegated = {**organization.delegated, account: {**held, service: call.now}}
    return estate.with_organization(replace(organization, delegated=delegated)), {}


def deregister(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take that away."""
    organization, account, service = _named(estate, call, given)
    if service not in organization.delegated.get(account, {}):
        raise fault("AccountNotRegisteredException")
    return estate.with_organization(_without(organization, account, service)), {}


def list_administrators(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The accounts that administer some service, or the one named."""
    checked(given)
    organization, service = managed(estate, call), given.get("ServicePrincipal")
    found = []
    for account, held in organization.delegated.items():
        since = min(held.values()) if service is None else held.get(service)
        if since is not None and account in organization.accounts:
            shown = dict(account_shown(organization, organization.accounts[account]))
            del shown["Paths"]
            found.append({**shown, "DelegationEnabledDate": since})
    return estate, part(given, "DelegatedAdministrators", found, "Id")


def list_delegated_services(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """What an account administers."""
    checked(given, "AccountId")
    organization = managed(estate, call)
    if given["AccountId"] not in organization.accounts:
        raise fault("AccountNotFoundException")
    held = organization.delegated.get(given["AccountId"], {})
    if not held:
        raise fault("AccountNotRegisteredException")
    found = [
        {"ServicePrincipal": name, "DelegationEnabledDate": when} for name, when in held.items()
    ]
    return estate, part(given, "DelegatedServices", found, "ServicePrincipal")


def _named(estate: Estate, call: Call, given: Input) -> tuple[Organization, str, str]:
    checked(given, "AccountId", "ServicePrincipal")
    organization = managed(estate, call)
    if given["AccountId"] not in organization.accounts:
        raise fault("AccountNotFoundException")
    return organization, given["AccountId"], given["ServicePrincipal"]


def _without(organization: Organization, account: str, service: str) -> Organization:
    held = organization.delegated.get(account, {})
    kept = {name: when for name, when in held.items() if name != service}
    others = {k: v for k, v in organization.delegated.items() if k != account}
    return replace(organization, delegated={**others, account: kept} if kept else others)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeregisterDelegatedAdministrator": deregister,
    "DisableAWSServiceAccess": disable_service,
    "EnableAWSServiceAccess": enable_service,
    "ListAWSServiceAccessForOrganization": list_services,
    "ListDelegatedAdministrators": list_administrators,
    "ListDelegatedServicesForAccount": list_delegated_services,
    "RegisterDelegatedAdministrator": register,
}
