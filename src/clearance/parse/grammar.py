"""What each type of policy may contain (R8), as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from clearance.model.policy import PolicyType

__all__ = ["GRAMMARS", "STATEMENT_KEYS", "TOP_LEVEL_KEYS", "Grammar", "Presence"]


class Presence(Enum):
    """Whether an element must, may or must not be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


R, O, F = Presence.REQUIRED, Presence.OPTIONAL, Presence.FORBIDDEN  # noqa: E741


@dataclass(frozen=True, slots=True)
class Grammar:
    """The shape of one policy type.

    ``everyone_only``: the Principal must be ``"*"``. ``deny_only``: AWS refuses an Allow that a
    customer writes. ``needs_version``: Version 2012-10-17 must be written. ``plain_sids``: a Sid
    holds only letters and digits and is unique. ``whole_arns``: an ARN has all six parts (R39).
    ``named_actions``: ``*`` alone is no action. All from ``deny_only`` on bind what is saved, not
    what is evaluated.
    """

    principal: Presence
    resource: Presence
    not_principal: bool = False
    not_action: bool = True
    id: bool = True
    everyone_only: bool = False
    deny_only: bool = False
    needs_version: bool = False
    plain_sids: bool = False
    whole_arns: bool = False
    named_actions: bool = False


IDENTITY: Final = Grammar(principal=F, resource=R, id=False, plain_sids=True)

GRAMMARS: Final[Mapping[PolicyType, Grammar]] = {
    PolicyType.IDENTITY: IDENTITY,
    PolicyType.BOUNDARY: IDENTITY,
    PolicyType.SESSION: replace(IDENTITY, whole_arns=True),
    # Some services (Lambda layers, ECR repositories, private API stages) leave Resource out of
    # what they print; the policy then speaks about the thing it hangs on.
    PolicyType.RESOURCE: Grammar(principal=R, resource=O, not_principal=True),
    PolicyType.TRUST: Grammar(principal=R, resource=F),
    PolicyType.SCP: Grammar(principal=F, resource=R, needs_version=True),
    PolicyType.RCP: Grammar(
        principal=R,
        resource=R,
        not_action=False,
        everyone_only=True,
        deny_only=True,
        named_actions=True,
        needs_version=True,
    ),
    PolicyType.VPC_ENDPOINT: Grammar(principal=R, resource=R, not_principal=True),
}

TOP_LEVEL_KEYS: Final = ("Version", "Id", "Statement")
STATEMENT_KEYS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
