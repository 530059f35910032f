"""Managed policies on users, groups and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import attachable, is_aws_managed, policy_name
from clearance.operations.iam.owners import (
    KINDS,
    Kind,
    account_of,
    keep,
    modifiable,
    owner_named,
    with_owner,
)
from clearance.operations.iam.paging import page
from clearance.operations.iam.views import attached_view

__all__ = ["OPERATIONS", "by_name", "path_of"]


def by_name(arn: str) -> str:
    """A sort key for policy ARNs: the name, AWS's own behind a namesake of the customer's."""
    return f"{policy_name(arn)}{'/aws' if is_aws_managed(arn) else ''}"


def path_of(arn: str) -> str:
    """The path in a policy's ARN."""
    return arn.split(":", 5)[5].removeprefix("policy").removesuffix(policy_name(arn))


def _attach(kind: Kind) -> Operation:
    def attach_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        owner = modifiable(owner_named(account, kind, given))
        arn = attachable(estate, account, given["PolicyArn"])
        if arn in owner.attached:
            return estate, {}
        quota, limit = kind.attached_quota
        if len(owner.attached) >= limit:
            raise over_quota(quota, limit)
        changed = replace(owner, attached=(*owner.attached, arn))
        return keep(estate, with_owner(account, kind, changed))

    return attach_policy


def _detach(kind: Kind) -> Operation:
    def detach_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        account = account_of(estate, call)
        owner = modifiable(owner_named(account, kind, given))
        arn = given["PolicyArn"]
        if arn not in owner.attached:
            raise no_such_entity(f"Policy {arn} was not found.")
        left = tuple(held for held in owner.attached if held != arn)
        return keep(estate, with_owner(account, kind, replace(owner, attached=left)))

    return detach_policy


def _list(kind: Kind) -> Operation:
    def list_attached(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        owner = owner_named(account_of(estate, call), kind, given)
        prefix = given.get("PathPrefix", "/")
        arns = (arn for arn in owner.attached if path_of(arn).startswith(prefix))
        sent, rest = page(given, arns, by_name)
        return estate, {"AttachedPolicies": [attached_view(arn) for arn in sent], **rest}

    return list_attached


OPERATIONS: Final[Mapping[str, Operation]] = {
    name: operation
    for kind in KINDS
    for noun in [kind.noun.capitalize()]
    for name, operation in (
        (f"Attach{noun}Policy", checked(_attach(kind), kind.member, "PolicyArn")),
        (f"Detach{noun}Policy", checked(_detach(kind), kind.member, "PolicyArn")),
        (f"ListAttached{noun}Policies", checked(_list(kind), kind.member)),
    )
}
