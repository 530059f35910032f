"""ListPoliciesGrantingServiceAccess: which policies let an identity use a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from clearance.model.arn import Arn
from clearance.model.errors import PolicyError
from clearance.model.estate import Account, Estate, User
from clearance.model.glob import Glob
from clearance.model.policy import Effect, PolicyType, Statement
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import invalid_input, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import policy_name
from clearance.operations.iam.owners import GROUP, KINDS, Kind, Owner, account_of, named, table
from clearance.operations.iam.paging import page
from clearance.parse.document import parse_policy

__all__ = ["OPERATIONS"]


@dataclass(frozen=True, slots=True)
class Held:
    """A policy and how the answer names it."""

    text: str
    view: Mapping[str, str]


def list_policies_granting_service_access(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """For each service, the policies with a statement that allows something in it."""
    account = account_of(estate, call)
    kind, owner = _identity(account, given["Arn"])
    held = [*_held(estate, account, kind, owner)]
    sent, rest = page(given, dict.fromkeys(given["ServiceNamespaces"]), str)
    entries = [
        {
            "ServiceNamespace": service,
            "Policies": [dict(policy.view) for policy in held if _grants(policy.text, service)],
        }
        for service in sent
    ]
    return estate, {"PoliciesGrantingServiceAccess": entries, **rest}


def _identity(account: Account, text: str) -> tuple[Kind, Owner]:
    arn = Arn.find(text)
    kinds = {kind.noun: kind for kind in KINDS}
    if arn is None or arn.kind not in kinds:
        raise invalid_input(f"ARN {text} is not valid.")
    kind = kinds[arn.kind]
    owner = table(account, kind).get(arn.name)
    if owner is None or account.arn(kind.noun, owner.path, owner.name) != text:
        raise no_such_entity(f"ARN {text} was not found.")
    return kind, owner


def _held(estate: Estate, account: Account, kind: Kind, owner: Owner) -> Iterator[Held]:
    for name, text in owner.inline.items():
        view = {
            "PolicyName": name,
            "PolicyType": "INLINE",
            "EntityType": kind.noun.upper(),
            "EntityName": owner.name,
        }
        yield Held(text, view)
    for arn in owner.attached:
        view = {"PolicyName": policy_name(arn), "PolicyType": "MANAGED", "PolicyArn": arn}
        yield Held(estate.managed_text(arn) or "", view)
    if isinstance(owner, User):
        for group in owner.groups:
            yield from _held(estate, account, GROUP, named(account, GROUP, group))


def _grants(text: str, service: str) -> bool:
    try:
        policy = parse_policy(text, PolicyType.IDENTITY, strict=False)
    except PolicyError:
        return False  # such a policy grants nothing (R55)
    return any(_speaks_of(statement, service) for statement in policy.statements)


def _speaks_of(statement: Statement, service: str) -> bool:
    if statement.effect is not Effect.ALLOW:
        return False
    if statement.not_actions:
        whole = {"*", f"{service}:*", "*:*"}
        return not any(action.lower() in whole for action in statement.actions)
    return any(
        Glob.of(action.partition(":")[0], ignore_case=True).matches(service)
        for action in statement.actions
    )


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ListPoliciesGrantingServiceAccess": checked(
        list_policies_granting_service_access, "Arn", "ServiceNamespaces"
    ),
}
