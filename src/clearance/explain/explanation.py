"""Explanation: everything there is to say about one denial, and its machine form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clearance.explain.denial import Denial
from clearance.explain.findings import (
    Blocker,
    Cause,
    Confidence,
    Fix,
    RuledOut,
    Unknown,
)
from clearance.explain.toolbox import details
from clearance.model.decision import Decision
from clearance.model.request import Request
from clearance.model.shown import Shown

__all__ = ["SCHEMA", "Explanation"]

SCHEMA: Final = "urn:clearance:explanation:1"


@dataclass(frozen=True, slots=True)
class Explanation(Shown):
    """Everything there is to say about one denial.

    ``causes`` are ranked, the first is the answer; ``agrees`` compares the estate's decision with
    what AWS stated (None: nothing to compare) and ``disagreement`` says what may explain a
    difference. ``decisions`` are those of all permissions the call needs, the denied one first.
    """

    request: Request | None
    decision: Decision | None
    stated: Denial | None = None
    agrees: bool | None = None
    disagreement: str | None = None
    blockers: tuple[Blocker, ...] = ()
    causes: tuple[Cause, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    fixes: tuple[Fix, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    next_steps: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> Cause | None:
        """The first cause."""
        return next(iter(self.causes), None)

    @property
    def fix(self) -> Fix | None:
        """The first fix that was decided again and works."""
        return next((fix for fix in self.fixes if fix.works), None)

    @property
    def exit_code(self) -> int:
        """0 explained with a verified fix, 3 explained without, 4 not enough evidence."""
        if self.fix is not None:
            return 0
        enough = {Confidence.PROVEN}
        if self.decision is not None:
            enough.add(Confidence.CONSISTENT)
        return 3 if any(cause.confidence in enough for cause in self.causes) else 4

    def to_json(self) -> dict[str, Any]:
        """One object in the shape of ``docs/schemas/explanation.schema.json``."""
        return _json(self)


def _json(explanation: Explanation) -> dict[str, Any]:
    """Everything the explanation holds."""
    answer = details(explanation.decisions)
    return {
        "schema": SCHEMA,
        "input": dict(explanation.given),
        "stated": _stated(explanation.stated) if explanation.stated else None,
        "request": _request(explanation.request, explanation),
        "requestContext": answer["requestContext"],
        "evaluations": answer["evaluations"],
        "policies": answer["policies"],
        "agrees_with_stated": explanation.agrees,
        "disagreement": explanation.disagreement,
        "causes": [cause.to_json() for cause in explanation.causes],
        "blockers": [blocker.to_json() for blocker in explanation.blockers],
        "ruled_out": [{"cause_id": r.id, "because": r.because} for r in explanation.ruled_out],
        "fixes": [fix.to_json() for fix in explanation.fixes],
        "unknowns": [unknown.to_json() for unknown in explanation.unknowns],
        "next_steps": list(explanation.next_steps),
        "snapshot": {"missing": list(explanation.missing)},
        "exit_code": explanation.exit_code,
    }


def _stated(denial: Denial) -> dict[str, Any]:
    return {
        "form": denial.form.value,
        "principal": denial.principal.text if denial.principal else None,
        "action": denial.action,
        "resource": denial.resource,
        "effect": denial.effect.value if denial.effect else None,
        "policy_type": denial.policy_type.value if denial.policy_type else None,
        "policy_arn": denial.policy_arn,
        "via": denial.via.value if denial.via else None,
        "service_reason": denial.service_reason,
        "authorization_id": denial.authorization_id,
        "encoded": denial.encoded_message,
        "api_operation": denial.api_operation,
        "error_code": denial.error_code,
    }


def _request(request: Request | None, explanation: Explanation) -> dict[str, Any] | None:
    if request is None:
        return None
    decided = explanation.decision.request if explanation.decision else request
    principal = decided.principal
    return {
        "principal": {
            "arn": principal.display,
            "type": principal.kind.value,
            "account": principal.account,
            "unique_id": principal.unique_id,
            "session_name": principal.session_name,
            "role": principal.role_arn,
        },
        "action": decided.action,
        "resource": decided.resource,
        "context": {
            value.key: {"values": list(value.values), "origin": value.origin.value}
            for value in decided.context.values.values()
        },
    }
