"""What a function's role must be allowed to do before Lambda accepts a setting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from clearance.decide import authorize
from clearance.model.arn import Arn
from clearance.model.estate import Estate
from clearance.model.principal import Session
from clearance.model.request import Context, Request
from clearance.operations.sts.assume_role import find_role, session_of

__all__ = ["role_may"]


def role_may(
    estate: Estate, role_arn: str, actions: Iterable[str], resource: str, now: datetime
) -> bool:
    """True when a session of the role is allowed every one of these actions."""
    found, arn = find_role(estate, role_arn), Arn.find(resource)
    if found is None or arn is None:
        return False
    account, role = found
    principal = session_of(account, role, "awslambda", Session(issued=now, mfa=False))
    context = Context.of(
        {
            "aws:RequestedRegion": arn.region,
            "aws:SecureTransport": True,
            "aws:ViaAWSService": False,
        },
        complete=True,
    )
    owner = arn.account or None
    return all(
        authorize(estate, Request(principal, action, resource, context, owner), now=now).allowed
        for action in actions
    )
