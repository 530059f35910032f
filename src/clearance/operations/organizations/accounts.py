"""Member accounts: create, find, move, close, leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import (
    FULL_ACCESS,
    Account,
    AccountRequest,
    Estate,
    OrgAccount,
    Organization,
    Role,
    TrustPolicy,
)
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.attachments import adorned
from clearance.operations.organizations.faults import fault, violation
from clearance.operations.organizations.members import checked, part, tags_given
from clearance.operations.organizations.place import (
    account_shown,
    children,
    managed,
    member,
    parent,
)

__all__ = ["OPERATIONS"]

_ADMINISTRATOR: Final = "arn:{partition}:iam::aws:policy/AdministratorAccess"
_ACCESS_ROLE: Final = "OrganizationAccountAccessRole"
_DIGITS: Final = "0123456789"


def create_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A new member account, with a role that the management account may assume.

    AWS works on it for a while; here it is done when the call returns. A used address fails the
    request, not the call.
    """
    checked(given, "Email", "AccountName")
    organization = managed(estate, call)
    name, email = given["AccountName"], given["Email"]
    request_id = f"car-{call.ports.uuid().replace('-', '')}"
    if any(a.email.lower() == email.lower() for a in organization.accounts.values()):
        failed = AccountRequest(
            request_id, name, call.now, call.now, failure="EMAIL_ALREADY_EXISTS"
        )
        return _requested(estate, organization, failed)
    account_id = call.ports.token(12, _DIGITS)
    while account_id in estate.accounts or account_id in organization.accounts:
        account_id = call.ports.token(12, _DIGITS)
    account = _new_account(estate, call, account_id, name, given.get("RoleName") or _ACCESS_ROLE)
    joined = OrgAccount(
        account_id,
        name,
        organization.root.id,
        email,
        call.now,
        joined_method="CREATED",
    )
    after = adorned(
        replace(organization, accounts={**organization.accounts, account_id: joined}), account_id
    )
    if given.get("Tags"):
        after = replace(after, tags={**after.tags, account_id: tags_given(given["Tags"])})
    administrator = _ADMINISTRATOR.format(partition=account.partition)
    estate = estate.with_account(account)
    if administrator not in estate.managed:
        estate = replace(estate, managed={administrator: FULL_ACCESS, **estate.managed})
    done = AccountRequest(request_id, name, call.now, call.now, account_id)
    return _requested(estate, after, done)


def describe_create_account_status(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """What became of a CreateAccount call."""
    checked(given, "CreateAccountRequestId")
    request = managed(estate, call).requests.get(given["CreateAccountRequestId"])
    if request is None:
        raise fault("CreateAccountStatusNotFoundException")
    return estate, {"CreateAccountStatus": _status(request)}


def list_create_account_status(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """All CreateAccount calls, or those in some states."""
    checked(given)
    states = given.get("States")
    found = [_status(request) for request in managed(estate, call).requests.values()]
    kept = [status for status in found if not states or status["State"] in states]
    return estate, part(given, "CreateAccountStatuses", kept, "Id")


def list_accounts(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Every account."""
    checked(given)
    organization = managed(estate, call)
    found = [account_shown(organization, a) for a in organization.accounts.values()]
    return estate, part(given, "Accounts", found, "Id")


def list_accounts_for_parent(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The accounts directly in a root or unit."""
    checked(given, "ParentId")
    organization = managed(estate, call)
    above = parent(organization, given["ParentId"], "ParentNotFoundException")
    found = [
        account_shown(organization, child)
        for child in children(organization, above.id)
        if isinstance(child, OrgAccount)
    ]
    return estate, part(given, "Accounts", found, "Id")


def describe_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One account."""
    organization, account = _account(estate, call, given)
    return estate, {"Account": account_shown(organization, account)}


def move_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Put an account under another root or unit."""
    checked(given, "SourceParentId", "DestinationParentId")
    organization, account = _account(estate, call, given)
    source = parent(organization, given["SourceParentId"], "SourceParentNotFoundException")
    if account.parent != source.id:
        raise fault("SourceParentNotFoundException")
    there = parent(organization, given["DestinationParentId"], "DestinationParentNotFoundException")
    if there.id == account.parent:
        raise fault("DuplicateAccountException")
    return _with(estate, organization, replace(account, parent=there.id)), {}


def close_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Suspend an account; it stays in the list."""
    organization, account = _account(estate, call, given)
    if account.id == organization.management_account:
        raise violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    if account.status != "ACTIVE":
        raise fault("AccountAlreadyClosedException")
    return _with(estate, organization, replace(account, status="SUSPENDED")), {}


def remove_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Send an account away; it goes on alone."""
    organization, account = _account(estate, call, given)
    return _left(estate, organization, account), {}


def leave_organization(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The calling account goes on alone."""
    checked(given)
    organization = member(estate, call)
    return _left(estate, organization, organization.accounts[call.account]), {}


def _left(estate: Estate, organization: Organization, account: OrgAccount) -> Estate:
    if account.id == organization.management_account:
        raise fault("MasterCannotLeaveOrganizationException")
    after = replace(
        organization,
        accounts={k: a for k, a in organization.accounts.items() if k != account.id},
        attachments={k: v for k, v in organization.attachments.items() if k != account.id},
        tags={k: t for k, t in organization.tags.items() if k != account.id},
    )
    return estate.with_organization(after)


def _new_account(estate: Estate, call: Call, account_id: str, name: str, role: str) -> Account:
    master = estate.accounts[call.account]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": master.root_arn},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    access = Role(
        name=role,
        id=call.ports.unique_id("AROA"),
        created=call.now,
        trust=TrustPolicy(json.dumps(trust)),
        attached=(_ADMINISTRATOR.format(partition=master.partition),),
    )
    return Account(account_id, master.partition, name, roles={role: access})


def _account(estate: Estate, call: Call, given: Input) -> tuple[Organization, OrgAccount]:
    checked(given, "AccountId")
    organization = managed(estate, call)
    account = organization.accounts.get(given["AccountId"])
    if account is None:
        raise fault("AccountNotFoundException")
    return organization, account


def _with(estate: Estate, organization: Organization, account: OrgAccount) -> Estate:
    accounts = {**organization.accounts, account.id: account}
    return estate.with_organization(replace(organization, accounts=accounts))


def _requested(
    estate: Estate, organization: Organization, request: AccountRequest
) -> tuple[Estate, Output]:
    requests = {**organization.requests, request.id: request}
    after = estate.with_organization(replace(organization, requests=requests))
    return after, {"CreateAccountStatus": _status(request)}


def _status(request: AccountRequest) -> Mapping[str, Any]:
    answer: dict[str, Any] = {
        "Id": request.id,
        "AccountName": request.name,
        "State": "FAILED" if request.failure else "SUCCEEDED",
        "RequestedTimestamp": request.requested,
        "CompletedTimestamp": request.completed,
    }
    if request.account is not None:
        answer["AccountId"] = request.account
    if request.failure is not None:
        answer["FailureReason"] = request.failure
    return answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CloseAccount": close_account,
    "CreateAccount": create_account,
    "DescribeAccount": describe_account,
    "DescribeCreateAccountStatus": describe_create_account_status,
    "LeaveOrganization": leave_organization,
    "ListAccounts": list_accounts,
    "ListAccountsForParent": list_accounts_for_parent,
    "ListCreateAccountStatus": list_create_account_status,
    "MoveAccount": move_account,
    "RemoveAccountFromOrganization": remove_account,
}
