"""Decisions in the shape of AWS's ``iam-toolbox`` API (GetRequestAuthorizationDetails)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from clearance.model.decision import Check, CheckType, Decision, Matched
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.request import Request

__all__ = ["details", "evaluation"]

_TYPES: Final = {
    PolicyType.IDENTITY: "IDENTITY_BASED_POLICY",
    PolicyType.RESOURCE: "RESOURCE_BASED_POLICY",
    PolicyType.TRUST: "RESOURCE_BASED_POLICY",
    PolicyType.BOUNDARY: "PERMISSIONS_BOUNDARY",
    PolicyType.SESSION: "SESSION_POLICY",
    PolicyType.SCP: "SERVICE_CONTROL_POLICY",
    PolicyType.RCP: "RESOURCE_CONTROL_POLICY",
    PolicyType.VPC_ENDPOINT: "VPC_ENDPOINT_POLICY",
}
_RELEVANT: Final = {
    CheckType.RESOURCE_CONTROL_POLICY: "RESOURCE_CONTROL_POLICY",
    CheckType.SERVICE_CONTROL_POLICY: "SERVICE_CONTROL_POLICY",
    CheckType.VPC_ENDPOINT: "VPC_ENDPOINT_POLICY",
    CheckType.RESOURCE: "RESOURCE_BASED_POLICY",
    CheckType.PRINCIPAL: "IDENTITY_BASED_POLICY",
    CheckType.PERMISSIONS_BOUNDARY: "PERMISSIONS_BOUNDARY",
    CheckType.SESSION: "SESSION_POLICY",
}


def evaluation(decision: Decision) -> dict[str, Any]:
    """One decision as an ``Evaluation``."""
    request = decision.request
    return {
        "action": request.action,
        "resource": request.resource,
        "context": _context(request),
        "evaluatedEffect": decision.effect.value,
        "checks": [_check(check) for check in decision.checks],
    }


def details(decisions: Iterable[Decision]) -> dict[str, Any]:
    """Everything that GetRequestAuthorizationDetails answers about one request."""
    found = tuple(decisions)
    policies: dict[str, dict[str, Any]] = {}
    for decision in found:
        for check in decision.checks:
            for attached in check.policies:
                entry = policies.setdefault(attached.uri, _policy(attached))
                to = {"arn": attached.attached_to}
                is_arn = (attached.attached_to or "").startswith("arn:")
                if is_arn and to not in entry["attachedTo"]:
                    entry["attachedTo"].append(to)
    return {
        "requestContext": _context(found[0].request) if found else {},
        "evaluations": [evaluation(decision) for decision in found],
        "policies": list(policies.values()),
    }


def _context(request: Request) -> dict[str, str | list[str]]:
    """Context keys as AWS spells them; one value stands alone."""
    return {
        value.key: list(value.values) if value.multivalued else value.values[0]
        for value in request.context.values.values()
        if value.values
    }


def _check(check: Check) -> dict[str, Any]:
    matched: dict[str, list[Matched]] = {}
    for each in (*check.denies, *check.allows):
        matched.setdefault(each.policy.uri, []).append(each)
    shown: dict[str, Any] = {
        "checkType": check.type.name,
        "evaluatedEffect": check.effect.value,
        "relevantPolicyTypes": [_RELEVANT[check.type]],
        "matchedPolicies": [
            {"uri": uri, "matchedStatements": [_statement(each) for each in statements]}
            for uri, statements in matched.items()
        ],
    }
    return {**shown, "targetArn": check.target} if check.target else shown


def _statement(matched: Matched) -> dict[str, str]:
    shown = {"evaluatedEffect": matched.statement.effect.name}
    return {"sid": matched.statement.sid, **shown} if matched.statement.sid else shown


def _policy(attached: AttachedPolicy) -> dict[str, Any]:
    source = {"arn": attached.arn} if attached.arn else {"name": attached.name}
    return {
        "type": _TYPES[attached.type],
        "inline": attached.arn is None,
        "uri": attached.uri,
        "attachedTo": [],
        "policySource": source,
    }
