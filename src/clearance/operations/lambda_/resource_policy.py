"""Put-, Get- and DeleteResourcePolicy: function policies as whole documents (R210a)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.model.errors import PolicyError
from clearance.model.estate import Estate
from clearance.model.policy import PolicyType
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Rule, Text, check
from clearance.operations.lambda_.faults import VALIDATION, invalid, missing
from clearance.operations.lambda_.permissions import MAX_POLICY, refuse_stale, save_policy
from clearance.operations.lambda_.principals import pins_of
from clearance.operations.lambda_.resolve import LATEST, ResolvedFunction, resolve
from clearance.parse.document import parse_policy

__all__ = ["OPERATIONS"]

_RULES: Final[dict[str, Rule]] = {
    "ResourceArn": Text(
        0,
        512,
        r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}"
        r":(function:[a-zA-Z0-9-_]+(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_])+)?"
        r"|runtime/[a-zA-Z0-9-_./]+)",
    ),
    "Policy": Text(1, MAX_POLICY),
    "RevisionId": Text(36, 36, r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
}
_NOT_THERE: Final = "The resource you requested does not exist."


def put_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Replace the whole policy, statements of AddPermission included."""
    check(given, _RULES, VALIDATION, required=("ResourceArn", "Policy"))
    what = _target(estate, call, given)
    if what.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    refuse_stale(what, given, "GetResourcePolicy")
    text = given["Policy"]
    try:
        policy = parse_policy(text, PolicyType.RESOURCE)
    except PolicyError as error:
        raise invalid(f"The provided policy is not valid: {error}") from error
    named = [arn for s in policy.statements if s.principals for arn in s.principals.aws]
    estate, revision = save_policy(estate, what, text, call, pins_of(estate, named))
    return estate, {"Policy": text, "RevisionId": revision}


def get_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The policy as a whole."""
    check(given, _RULES, VALIDATION, required=("ResourceArn",))
    what = _target(estate, call, given)
    policy = what.function.policies.get(what.qualifier)
    if policy is None:
        raise missing(_NOT_THERE)
    return estate, {"Policy": policy.text, "RevisionId": policy.revision_id}


def delete_resource_policy(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove the policy."""
    check(given, _RULES, VALIDATION, required=("ResourceArn",))
    what = _target(estate, call, given)
    if what.qualifier not in what.function.policies:
        raise missing(_NOT_THERE)
    refuse_stale(what, given, "GetResourcePolicy")
    estate, _ = save_policy(estate, what, None, call, {})
    return estate, {}


def _target(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    if ":runtime/" in given["ResourceArn"]:
        raise missing(_NOT_THERE)
    return resolve(estate, call.account, call.region, given["ResourceArn"])


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteResourcePolicy": delete_resource_policy,
    "GetResourcePolicy": get_resource_policy,
    "PutResourcePolicy": put_resource_policy,
}
