"""A decision in the simulator's shapes (R232-R236)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.decision import (
    Check,
    CheckEffect,
    CheckType,
    Decision,
    DecisionEffect,
    Matched,
)
from clearance.model.errors import Span
from clearance.model.request import KeyState
from clearance.parse.reading import spans

__all__ = ["result_of"]

_WORDS: Final = {
    DecisionEffect.ALLOW: "allowed",
    DecisionEffect.IMPLICIT_DENY: "implicitDeny",
    DecisionEffect.EXPLICIT_DENY: "explicitDeny",
}
_CHECK_WORDS: Final = {
    CheckEffect.ALLOW: "allowed",
    CheckEffect.NO_IMPACT: "implicitDeny",
    CheckEffect.IMPLICIT_DENY: "implicitDeny",
    CheckEffect.EXPLICIT_DENY: "explicitDeny",
}
# "the most restrictive" comes first.
_SEVERITY: Final = ("explicitDeny", "implicitDeny", "allowed")
_LISTED: Final = (CheckType.PRINCIPAL, CheckType.RESOURCE)


def result_of(
    action: str,
    decisions: Sequence[tuple[str, Decision]],
    *,
    keys: Sequence[str],
    template: str,
    specific: bool,
    bounded: bool,
    governed: bool,
) -> dict[str, Any]:
    """One EvaluationResult: an action on one resource or several."""
    each = [_resource_result(r, d, keys, specific=specific, bounded=bounded) for r, d in decisions]
    worst = min((r["EvalResourceDecision"] for r in each), key=_SEVERITY.index)
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": template,
        "EvalDecision": worst,
        "MatchedStatements": _union(r["MatchedStatements"] for r in each),
        "MissingContextValues": _union(r["MissingContextValues"] for r in each),
    }
    if governed:
        allowed = all(_organizations_allow(decision) for _, decision in decisions)
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
    if bounded:
        result["PermissionsBoundaryDecisionDetail"] = {
            "AllowedByPermissionsBoundary": all(_boundary_allows(d) for _, d in decisions)
        }
    if specific:
        result["ResourceSpecificResults"] = each
        details = [r["EvalDecisionDetails"] for r in each]
        result["EvalDecisionDetails"] = {
            kind: min((d[kind] for d in details if kind in d), key=_SEVERITY.index)
            for kind in dict.fromkeys(kind for d in details for kind in d)
        }
    return result


def _resource_result(
    resource: str, decision: Decision, keys: Sequence[str], *, specific: bool, bounded: bool
) -> dict[str, Any]:
    missing = [k for k in keys if decision.request.context.state(k) is KeyState.UNKNOWN]
    result: dict[str, Any] = {
        "EvalResourceName": resource,
        "EvalResourceDecision": _WORDS[decision.effect],
        "MatchedStatements": _matched(decision),
        "MissingContextValues": missing,
    }
    if bounded:
        result["PermissionsBoundaryDecisionDetail"] = {
            "AllowedByPermissionsBoundary": _boundary_allows(decision)
        }
    if specific:
        result["EvalDecisionDetails"] = _details(decision)
    return result


def _details(decision: Decision) -> dict[str, str]:
    """What each side says, for a caller and a resource in different accounts (R232)."""
    request = decision.request
    arn = Arn.find(request.resource)
    owner = (arn.account if arn else "") or request.resource_account
    if owner == request.principal.account or not _organizations_allow(decision):
        return {}
    names = {CheckType.PRINCIPAL: "IAM Policy", CheckType.RESOURCE: "Resource Policy"}
    return {
        names[check.type]: _CHECK_WORDS[check.effect]
        for check in decision.checks
        if check.type in names
    }


def _organizations_allow(decision: Decision) -> bool:
    return not any(
        check.blocks for check in decision.checks if check.type is CheckType.SERVICE_CONTROL_POLICY
    )


def _boundary_allows(decision: Decision) -> bool:
    """True when the boundary has a matching Allow and no matching Deny."""
    checks = [c for c in decision.checks if c.type is CheckType.PERMISSIONS_BOUNDARY]
    return all(bool(check.allows) and not check.denies for check in checks)


def _matched(decision: Decision) -> list[dict[str, Any]]:
    """Denies if there are any, else Allows; statements of SCPs are not listed."""
    checks: list[Check] = [c for c in decision.checks if c.type in _LISTED]
    denies = [m for check in checks for m in check.denies]
    return [_statement(m) for m in denies or [m for check in checks for m in check.allows]]


def _statement(matched: Matched) -> dict[str, Any]:
    name, kind = _source(matched)
    statement: dict[str, Any] = {"SourcePolicyId": name, "SourcePolicyType": kind}
    span = _place(matched.policy.text or "", matched.statement.index)
    if span is not None:
        statement["StartPosition"] = {"Line": span.line, "Column": span.column}
        statement["EndPosition"] = {"Line": span.end_line, "Column": span.end_column}
    return statement


def _source(matched: Matched) -> tuple[str, str]:
    policy = matched.policy
    if policy.arn is not None:
        return policy.name, "aws-managed" if ":aws:policy/" in policy.arn else "user-managed"
    if policy.name == "ResourcePolicy":
        return policy.name, "resource"
    holder = Arn.find(policy.attached_to or "")
    if holder is None:
        return policy.name, "none"
    kind, _, path = holder.resource.partition("/")
    return f"{kind}_{path.rsplit('/', 1)[-1]}_{policy.name}", kind


@lru_cache(maxsize=512)
def _place(text: str, index: int) -> Span | None:
    """Where a statement stands in its policy's text; lines and columns from one (R234)."""
    found = spans(text)
    return found.get(("Statement", index)) or found.get(("Statement",))


def _union(lists: Iterable[list[Any]]) -> list[Any]:
    found: list[Any] = []
    for items in lists:
        found += [item for item in items if item not in found]
    return found
