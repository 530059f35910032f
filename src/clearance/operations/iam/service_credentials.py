"""User names and passwords for the services that need them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate, Secret, ServiceCredential, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import USER, account_of, keep, user_named, with_owner
from clearance.operations.iam.paging import page
from clearance.operations.iam.users import user_or_caller

__all__ = ["OPERATIONS"]

SERVICES: Final = ("cassandra.amazonaws.com", "codecommit.amazonaws.com")
PER_SERVICE: Final = 2
_ALPHABET: Final = string.ascii_letters + string.digits + "+/="
_PASSWORD_LENGTH: Final = 44


def _supported(given: Input) -> str | None:
    service: str | None = given.get("ServiceName")
    if service is not None and service not in SERVICES:
        raise no_such_entity(
            f"No such service {service} is supported for Service Specific Credentials"
        )
    return service


def _credential(user: User, given: Input) -> ServiceCredential:
    unique_id = given["ServiceSpecificCredentialId"]
    if unique_id not in user.service_credentials:
        raise no_such_entity(f"No such credential {unique_id} exists")
    return user.service_credentials[unique_id]


def _with(account: Account, user: User, held: ServiceCredential) -> Account:
    credentials = {**user.service_credentials, held.id: held}
    return with_owner(account, USER, replace(user, service_credentials=credentials))


def _listed(user: User, held: ServiceCredential) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "Status": "Active" if held.active else "Inactive",
        "ServiceUserName": held.user_name,
        "CreateDate": held.created,
        "ServiceSpecificCredentialId": held.id,
        "ServiceName": held.service,
    }


def _view(user: User, held: ServiceCredential) -> dict[str, Any]:
    return {**_listed(user, held), "ServicePassword": held.password.value}


def _password(call: Call) -> Secret:
    return Secret(call.ports.token(_PASSWORD_LENGTH, _ALPHABET))


def create_service_specific_credential(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Make a user name and password; the password is shown this once."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    service = _supported(given) or ""
    taken = {held.user_name for held in _of(user, service)}
    if len(taken) >= PER_SERVICE:
        raise over_quota("ServiceSpecificCredentialsPerUser", PER_SERVICE)
    plain = f"{user.name}-at-{account.id}"
    held = ServiceCredential(
        id=call.ports.unique_id("ACCA"),
        service=service,
        user_name=next(n for n in (plain, f"{user.name}+1-at-{account.id}") if n not in taken),
        password=_password(call),
        created=call.now,
    )
    estate = estate.with_account(_with(account, user, held))
    return estate, {"ServiceSpecificCredential": _view(user, held)}


def _of(user: User, service: str | None) -> list[ServiceCredential]:
    held = user.service_credentials.values()
    return [found for found in held if service in {None, found.service}]


def list_service_specific_credentials(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """A user's credentials, or everybody's."""
    account = account_of(estate, call)
    service = _supported(given)
    everybody = given.get("AllUsers", False)
    users = account.users.values() if everybody else [user_or_caller(account, call, given)]
    found = [(user, held) for user in users for held in _of(user, service)]
    sent, rest = page(given, found, lambda pair: pair[1].id)
    return estate, {"ServiceSpecificCredentials": [_listed(*pair) for pair in sent], **rest}


def update_service_specific_credential(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Switch a credential on or off."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    held = replace(_credential(user, given), active=given["Status"] == "Active")
    return keep(estate, _with(account, user, held))


def reset_service_specific_credential(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Exchange the password; it is shown this once."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    held = replace(_credential(user, given), password=_password(call))
    estate = estate.with_account(_with(account, user, held))
    return estate, {"ServiceSpecificCredential": _view(user, held)}


def delete_service_specific_credential(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Forget a credential."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    gone = _credential(user, given)
    left = {key: held for key, held in user.service_credentials.items() if key != gone.id}
    return keep(estate, with_owner(account, USER, replace(user, service_credentials=left)))


_ID: Final = "ServiceSpecificCredentialId"
OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateServiceSpecificCredential": checked(
        create_service_specific_credential, "UserName", "ServiceName"
    ),
    "ListServiceSpecificCredentials": checked(list_service_specific_credentials),
    "UpdateServiceSpecificCredential": checked(update_service_specific_credential, _ID, "Status"),
    "ResetServiceSpecificCredential": checked(reset_service_specific_credential, _ID),
    "DeleteServiceSpecificCredential": checked(delete_service_specific_credential, _ID),
}
