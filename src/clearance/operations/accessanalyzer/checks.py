"""CheckNoNewAccess, CheckAccessNotGranted and CheckNoPublicAccess, proven (R245-R247)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.model.catalog import Catalog
from clearance.model.errors import PolicyError
from clearance.model.policy import Policy, PolicyType
from clearance.operations.call import Input, Output
from clearance.operations.fault import OperationError
from clearance.parse.document import parse_policy
from clearance.prove.answer import Answer, Verdict
from clearance.prove.compare import World, within
from clearance.prove.granted import access_not_granted
from clearance.prove.public import no_public_access, policy_type_of

__all__ = ["check_access_not_granted", "check_no_new_access", "check_no_public_access"]

_TYPES: Final = {
    "IDENTITY_POLICY": PolicyType.IDENTITY,
    "RESOURCE_POLICY": PolicyType.RESOURCE,
}
_MOST: Final = 100


def check_no_new_access(given: Input, catalog: Catalog) -> Output:
    """R246: PASS when everything the new policy allows is allowed by the existing one."""
    kind = _TYPES[str(given["policyType"])]
    new = _policy(given["newPolicyDocument"], kind)
    existing = _policy(given["existingPolicyDocument"], kind)
    answer = within(new, existing, World(catalog=catalog))
    return _result(
        answer,
        "The modified permissions do not grant new access compared to your existing policy.",
        "The modified permissions grant new access compared to your existing policy.",
        "New access",
    )


def check_access_not_granted(given: Input, catalog: Catalog) -> Output:
    """R245: PASS when none of the actions is granted on any of the resources."""
    access = given["access"]
    if len(access) != 1:
        raise _invalid("access must hold exactly one entry")
    asked: Mapping[str, Any] = access[0]
    actions, resources = list(asked.get("actions") or ()), list(asked.get("resources") or ())
    if not actions and not resources:
        raise _invalid("access must hold actions or resources")
    if len(actions) > _MOST or len(resources) > _MOST:
        raise _invalid(f"access may hold at most {_MOST} actions and {_MOST} resources")
    policy = _policy(given["policyDocument"], _TYPES[str(given["policyType"])])
    answer = access_not_granted(policy, actions, resources, World(catalog=catalog))
    return _result(
        answer,
        "The policy document does not grant access to perform the listed actions or resources.",
        "The policy document grants access to perform one or more of the listed actions or "
        "resources.",
        "One or more of the listed actions or resources",
    )


def check_no_public_access(given: Input, catalog: Catalog) -> Output:
    """R247: PASS when no stranger is let in."""
    policy = _policy(given["policyDocument"], policy_type_of(str(given["resourceType"])))
    return _result(
        no_public_access(policy, World(catalog=catalog)),
        "The resource policy does not grant public access for the given resource type.",
        "The resource policy grants public access for the given resource type.",
        "Public access granted",
    )


def _policy(text: object, kind: PolicyType) -> Policy:
    try:
        return parse_policy(str(text), kind, strict=False)
    except PolicyError as error:
        raise _invalid(str(error)) from None


def _invalid(problem: str) -> OperationError:
    return OperationError("InvalidParameterException", problem)


def _result(answer: Answer, passed: str, failed: str, reason: str) -> Output:
    """What could not be proven does not pass: FAIL means that access "might" be allowed (R245)."""
    if answer.verdict is Verdict.PROVEN:
        return {"result": "PASS", "message": passed}
    statement = answer.witness.statement if answer.witness else None
    if statement is None:
        described = f"{reason} could not be ruled out: {answer.reason or 'no proof was found'}"
        return {"result": "FAIL", "message": failed, "reasons": [{"description": described}]}
    described = f"{reason} in the statement with index: {statement.index}."
    where: dict[str, Any] = {"description": described, "statementIndex": statement.index}
    if statement.sid:
        where["statementId"] = statement.sid
    return {"result": "FAIL", "message": failed, "reasons": [where]}
