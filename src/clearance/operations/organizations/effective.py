"""DescribeEffectivePolicy: what an account's management policies come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from clearance.model.estate import Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.organizations.attachments import MANAGEMENT
from clearance.operations.organizations.faults import bad_input, fault
from clearance.operations.organizations.inheritance import effective
from clearance.operations.organizations.members import checked
from clearance.operations.organizations.place import member

__all__ = ["OPERATIONS"]


def describe_effective_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policies of one type from the root down to an account, merged.

    "Call from the management account for any account, from a member for itself"; SCPs and RCPs
    are not merged but each evaluated.
    """
    checked(given, "PolicyType")
    organization = member(estate, call)
    kind, target = given["PolicyType"], given.get("TargetId") or call.account
    if call.account not in {target, organization.management_account}:
        raise fault("AccessDeniedException")
    if kind not in MANAGEMENT:
        raise bad_input("INVALID_ENUM_POLICY_TYPE")
    if target not in organization.accounts:
        raise fault("TargetNotFoundException")
    levels = [
        [json.loads(policy.text) for policy in organization.attached(place, kind)]
        for place in organization.path_of(target)
    ]
    if kind not in organization.enabled or not any(levels):
        raise fault("EffectivePolicyNotFoundException")
    content = json.dumps(effective(levels), separators=(",", ":"))
    shown = {"PolicyContent": content, "TargetId": target, "PolicyType": kind}
    return estate, {"EffectivePolicy": shown}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DescribeEffectivePolicy": describe_effective_policy,
}
