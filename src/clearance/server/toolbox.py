"""IAM Toolbox and sts:DecodeAuthorizationMessage: the details of a denial (R238)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from clearance.model.decision import Check, CheckType, Decision, Matched
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.operations.call import Call, Input, Output
from clearance.operations.fault import OperationError
from clearance.server.denials import event_id, redecided
from clearance.server.world import World
from clearance.store.port import EventQuery
from clearance.store.seal import Unsealable

__all__ = ["MESSAGE_MARK", "decode_authorization_message", "request_details", "request_policy"]

# What an encoded message begins with; nothing else that is sealed does.
MESSAGE_MARK: Final = "authorization"
_TYPES: Final[Mapping[PolicyType, str]] = {
    PolicyType.IDENTITY: "IDENTITY_BASED_POLICY",
    PolicyType.RESOURCE: "RESOURCE_BASED_POLICY",
    PolicyType.TRUST: "RESOURCE_BASED_POLICY",
    PolicyType.BOUNDARY: "PERMISSIONS_BOUNDARY",
    PolicyType.SESSION: "SESSION_POLICY",
    PolicyType.SCP: "SERVICE_CONTROL_POLICY",
    PolicyType.RCP: "RESOURCE_CONTROL_POLICY",
    PolicyType.VPC_ENDPOINT: "VPC_ENDPOINT_POLICY",
}
_RELEVANT: Final[Mapping[CheckType, str]] = {
    CheckType.RESOURCE_CONTROL_POLICY: "RESOURCE_CONTROL_POLICY",
    CheckType.SERVICE_CONTROL_POLICY: "SERVICE_CONTROL_POLICY",
    CheckType.VPC_ENDPOINT: "VPC_ENDPOINT_POLICY",
    CheckType.RESOURCE: "RESOURCE_BASED_POLICY",
    CheckType.PRINCIPAL: "IDENTITY_BASED_POLICY",
    CheckType.PERMISSIONS_BOUNDARY: "PERMISSIONS_BOUNDARY",
    CheckType.SESSION: "SESSION_POLICY",
}


def request_details(world: World, call: Call, given: Input) -> Output:
    """GetRequestAuthorizationDetails."""
    event, decisions = _denial(world, call, given)
    policies = {p.uri: p for decision in decisions for p in _policies(decision)}
    return {
        "requestContext": {
            "requestId": event["requestID"],
            "eventTime": event["eventTime"],
            "eventSource": event["eventSource"],
            "eventName": event["eventName"],
            "awsRegion": event["awsRegion"],
            "principalArn": event["userIdentity"].get("arn", ""),
            "accountId": event["recipientAccountId"],
        },
        "evaluations": [_evaluation(decision) for decision in decisions],
        "policies": [_policy(policy) for policy in policies.values()],
    }


def request_policy(world: World, call: Call, given: Input) -> Output:
    """GetRequestAuthorizationPolicy: the text of one policy as it was."""
    _, decisions = _denial(world, call, given)
    for decision in decisions:
        for policy in _policies(decision):
            if policy.uri == given.get("policyUri") and policy.text is not None:
                return {"policyDocument": _document(policy.text)}
    raise _missing(f"Policy {given.get('policyUri')} took no part in this authorization.")


def decode_authorization_message(world: World, call: Call, given: Input) -> Output:
    """What is behind an encoded authorization failure message."""
    text = given.get("EncodedMessage") or ""
    try:
        opened = world.sealer.open(text + "=" * (-len(text) % 4))
        mark, account, decoded = json.loads(opened)
    except (Unsealable, ValueError, TypeError):
        mark, account, decoded = None, None, ""
    if mark != MESSAGE_MARK or account != call.account:
        raise OperationError("InvalidAuthorizationMessageException", "Message is not valid", 400)
    return {"DecodedMessage": decoded}


def _denial(world: World, call: Call, given: Input) -> tuple[Mapping[str, Any], list[Decision]]:
    identity = given.get("authorizationId") or ""
    found = event_id(identity)
    query = EventQuery(event_id=found or "-", account=call.account, limit=1)
    event = next(iter(world.store.events(query)), None)
    extra: Mapping[str, Any] = (event or {}).get("additionalEventData") or {}
    if event is None or extra.get("authorizationId") != identity:
        raise _missing(f"Authorization details {identity} do not exist.")
    when = datetime.fromisoformat(extra["requestTime"])
    estate = world.store.at(when)
    return event, [redecided(estate, kept, when) for kept in extra["requests"]]


def _missing(message: str) -> OperationError:
    return OperationError("ResourceNotFoundException", message, 404)


def _policies(decision: Decision) -> Iterator[AttachedPolicy]:
    for check in decision.checks:
        yield from check.policies


def _evaluation(decision: Decision) -> dict[str, Any]:
    context = decision.request.context.values.values()
    return {
        "action": decision.request.action,
        "resource": decision.request.resource,
        "context": {found.key: list(found.values) for found in context},
        "evaluatedEffect": decision.effect.value,
        "checks": [_check(check) for check in decision.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "checkType": check.type.name,
        "evaluatedEffect": check.effect.value,
        **({"targetArn": check.target} if check.target else {}),
        "relevantPolicyTypes": [_RELEVANT[check.type]],
        "matchedPolicies": _matched((*check.denies, *check.allows)),
    }


def _matched(found: Sequence[Matched]) -> list[dict[str, Any]]:
    statements: dict[str, list[dict[str, str]]] = {}
    for matched in found:
        statements.setdefault(matched.policy.uri, []).append(
            {"sid": matched.statement.label, "evaluatedEffect": matched.statement.effect.name}
        )
    return [{"uri": uri, "matchedStatements": items} for uri, items in statements.items()]


def _policy(policy: AttachedPolicy) -> dict[str, Any]:
    attached = policy.attached_to or ""
    return {
        "type": _TYPES[policy.type],
        "inline": policy.arn is None,
        "uri": policy.uri,
        "attachedTo": [{"arn": attached}] if attached.startswith("arn:") else [],
    }


def _document(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
