"""ValidatePolicy: the findings about a document."""

from __future__ import annotations

from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.policy import PolicyType
from clearance.operations.call import Input, Output
from clearance.operations.fault import OperationError
from clearance.validate import validate
from clearance.validate.report import findings_json

__all__ = ["validate_policy"]

TRUST: Final = "AWS::IAM::AssumeRolePolicyDocument"
_TYPES: Final = {
    "IDENTITY_POLICY": PolicyType.IDENTITY,
    "RESOURCE_POLICY": PolicyType.RESOURCE,
    "SERVICE_CONTROL_POLICY": PolicyType.SCP,
    "RESOURCE_CONTROL_POLICY": PolicyType.RCP,
}
_PAGE: Final = 100


def validate_policy(given: Input, catalog: Catalog) -> Output:
    """R240: findings in the order of the text, a page at a time."""
    text, resource = str(given["policyDocument"]), given.get("validatePolicyResourceType")
    kind = _TYPES[str(given["policyType"])]
    if resource is not None and kind is not PolicyType.RESOURCE:
        raise OperationError(
            "ValidationException",
            "validatePolicyResourceType can only be used with the RESOURCE_POLICY policy type",
            members={"reason": "other"},
        )
    if resource == TRUST:
        kind, resource = PolicyType.TRUST, None
    findings = findings_json(text, validate(text, kind, catalog=catalog, resource=resource))
    start, size = _start(given.get("nextToken")), int(given.get("maxResults") or _PAGE)
    page = findings[start : start + size]
    more = {"nextToken": str(start + size)} if start + size < len(findings) else {}
    return {"findings": page, **more}


def _start(token: object) -> int:
    if token is None:
        return 0
    if isinstance(token, str) and token.isascii() and token.isdigit():
        return int(token)
    raise OperationError(
        "ValidationException", "Invalid nextToken", members={"reason": "fieldValidationFailed"}
    )
