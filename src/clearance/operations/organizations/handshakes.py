"""Invitations: an account that stands alone joins an organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from clearance.model.estate import Estate, Handshake, OrgAccount, Organization
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.attachments import adorned
from clearance.operations.organizations.faults import bad_input, fault, no_handshake
from clearance.operations.organizations.members import checked, part, tags_given
from clearance.operations.organizations.place import ALPHABET, arn, managed

__all__ = ["OPERATIONS"]

# "An invitation … expires after 15 days" (Organizations User Guide, orgs_manage_accounts_invites)
_LIFETIME: Final = timedelta(days=15)
_ACCOUNT_DIGITS: Final = 12


def invite_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Ask an account to join."""
    checked(given, "Target")
    organization = managed(estate, call)
    target = given["Target"]
    account = str(target.get("Id") or "")
    if target.get("Type") != "ACCOUNT":
        # An address tells nothing here: accounts have one only once they are in an organization.
        raise bad_input("INVALID_PARTY_TYPE_TARGET")
    if len(account) != _ACCOUNT_DIGITS or not account.isdigit():
        raise bad_input("INVALID_PATTERN")
    if estate.organization_of(account) is not None:
        raise no_handshake("ALREADY_IN_AN_ORGANIZATION")
    present = (_aged(h, call) for h in organization.handshakes.values())
    if any(h.account == account and h.state == "OPEN" for h in present):
        raise fault("DuplicateHandshakeException")
    handshake = Handshake(
        f"h-{call.ports.token(32, ALPHABET)}",
        account,
        call.now,
        call.now + _LIFETIME,
        notes=given.get("Notes") or "",
        tags=tags_given(given.get("Tags") or ()),
    )
    return _kept(estate, organization, handshake)


def accept_handshake(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Join: the account lands in the root, under whatever hangs there."""
    organization, handshake = _mine(estate, call, given)
    _refuse_settled(handshake, "ACCEPTED")
    if estate.organization_of(call.account) is not None:
        raise no_handshake("ALREADY_IN_AN_ORGANIZATION")
    own = estate.accounts[call.account]
    joined = OrgAccount(
        call.account, own.name or own.alias or call.account, organization.root.id, joined=call.now
    )
    accounts = {**organization.accounts, joined.id: joined}
    after = adorned(replace(organization, accounts=accounts), joined.id)
    if handshake.tags:
        after = replace(after, tags={**after.tags, joined.id: handshake.tags})
    return _kept(estate, after, replace(handshake, state="ACCEPTED"))


def decline_handshake(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Stay alone."""
    organization, handshake = _mine(estate, call, given)
    _refuse_settled(handshake, "DECLINED")
    return _kept(estate, organization, replace(handshake, state="DECLINED"))


def cancel_handshake(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take an invitation back."""
    checked(given, "HandshakeId")
    organization = managed(estate, call)
    handshake = organization.handshakes.get(given["HandshakeId"])
    if handshake is None:
        raise fault("HandshakeNotFoundException")
    handshake = _aged(handshake, call)
    _refuse_settled(handshake, "CANCELED")
    return _kept(estate, organization, replace(handshake, state="CANCELED"))


def describe_handshake(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """An invitation, for either side."""
    checked(given, "HandshakeId")
    for organization, handshake in _all(estate, call):
        sides = {handshake.account, organization.management_account}
        if handshake.id == given["HandshakeId"] and call.account in sides:
            return estate, {"Handshake": _shown(organization, handshake)}
    raise fault("HandshakeNotFoundException")


def list_for_account(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The invitations the calling account has."""
    checked(given)
    found = [_shown(o, h) for o, h in _all(estate, call) if h.account == call.account]
    return estate, part(given, "Handshakes", found, "Id")


def list_for_organization(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The invitations the organization has sent."""
    checked(given)
    own = managed(estate, call)
    found = [_shown(o, h) for o, h in _all(estate, call) if o.id == own.id]
    return estate, part(given, "Handshakes", found, "Id")


def _all(estate: Estate, call: Call) -> list[tuple[Organization, Handshake]]:
    return [
        (organization, _aged(handshake, call))
        for organization in estate.organizations.values()
        for handshake in organization.handshakes.values()
    ]


def _mine(estate: Estate, call: Call, given: Input) -> tuple[Organization, Handshake]:
    checked(given, "HandshakeId")
    for organization, handshake in _all(estate, call):
        if handshake.id == given["HandshakeId"] and handshake.account == call.account:
            return organization, handshake
    raise fault("HandshakeNotFoundException")


def _refuse_settled(handshake: Handshake, wanted: str) -> None:
    if handshake.state == wanted:
        raise fault("HandshakeAlreadyInStateException")
    if handshake.state != "OPEN":
        raise fault("InvalidHandshakeTransitionException")


def _aged(handshake: Handshake, call: Call) -> Handshake:
    late = handshake.state == "OPEN" and call.now >= handshake.expires
    return replace(handshake, state="EXPIRED") if late else handshake


def _kept(
    estate: Estate, organization: Organization, handshake: Handshake
) -> tuple[Estate, Output]:
    handshakes = {**organization.handshakes, handshake.id: handshake}
    after = replace(organization, handshakes=handshakes)
    return estate.with_organization(after), {"Handshake": _shown(after, handshake)}


def _shown(organization: Organization, handshake: Handshake) -> Mapping[str, Any]:
    resources = [
        {"Type": "ORGANIZATION", "Value": organization.id},
        {"Type": "ACCOUNT", "Value": handshake.account},
    ]
    if handshake.notes:
        resources.append({"Type": "NOTES", "Value": handshake.notes})
    return {
        "Id": handshake.id,
        "Arn": arn(organization, "handshake", f"invite/{handshake.id}"),
        "Parties": [
            {"Id": organization.id, "Type": "ORGANIZATION"},
            {"Id": handshake.account, "Type": "ACCOUNT"},
        ],
        "State": handshake.state,
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires,
        "Action": "INVITE",
        "Resources": resources,
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AcceptHandshake": accept_handshake,
    "CancelHandshake": cancel_handshake,
    "DeclineHandshake": decline_handshake,
    "DescribeHandshake": describe_handshake,
    "InviteAccountToOrganization": invite_account,
    "ListHandshakesForAccount": list_for_account,
    "ListHandshakesForOrganization": list_for_organization,
}
