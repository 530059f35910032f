"""Explanations as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from clearance.explain.explanation import Explanation
from clearance.explain.findings import (
    Blocker,
    Cause,
)

__all__ = ["sarif"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(explanations: Iterable[Explanation]) -> dict[str, Any]:
    """One run with one result a blocker; a rule is a cause."""
    results = [result for each in explanations for result in _results(each)]
    rules = {result["ruleId"]: {"id": result["ruleId"]} for result in results}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "clearance", "rules": list(rules.values())}},
                "results": results,
            }
        ],
    }


def _results(explanation: Explanation) -> list[dict[str, Any]]:
    if explanation.blockers:
        return [_blocked(explanation, blocker) for blocker in explanation.blockers]
    return [_caused(explanation, cause) for cause in explanation.causes[:1]]


def _blocked(explanation: Explanation, blocker: Blocker) -> dict[str, Any]:
    found = _caused(explanation, blocker.cause)
    place = blocker.policy_uri or blocker.check.target
    if place:
        location = {"logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}]}
        found["locations"] = [location]
    return found


def _caused(explanation: Explanation, cause: Cause) -> dict[str, Any]:
    request = explanation.decision.request if explanation.decision else None
    asked = (
        f"{request.action} on {request.resource} by {request.principal.display}: "
        if request
        else ""
    )
    fix = explanation.fix
    advice = f" Fix: {fix.title}." if fix is not None else ""
    return {
        "ruleId": cause.id,
        "level": "error",
        "message": {"text": f"{asked}{cause.because}.{advice}"},
    }
