"""A decision on a terminal: the verdict, one line a layer, what came nearest, what is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from clearance.explain.nearest import NearMiss, near_misses
from clearance.model.decision import (
    Check,
    CheckEffect,
    CheckType,
    Decision,
    DecisionEffect,
    Matched,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["decision_json", "show_decision"]

_VERDICT: Final = {
    DecisionEffect.ALLOW: ("ALLOWED", "bold green"),
    DecisionEffect.IMPLICIT_DENY: ("DENIED", "bold red"),
    DecisionEffect.EXPLICIT_DENY: ("DENIED", "bold red"),
}
_STYLE: Final = {
    CheckEffect.ALLOW: "green",
    CheckEffect.NO_IMPACT: "dim",
    CheckEffect.IMPLICIT_DENY: "red",
    CheckEffect.EXPLICIT_DENY: "red",
}


def show_decision(console: Console, decision: Decision, *, verbose: bool = False) -> None:
    """Print a decision."""
    from rich.text import Text

    word, style = _VERDICT[decision.effect]
    request = decision.request
    console.print(Text(word, style), Text(f"{request.action}  by {request.principal.display}"))
    console.print(f"{'':<{len(word)}} on {request.resource}")
    if decision.effect is not DecisionEffect.ALLOW:
        kind = "explicit" if decision.effect is DecisionEffect.EXPLICIT_DENY else "implicit"
        console.print(f"{'':<{len(word)}} ({kind} deny)", style="dim")
    console.print()
    for check in decision.checks:
        if not verbose and not check.policies and check.effect is CheckEffect.NO_IMPACT:
            continue
        line = Text(f"  {check.type.value:<25} ")
        line.append(f"{check.effect.value:<14} ", _STYLE[check.effect])
        line.append(check.because + _where(check))
        console.print(line, soft_wrap=True)
        for miss in near_misses(decision, check, most=3 if verbose else 1):
            for text in _miss_lines(miss):
                console.print(f"      {text}", style="dim", soft_wrap=True)
    for key in decision.undecided:
        console.print(f"\nundecided: `{key.key}` was not told; read as absent", style="yellow")
        for test in key.tests:
            console.print(f"  {test}", soft_wrap=True)
    for note in decision.notes:
        console.print(f"\nnote {note.rule}: {note.text}", style="cyan", soft_wrap=True)


def _where(check: Check) -> str:
    """Organization policies are asked level by level: say which one this is."""
    levels = {CheckType.SERVICE_CONTROL_POLICY, CheckType.RESOURCE_CONTROL_POLICY}
    return f"  at {check.target}" if check.type in levels and check.target else ""


def _miss_lines(miss: NearMiss) -> Iterator[str]:
    yield f"nearest: {miss.policy.name}, {miss.trace.statement.label}"
    for element in miss.failures:
        name = element.name
        if element.condition is not None:
            name = f"{element.condition.name} {element.condition.key}"
        yield f"  {name}: {', '.join(element.wanted)}"
        yield f"  {'request':<{len(name)}}: {', '.join(element.actual) or '(absent)'}"


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision for machines, in the words of AWS's ``iam-toolbox``."""
    request = decision.request
    return {
        "principal": request.principal.display,
        "action": request.action,
        "resource": request.resource,
        "evaluatedEffect": decision.effect.value,
        "checks": [
            {
                "checkType": check.type.name,
                "evaluatedEffect": check.effect.value,
                "targetArn": check.target,
                "matchedPolicies": [_matched_json(m) for m in (*check.denies, *check.allows)],
            }
            for check in decision.checks
        ],
        "undecidedKeys": [{"key": k.key, "tests": list(k.tests)} for k in decision.undecided],
        "notes": [{"rule": note.rule, "text": note.text} for note in decision.notes],
    }


def _matched_json(matched: Matched) -> dict[str, Any]:
    return {
        "uri": matched.policy.uri,
        "name": matched.policy.name,
        "sid": matched.statement.sid,
        "statement": matched.statement.index,
        "evaluatedEffect": matched.statement.effect.name,
    }
