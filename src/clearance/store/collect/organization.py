"""The organization: its tree, its policies with their texts, and where they hang."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from clearance.store.collect.aws import CallFailed
from clearance.store.collect.reading import Files, Reading

__all__ = ["members", "organization"]

_UNITS: Final = "list-organizational-units-for-parent"
_MEMBERS: Final = "list-accounts-for-parent"
# What decides, and the name by which a decision knows that it is made without it.
_KINDS: Final = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}


def organization(reading: Reading) -> Files:
    """The files of the organization; the one that makes it a whole comes last."""
    about = reading.call("organizations", "DescribeOrganization")
    roots = reading.call("organizations", "ListRoots")
    yield "list-roots.json", roots
    waiting = [root["Id"] for root in roots.get("Roots", ())]
    seen: set[str] = set()
    while waiting:
        parent = waiting.pop()
        if parent in seen:
            continue
        seen.add(parent)
        below = reading.call("organizations", "ListOrganizationalUnitsForParent", ParentId=parent)
        yield f"{_UNITS}/{parent}.json", below
        accounts = reading.call("organizations", "ListAccountsForParent", ParentId=parent)
        yield f"{_MEMBERS}/{parent}.json", accounts
        waiting += [unit["Id"] for unit in below.get("OrganizationalUnits", ())]
    yield from _policies(reading, roots)
    yield from _services(reading)
    yield "describe-organization.json", about


def members(reading: Reading) -> list[str]:
    """The IDs of the active accounts."""
    listed = reading.call("organizations", "ListAccounts").get("Accounts", ())
    return [a["Id"] for a in listed if a.get("Status", "ACTIVE") == "ACTIVE"]


def _policies(reading: Reading, roots: dict[str, Any]) -> Files:
    enabled = {
        kind["Type"]
        for root in roots.get("Roots", ())
        for kind in root.get("PolicyTypes", ())
        if kind.get("Status", "ENABLED") == "ENABLED"
    }
    yield "describe-policy/", None
    yield "list-targets-for-policy/", None
    for kind, name in _KINDS.items():
        if kind not in enabled:
            continue
        try:
            yield from list(_of_kind(reading, kind))
        except CallFailed as error:
            # Half of the policies would be worse than none: those known to be missing are noted
            # in every decision, a missing Deny is not.
            reading.notes.extend((name, f"{kind} of the organization: {error}"))


def _of_kind(reading: Reading, kind: str) -> Iterator[tuple[str, object]]:
    listed = reading.call("organizations", "ListPolicies", Filter=kind)
    for summary in listed.get("Policies", ()):
        policy = summary["Id"]
        shown = reading.call("organizations", "DescribePolicy", PolicyId=policy)
        targets = reading.call("organizations", "ListTargetsForPolicy", PolicyId=policy)
        yield f"describe-policy/{policy}.json", shown
        yield f"list-targets-for-policy/{policy}.json", targets


def _services(reading: Reading) -> Files:
    what = "service access of the organization"
    answer = reading.attempt("organizations", "ListAWSServiceAccessForOrganization", what)
    if answer.get("EnabledServicePrincipals"):
        yield "list-aws-service-access-for-organization.json", answer
    what = "delegated administrators of the organization"
    answer = reading.attempt("organizations", "ListDelegatedAdministrators", what)
    for administrator in answer.get("DelegatedAdministrators", ()):
        account = administrator["Id"]
        held = reading.attempt(
            "organizations",
            "ListDelegatedServicesForAccount",
            f"services that {account} administers",
            AccountId=account,
        )
        yield f"list-delegated-services-for-account/{account}.json", held
