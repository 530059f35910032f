"""KMS grants: an Allow for one principal on one key (R100).

A grant is read as the two policies that would say the same: a key policy statement that names the
grantee, and the grantee's own Allow, because "a grant or IAM policy in your account" is enough to
use a key (KMS guide, policy-evaluation).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from clearance.decide.attach import attach
from clearance.match.principal import namings
from clearance.model.arn import Arn
from clearance.model.estate import Estate, Grant
from clearance.model.policy import AttachedPolicy, PolicyType, Principals
from clearance.model.request import Request

__all__ = ["grants_for"]

NOBODY: Final[tuple[tuple[AttachedPolicy, ...], tuple[AttachedPolicy, ...]]] = ((), ())


def grants_for(
    estate: Estate, request: Request, account_id: str | None
) -> tuple[tuple[AttachedPolicy, ...], tuple[AttachedPolicy, ...]]:
    """The grants that name the caller: as key policies, and as policies of the caller."""
    account, arn = estate.account(account_id), Arn.find(request.resource)
    if account is None or arn is None or arn.service != "kms":
        return NOBODY
    key = account.resources.get(request.resource)
    if key is None or not key.grants:
        return NOBODY
    resource: list[AttachedPolicy] = []
    own: list[AttachedPolicy] = []
    for grant in key.grants:
        for who, operations in _holders(grant):
            if not namings(Principals(aws=(who,)), request.principal):
                continue
            name, condition = f"grant {grant.id}", _condition(grant)
            statement = {
                "Effect": "Allow",
                "Action": [f"kms:{operation}" for operation in operations],
                "Resource": key.arn,
                **({"Condition": condition} if condition else {}),
            }
            named = {**statement, "Principal": {"AWS": who}}
            resource.append(attach(_text(named), PolicyType.RESOURCE, name, to=key.arn))
            own.append(attach(_text(statement), PolicyType.IDENTITY, name, to=key.arn))
    return tuple(resource), tuple(own)


def _holders(grant: Grant) -> list[tuple[str, tuple[str, ...]]]:
    """Whoever may use the grant, and whoever may only retire it."""
    holders = [(grant.grantee, grant.operations)]
    if grant.retiring is not None:
        holders.append((grant.retiring, ("RetireGrant",)))
    return holders


def _condition(grant: Grant) -> dict[str, dict[str, object]]:
    """The grant's constraints, as conditions on the encryption context and the source."""
    pairs = {**grant.context_subset, **(grant.context_equals or {})}
    equals: dict[str, object] = {f"kms:EncryptionContext:{k}": v for k, v in pairs.items()}
    block: dict[str, dict[str, object]] = {"StringEquals": equals} if equals else {}
    if grant.context_equals is not None:
        # "Match the encryption context in the request exactly": no other key may be there.
        block["ForAllValues:StringEquals"] = {
            "kms:EncryptionContextKeys": list(grant.context_equals)
        }
    if grant.source_arn is not None:
        block["ArnLike"] = {"aws:SourceArn": grant.source_arn}
    return block


def _text(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
