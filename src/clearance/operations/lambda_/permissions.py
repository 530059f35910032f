"""AddPermission, RemovePermission, GetPolicy: function policies statement by statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import FunctionPolicy
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing, stale
from clearance.operations.lambda_.principals import pins_of, principal_element
from clearance.operations.lambda_.resolve import LATEST, ResolvedFunction, changed, resolve

__all__ = [
    "MAX_POLICY",
    "OPERATIONS",
    "permission_statement",
    "refuse_long",
    "refuse_stale",
    "save_policy",
]

MAX_POLICY: Final = 20480
_NO_POLICY: Final = "The resource you requested does not exist."
_ADD: Final[dict[str, Rule]] = {
    "StatementId": Text(1, 100, r"([a-zA-Z0-9-_]+)"),
    "Action": Text(0, 10000, r"(lambda:[*]|lambda:[a-zA-Z]+|[*])"),
    "Principal": Text(0, 2048, r"[^\s]+"),
    "SourceArn": Text(
        0,
        10000,
        r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
        r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)",
    ),
    "SourceAccount": Text(0, 12, r"\d{12}"),
    "EventSourceToken": Text(0, 256, r"[a-zA-Z0-9._\-]+"),
    "PrincipalOrgID": Text(12, 34, r"o-[a-z0-9]{10,32}"),
    "FunctionUrlAuthType": Choice(("NONE", "AWS_IAM")),
}
_REMOVE: Final[dict[str, Rule]] = {"StatementId": Text(1, 100, r"([a-zA-Z0-9-_.]+)")}
# The operator and the key that each member becomes, as Lambda writes them (R208).
_CONDITIONS: Final = (
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


def add_permission(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Add one statement to the policy of the function, version or alias."""
    check(given, _ADD, VALIDATION, required=("StatementId", "Action", "Principal"))
    what = _target(estate, call, given)
    if what.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    if given.get("FunctionUrlAuthType") and given["Action"] != "lambda:InvokeFunctionUrl":
        raise invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    refuse_stale(what, given, "GetPolicy")
    sid = given["StatementId"]
    document = _document(what)
    if any(statement.get("Sid") == sid for statement in document["Statement"]):
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id,"
            " or remove the existing statement."
        )
    statement = _statement(estate, what, given)
    document["Statement"].append(statement)
    named = statement["Principal"].get("AWS") if statement["Principal"] != "*" else None
    pins = {**_pins(what), **pins_of(estate, [named] if named else [])}
    estate, _ = save_policy(estate, what, _written(document), call, pins)
    return estate, {"Statement": _written(statement)}


def remove_permission(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove one statement; with the last one the policy goes."""
    check(given, _REMOVE, VALIDATION, required=("StatementId",))
    what = _target(estate, call, given)
    if what.qualifier not in what.function.policies:
        raise missing("No policy is associated with the given resource.")
    document = _document(what)
    sid = given["StatementId"]
    kept = [statement for statement in document["Statement"] if statement.get("Sid") != sid]
    if len(kept) == len(document["Statement"]):
        raise missing(f"Statement {sid} is not found in resource policy.")
    refuse_stale(what, given, "GetPolicy")
    text = _written({**document, "Statement": kept}) if kept else None
    estate, _ = save_policy(estate, what, text, call, _pins(what))
    return estate, {}


def get_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policy of the function, version or alias named, and of nothing else (R209)."""
    what = _target(estate, call, given)
    policy = what.function.policies.get(what.qualifier)
    if policy is None:
        raise missing(_NO_POLICY)
    return estate, {"Policy": policy.text, "RevisionId": policy.revision_id}


def save_policy(
    estate: Estate, what: ResolvedFunction, text: str | None, call: Call, pins: Mapping[str, str]
) -> tuple[Estate, str]:
    """The estate with this policy there, or none, and the new revision.

    The function, version or alias gets the same revision: a policy is part of it.
    """
    if text is not None:
        refuse_long(text)
    revision = call.ports.uuid()
    function, qualifier = what.function, what.qualifier
    policies = {q: policy for q, policy in function.policies.items() if q != qualifier}
    if text is not None:
        policies[qualifier] = FunctionPolicy(text, revision, dict(pins))
    function = replace(function, policies=policies)
    if what.alias is not None:
        alias = replace(what.alias, revision_id=revision)
        function = replace(function, aliases={**function.aliases, alias.name: alias})
    elif what.configuration.version == LATEST:
        function = replace(function, latest=replace(function.latest, revision_id=revision))
    else:
        version = replace(what.configuration, revision_id=revision)
        function = replace(function, versions={**function.versions, version.version: version})
    return changed(estate, what.account, function), revision


def refuse_long(text: str) -> None:
    """Refuse a policy beyond 20 KB (R219)."""
    size = len(text.encode())
    if size > MAX_POLICY:
        raise OperationError(
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit ({MAX_POLICY}).",
            400,
            {"Type": "User"},
        )


def refuse_stale(what: ResolvedFunction, given: Input, api: str) -> None:
    """Refuse a RevisionId that is neither the policy's nor that of what it is on."""
    asked = given.get("RevisionId")
    policy = what.function.policies.get(what.qualifier)
    own = what.alias.revision_id if what.alias else what.configuration.revision_id
    if asked is not None and asked not in {own, policy.revision_id if policy else own}:
        raise stale(api)


def _target(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    return resolve(
        estate, call.account, call.region, given.get("FunctionName") or "", given.get("Qualifier")
    )


def _document(what: ResolvedFunction) -> dict[str, Any]:
    policy = what.function.policies.get(what.qualifier)
    document: dict[str, Any] = (
        json.loads(policy.text)
        if policy
        else {"Version": "2012-10-17", "Id": "default", "Statement": []}
    )
    statements = document["Statement"]
    # PutResourcePolicy takes a single statement without its list.
    return {
        **document,
        "Statement": list(statements if isinstance(statements, list) else [statements]),
    }


def _statement(estate: Estate, what: ResolvedFunction, given: Input) -> dict[str, Any]:
    principal = principal_element(estate, given["Principal"], what.account.partition)
    return permission_statement(given, principal, what.arn)


def permission_statement(
    given: Input, principal: str | Mapping[str, str], arn: str
) -> dict[str, Any]:
    """The statement that AddPermission makes of its input (R208)."""
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in _CONDITIONS:
        value = given.get(member)
        if value is not None and value is not False:
            text = "true" if value is True else str(value)
            conditions.setdefault(operator, {})[key] = text
    statement: dict[str, Any] = {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": given["Action"],
        "Resource": arn,
    }
    return {**statement, "Condition": conditions} if conditions else statement


def _pins(what: ResolvedFunction) -> Mapping[str, str]:
    policy = what.function.policies.get(what.qualifier)
    return policy.pins if policy else {}


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AddPermission": add_permission,
    "GetPolicy": get_policy,
    "RemovePermission": remove_permission,
}
