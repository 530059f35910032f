"""Policies of layer versions, statement by statement (R218)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import FunctionPolicy
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Rule, Text, check
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing, stale
from clearance.operations.lambda_.layers import FoundVersion, version_found, with_version
from clearance.operations.lambda_.permissions import refuse_long
from clearance.operations.lambda_.principals import principal_element

__all__ = ["OPERATIONS"]

_ADD: Final[dict[str, Rule]] = {
    "StatementId": Text(1, 100, r"([a-zA-Z0-9-_]+)"),
    "Action": Text(0, 22, r"lambda:GetLayerVersion"),
    "Principal": Text(0, 10000, r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root"),
    "OrganizationId": Text(0, 34, r"o-[a-z0-9]{10,32}"),
}
_NO_VERSION: Final = "Layer version {arn} does not exist."
_NO_POLICY: Final = "No policy is associated with the given resource."
_API: Final = "GetLayerVersionPolicy"


def add_layer_version_permission(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Let an account, everybody, or an organization use this version."""
    required = ("LayerName", "VersionNumber", "StatementId", "Action", "Principal")
    check(given, _ADD, VALIDATION, required=required)
    organization = given.get("OrganizationId")
    if organization and given["Principal"] != "*":
        raise invalid("OrganizationId can only be specified if principal is *")
    found = version_found(estate, call, given, _NO_VERSION)
    _refuse_stale(found, given)
    statements = _statements(found)
    sid = given["StatementId"]
    if any(statement.get("Sid") == sid for statement in statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id,"
            " or remove the existing statement."
        )
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal_element(estate, given["Principal"], found.account.partition),
        "Action": given["Action"],
        "Resource": found.arn,
    }
    if organization:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    estate, revision = _saved(estate, found, [*statements, statement], call)
    return estate, {"Statement": _written(statement), "RevisionId": revision}


def remove_layer_version_permission(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Take one statement out; with the last one the policy goes."""
    check(given, {}, VALIDATION, required=("LayerName", "VersionNumber", "StatementId"))
    found = version_found(estate, call, given, _NO_VERSION)
    statements, sid = _statements(found), given["StatementId"]
    kept = [statement for statement in statements if statement.get("Sid") != sid]
    if not statements:
        raise missing(_NO_POLICY)
    if len(kept) == len(statements):
        raise missing(f"Statement {sid} is not found in resource policy.")
    _refuse_stale(found, given)
    estate, _ = _saved(estate, found, kept, call)
    return estate, {}


def get_layer_version_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policy of a version."""
    check(given, {}, VALIDATION, required=("LayerName", "VersionNumber"))
    policy = version_found(estate, call, given, _NO_VERSION).version.policy
    if policy is None:
        raise missing(_NO_POLICY)
    return estate, {"Policy": policy.text, "RevisionId": policy.revision_id}


def _statements(found: FoundVersion) -> list[dict[str, Any]]:
    policy = found.version.policy
    statements: list[dict[str, Any]] = json.loads(policy.text)["Statement"] if policy else []
    return statements


def _saved(
    estate: Estate, found: FoundVersion, statements: list[dict[str, Any]], call: Call
) -> tuple[Estate, str]:
    revision = call.ports.uuid()
    policy = None
    if statements:
        text = _written({"Version": "2012-10-17", "Id": "default", "Statement": statements})
        refuse_long(text)
        policy = FunctionPolicy(text, revision)
    return with_version(estate, found, replace(found.version, policy=policy)), revision


def _refuse_stale(found: FoundVersion, given: Input) -> None:
    asked, policy = given.get("RevisionId"), found.version.policy
    if asked is not None and (policy is None or asked != policy.revision_id):
        raise stale(_API)


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AddLayerVersionPermission": add_layer_version_permission,
    "GetLayerVersionPolicy": get_layer_version_policy,
    "RemoveLayerVersionPermission": remove_layer_version_permission,
}
