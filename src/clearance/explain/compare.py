"""A policy's ARN or condition beside the request's: which field differs, and what that means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clearance.model.arn import Arn
from clearance.model.glob import Glob
from clearance.model.operators import OPERATORS
from clearance.model.policy import Condition, Effect
from clearance.model.request import Context, KeyState

__all__ = ["Difference", "condition_cause", "condition_remark", "difference", "is_tag", "nearest"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a resource pattern misses an ARN; ``broken``: no resource can ever fit the pattern."""

    pattern: str
    cause: str
    remark: str
    distance: int
    broken: bool = False


_FIELDS: Final = ("partition", "service", "region", "account")
_WEIGHTS: Final = {"partition": 1, "service": 8, "region": 2, "account": 2}
_FAR: Final = 100
_FUNCTION_PARTS: Final = 3


def nearest(patterns: Iterable[str], actual: str) -> Difference | None:
    """The pattern that misses by least."""
    found = [difference(pattern, actual) for pattern in patterns]
    return min(found, key=lambda each: each.distance, default=None)


def difference(pattern: str, actual: str) -> Difference:
    """Field by field.

    >>> function = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    >>> difference(function, f"{function}:prod").remark
    'qualifier `prod` is not covered'
    """
    have, want = Arn.find(pattern), Arn.find(actual)
    if want is None:
        remark = f"`{actual}` is not an ARN; only `*` covers it"
        return Difference(pattern, "identity.non_arn_resource", remark, 4)
    if have is None:
        return Difference(pattern, "identity.wrong_arn_kind", "this is not an ARN", _FAR)
    off = [name for name in _FIELDS if not _fits(getattr(have, name), getattr(want, name))]
    weight = sum(_WEIGHTS[name] for name in off)
    if not off:
        return _resource(have, want, pattern)
    says = " and ".join(
        f"{name} is `{getattr(have, name)}`, not `{getattr(want, name)}`" for name in off
    )
    same = _fits(have.resource, want.resource) or _loosely(have.resource, want.resource)
    if off == ["partition"] and same:
        return Difference(pattern, "identity.wrong_partition", says, weight, broken=True)
    if "service" not in off and same:
        return Difference(pattern, "identity.wrong_region_account", says, weight)
    return Difference(pattern, "identity.wrong_arn_kind", says, weight + 4)


def _fits(pattern: str, actual: str) -> bool:
    return Glob.of(pattern).matches(actual)


def _loosely(pattern: str, actual: str) -> bool:
    """The same thing but for a qualifier: a wrong Region matters more."""
    return pattern.split(":")[:2] == actual.split(":")[:2] and pattern.startswith("function:")


def _resource(have: Arn, want: Arn, pattern: str) -> Difference:
    """Everything before the resource fits; the resource does not."""
    if have.resource.lower() == want.resource.lower():
        return Difference(pattern, "identity.wrong_arn_kind", "the letter case differs", 1)
    if want.service == "lambda" and (found := _qualifier(have, want, pattern)):
        return found
    kind = "identity.wrong_arn_kind"
    if want.service == "s3" and want.resource.startswith(f"{have.resource}/"):
        return Difference(pattern, kind, "this is the bucket, not its objects", 1)
    if want.service == "s3" and have.resource in {f"{want.resource}/*", f"{want.resource}/"}:
        return Difference(pattern, kind, "these are the objects, not the bucket", 1)
    if have.kind == want.kind and have.name == want.name:
        return Difference(pattern, kind, "the path differs", 2)
    if have.kind != want.kind and want.service in {"iam", "lambda", "sqs", "sns", "kms"}:
        remark = f"this is a {have.kind or have.service}, not a {want.kind or want.service}"
        return Difference(pattern, kind, remark, 6)
    return Difference(pattern, kind, "another name", 4)


def _qualifier(have: Arn, want: Arn, pattern: str) -> Difference | None:
    mine, asked = have.resource.split(":"), want.resource.split(":")
    if mine[0] != "function" or asked[0] != "function" or len(mine) < 2:  # noqa: PLR2004
        return None
    if not _fits(mine[1], asked[1]):
        return None
    if len(mine) > _FUNCTION_PARTS:
        remark = f"two qualifiers, `{':'.join(mine[2:])}`: no function has such an ARN"
        return Difference(pattern, "identity.double_qualifier", remark, 1, broken=True)
    if len(mine) < len(asked):
        remark = f"qualifier `{asked[2]}` is not covered"
        return Difference(pattern, "identity.qualifier", remark, 1)
    if len(mine) > len(asked):
        remark = f"only qualifier `{mine[2]}` is covered, and the call has none"
        return Difference(pattern, "identity.qualifier_unqualified_call", remark, 1)
    remark = f"qualifier `{mine[2]}`, not `{asked[2]}`"
    return Difference(pattern, "identity.qualifier", remark, 1)


def is_tag(key: str) -> bool:
    """True for keys about tags of the caller, the resource or the request."""
    folded = key.lower()
    return folded == "aws:tagkeys" or "tag/" in folded


_MFA: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
_ADDRESS: Final = frozenset({"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce"})
# Services fill in no default, so the key is there only when the caller sends the parameter.
_NO_DEFAULT: Final = frozenset({"secretsmanager:versionstage", "secretsmanager:versionid"})
_BOUNDARY: Final = "iam:permissionsboundary"
# Who the caller is and whose the resource: without the key it is nobody's of an organization.
_WHOSE: Final = ("aws:principal", "aws:resourceorg", "aws:resourceaccount", "aws:sourceorg")


def condition_cause(condition: Condition, context: Context, effect: Effect) -> str | None:
    """The cause a condition alone tells: a kind of key, or a key that is not there."""
    key = condition.key.lower()
    absent = context.state(condition.key) is not KeyState.PRESENT
    if key in _MFA:
        return "cond.mfa"
    if key == _BOUNDARY:
        return "boundary.required"
    if key in _NO_DEFAULT and absent:
        return "cond.absent_key_default"
    if is_tag(condition.key):
        return "cond.abac"
    if effect is Effect.DENY and key in _ADDRESS:
        return "cond.source_ip"
    null = OPERATORS[condition.operator].positive == "Null"
    if key.startswith(_WHOSE):
        return None
    if absent and not null and not (effect is Effect.ALLOW and condition.if_exists):
        return "cond.absent_key"
    return None


def condition_remark(condition: Condition, context: Context) -> str:
    """What of a condition differs."""
    match context.state(condition.key):
        case KeyState.PRESENT:
            return _value_remark(condition, context)
        case KeyState.ABSENT:
            return "the request has no such key"
    return "nobody told the value; read as absent"


def _value_remark(condition: Condition, context: Context) -> str:
    values = context.get(condition.key) or ()
    wanted = {value.lower() for value in condition.values}
    if any(value.lower() in wanted for value in values):
        return "the letter case differs" if not set(values) & set(condition.values) else ""
    if len(condition.values) == 1 and len(values) == 1:
        have, want = Arn.find(condition.values[0]), Arn.find(values[0])
        if have and want:
            off = [name for name in _FIELDS if not _fits(getattr(have, name), getattr(want, name))]
            if off:
                return f"{' and '.join(off)} differ" + ("" if len(off) > 1 else "s")
            if "arn:" in have.resource:
                return "an ARN stands inside the ARN"
            return "another resource"
    return ""
