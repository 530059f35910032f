"""An explanation as text: verdict, why, layers, look-alikes, fix, proof, what is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any, Final

from clearance.explain.denial import Form
from clearance.explain.edits import Edit, Place
from clearance.explain.explanation import Explanation
from clearance.explain.findings import (
    Cause,
    Confidence,
    Fix,
    Gain,
    Miss,
    Verified,
    adds_an_allow,
)
from clearance.explain.patch import patch
from clearance.model.decision import Check, CheckEffect, CheckType, DecisionEffect

__all__ = ["lines", "proof", "text"]

WIDTH: Final = 100
LONGEST: Final = 20
_MARGIN: Final = 8
_EDITS: Final = 3


def text(explanation: Explanation, *, verbose: bool = False) -> str:
    """At most 20 lines of 100 columns; ``verbose`` shows all that was found."""
    return "\n".join(lines(explanation, verbose=verbose))


def lines(explanation: Explanation, *, verbose: bool = False) -> tuple[str, ...]:
    """The text, line by line; parts give way from the least telling when it gets long."""
    parts = {
        "DENIED": list(_verdict(explanation)),
        "WHY": list(_why(explanation, verbose=verbose)),
        "LAYERS": list(_layers(explanation)),
        "NOT IT": list(_not_it(explanation, verbose=verbose)),
        "FIX": list(_fix(explanation, verbose=verbose)),
        "PROOF": list(_proof(explanation, verbose=verbose)),
        "UNKNOWN": list(_unknown(explanation, verbose=verbose)),
    }
    if verbose:
        parts["TRACE"] = list(_trace(explanation))
    refused = explanation.stated is not None and explanation.stated.form is Form.NO_POLICY
    verdict = "REFUSED" if refused else "DENIED"
    if explanation.stated is None and explanation.decision and explanation.decision.allowed:
        verdict = "ALLOWED"
    shown: dict[str, list[str]] = {
        verdict if name == "DENIED" else name: _wrapped(part) for name, part in parts.items()
    }
    if not verbose:
        _shorten(shown)
    return tuple(
        (f"{label if place == 0 else '':<{_MARGIN}}{line}").rstrip()
        for label, part in shown.items()
        for place, line in enumerate(part)
    )


def _wrapped(part: list[str]) -> list[str]:
    """Lines no wider than the page; long ARNs and documents may break anywhere."""
    found: list[str] = []
    for line in part:
        indent = " " * (len(line) - len(line.lstrip(" ")))
        found += wrap(
            line,
            WIDTH - _MARGIN,
            subsequent_indent=indent + "  ",
            break_on_hyphens=False,
            drop_whitespace=True,
        ) or [""]
    return found


# What gives way first, and how many lines of it must stay.
_GIVES: Final = (
    ("NOT IT", 1),
    ("UNKNOWN", 1),
    ("FIX", 4),
    ("PROOF", 3),
    ("WHY", 6),
    ("FIX", 2),
    ("PROOF", 2),
    ("WHY", 3),
)


def _shorten(shown: dict[str, list[str]]) -> None:
    for name, least in _GIVES:
        part = shown.get(name, [])
        while sum(map(len, shown.values())) > LONGEST and len(part) > least:
            part.pop()
            part[-1] = _cut(part[-1])


def _cut(line: str) -> str:
    if line.endswith(" (more: -v)"):
        return line
    return line[: WIDTH - _MARGIN - 11] + " (more: -v)"


def _verdict(explanation: Explanation) -> Iterator[str]:
    decision, stated = explanation.decision, explanation.stated
    if decision is None:
        if stated is None:
            return
        named = (stated.action, explanation.given.get("implied_action"), stated.api_operation)
        action = next((each for each in named if each), "a call")
        who = stated.principal.text if stated.principal else "somebody"
        early = stated.form is Form.NO_POLICY
        yield f"{action}  not by any policy" if early else f"{action}  by {who}"
        if stated.resource:
            yield f"on {stated.resource}"
        return
    request = decision.request
    yield f"{request.action}  by {request.principal.display}"
    silent = stated is not None and stated.policy_type is None and stated.action
    gives = f"  (AWS gives no reason for {request.action})" if silent else ""
    yield f"on {request.resource}{gives}"


def _why(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    blockers = explanation.blockers
    first = explanation.cause
    if first is None:
        yield "nothing denies it in this estate"
    elif len(blockers) > 1:
        if first.id != blockers[0].cause.id:
            yield from _cause(first, verbose=verbose)
        yield f"{len(blockers)} blockers (AWS prints one):"
        for number, blocker in enumerate(blockers, 1):
            effect = blocker.check.effect.value.replace("_", " ")
            tail = f"[{blocker.cause.id}]  (owner: {blocker.owner})"
            yield f"{number} {effect}  {blocker.cause.because}  {tail}"
            for miss in blocker.cause.misses[: 2 if verbose else 1]:
                want = ", ".join(miss.want) or "(absent)"
                yield f"  {miss.field} {', '.join(miss.have[:3])}; the request has {want}"
    else:
        yield from _cause(first, verbose=verbose)
    if verbose:
        for cause in explanation.causes[1:]:
            yield f"also    {cause.because}  [{cause.id}, {cause.confidence}]"
    if explanation.disagreement:
        yield f"BUT {explanation.disagreement}"


def _cause(cause: Cause, *, verbose: bool) -> Iterator[str]:
    sure = "" if cause.confidence is Confidence.PROVEN else f", {cause.confidence}"
    yield f"{cause.because}  [{cause.id}{sure}]"
    for miss in cause.misses[: 9 if verbose else 2]:
        yield from _miss(miss)


def _miss(miss: Miss) -> Iterator[str]:
    width = max(len(miss.field), len("request"))
    have = ", ".join(miss.have[:3]) + (" ..." if len(miss.have) > 3 else "")  # noqa: PLR2004
    want = ", ".join(miss.want) or "(absent)"
    yield f"  {miss.field:<{width}}  {have}"
    yield f"  {'request':<{width}}  {want}" + (f"   <- {miss.remark}" if miss.remark else "")


_SHORT: Final = {
    CheckType.SERVICE_CONTROL_POLICY: "scp",
    CheckType.RESOURCE_CONTROL_POLICY: "rcp",
    CheckType.PERMISSIONS_BOUNDARY: "boundary",
    CheckType.SESSION: "session",
    CheckType.VPC_ENDPOINT: "vpce",
    CheckType.RESOURCE: "resource",
    CheckType.PRINCIPAL: "identity",
}
_WORDS: Final = {
    CheckEffect.ALLOW: "ok",
    CheckEffect.NO_IMPACT: "no allow",
    CheckEffect.IMPLICIT_DENY: "NO ALLOW",
    CheckEffect.EXPLICIT_DENY: "DENY",
}


def _layers(explanation: Explanation) -> Iterator[str]:
    if explanation.decision is None:
        return
    by_type: dict[CheckType, list[Check]] = {}
    for check in explanation.decision.checks:
        by_type.setdefault(check.type, []).append(check)
    shown = [f"{name} {_layer(by_type[kind])}" for kind, name in _SHORT.items() if kind in by_type]
    gone = [name for kind, name in _SHORT.items() if kind not in by_type]
    yield "  ".join(shown) + (f"  (none: {', '.join(gone)})" if gone else "")


def _layer(checks: list[Check]) -> str:
    worst = max(checks, key=lambda check: list(CheckEffect).index(check.effect))
    if worst.blocks or len(checks) == 1:
        return _WORDS[worst.effect]
    return f"{_WORDS[worst.effect]}({len(checks)})"


def _not_it(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    first = explanation.cause
    if first is not None and not first.add_allow:
        why = "it would go around this" if adds_an_allow(explanation.fixes) else "it cannot help"
        yield f"Do not add an Allow to an identity or resource policy: {why}."
    shown = explanation.ruled_out if verbose else _telling(explanation)
    for each in shown:
        yield f"{each.id}: {each.because}"


def _telling(explanation: Explanation) -> tuple[Any, ...]:
    """The look-alikes worth a line: of another layer than the cause, known for a reason."""
    found = [
        each
        for each in explanation.ruled_out
        if "allows it already" in each.because or each.id == "time.eventual"
    ]
    return tuple(found[:1]) if not explanation.blockers else tuple(found[:2])


def _fix(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    fixes = explanation.fixes
    if not fixes:
        yield from (f"{step}" for step in explanation.next_steps)
        return
    yield from _one(fixes[0])
    for place, fix in enumerate(fixes[1 : None if verbose else 2], 2):
        yield f"or {place}: {fix.title}  ({_owners(fix)})"
    if verbose:
        for fix in fixes:
            yield from (f"$ {line}" for line in fix.cli)


def _owners(fix: Fix) -> str:
    return "owner: " + ", ".join(str(owner) for owner in fix.owners) if fix.owners else "no owner"


def _one(fix: Fix) -> Iterator[str]:
    yield f"{fix.title}  ({_owners(fix)})" if fix.owners else fix.title
    if fix.intent:
        yield f"touches: {fix.intent}"
    for edit in fix.edits[:_EDITS]:
        if len(fix.edits) > 1 or fix.instead is not None:
            yield f"{edit.target.label}:"
        yield from _change(edit)


def _change(edit: Edit) -> Iterator[str]:
    """What goes and what comes, one line each."""
    if edit.target.place is Place.ATTACHMENT:
        return
    old = _listed(edit.before) if edit.before is not None else {}
    operations = patch(old, _listed(edit.after)) if old else edit.patch
    for operation in operations:
        path = operation["path"].strip("/").split("/")
        if operation["op"] in {"replace", "remove"}:
            gone = _at(old, path)
            yield f"- {_member(path)}{_compact(gone)}"
        if operation["op"] in {"add", "replace"}:
            value = operation["value"]
            if not path[0] and isinstance(value, dict) and "Statement" in value:
                raw = value["Statement"]
                for statement in raw if isinstance(raw, list) else [raw]:
                    yield f"+ {_compact(statement)}"
                continue
            yield f"+ {_member(path)}{_compact(value)}"


def _listed(text_: str) -> Any:  # noqa: ANN401 - JSON
    """A document whose statements are a list, so that one more is one line more."""
    document = json.loads(text_)
    if isinstance(document, dict) and isinstance(document.get("Statement"), dict):
        return {**document, "Statement": [document["Statement"]]}
    return document


def _member(path: list[str]) -> str:
    name = next(
        (part for part in reversed(path) if part and not part.isdigit() and part != "-"), ""
    )
    return f'"{name.replace("~1", "/")}": ' if name and name != "Statement" else ""


def _at(document: Any, path: list[str]) -> Any:  # noqa: ANN401 - JSON
    for part in path:
        step = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list) and step.isdigit():
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document.get(step)
    return document


def _compact(value: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(value, ensure_ascii=False)


_AFTER: Final = {
    DecisionEffect.ALLOW: "ALLOWED",
    DecisionEffect.IMPLICIT_DENY: "still denied",
    DecisionEffect.EXPLICIT_DENY: "still denied",
}


def _proof(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    if explanation.fixes:
        yield from proof(explanation.fixes[0], verbose=verbose)


def proof(fix: Fix, *, verbose: bool = False) -> Iterator[str]:
    """What deciding again with a fix showed, in sentences."""
    if fix.verified is None or (not fix.edits and fix.instead is None):
        return
    verified = fix.verified
    yield f"decided again {_with(fix)}: {_AFTER[verified.after]}.{_cost(fix, verified)}"
    if verified.next_denial:
        yield f"next denial: {verified.next_denial}"
    elif len(verified.steps) > 1:
        yield f"after the first change alone AWS would say: {_reason(verified.steps[0].denial)}"
    if verbose:
        for sign, accesses in (("+", verified.newly_allowed), ("-", verified.newly_denied)):
            for access in accesses:
                yield f"{sign} {access.action} on {access.resource} by {access.principal}"


def _reason(denial: str | None) -> str:
    """The end of AWS's sentence, where there is one: who and what is known by then."""
    for words in (" because ", " with an explicit deny"):
        _, found, rest = (denial or "").rpartition(words)
        if found:
            return f"{words.strip()} {rest.strip()}".strip()
    return denial or "the same"


def _with(fix: Fix) -> str:
    if fix.instead is not None:
        more = f" with {_plural(len(fix.edits), 'edit')}" if fix.edits else ""
        return f"for that request{more}"
    return "with the edit" if len(fix.edits) == 1 else f"with the {len(fix.edits)} edits"


def _cost(fix: Fix, verified: Verified) -> str:
    """What else changes: seen in a sample, and bounded by a proof where there is one."""
    if not fix.edits:
        return ""
    says = f" Newly allowed: {_count(verified.newly_allowed)}."
    says += f" Newly denied: {_count(verified.newly_denied)}."
    if verified.how == "sampled":
        says += f" (sampled: {verified.asked} requests)"
    if verified.gains is not None:
        says += f" Proven: the edit can allow {_gained(verified.gains)}."
    return says


def _count(accesses: tuple[Any, ...]) -> str:
    if not accesses:
        return "nothing"
    actions = len({access.action for access in accesses})
    resources = len({access.resource for access in accesses})
    who = len({access.principal for access in accesses})
    says = f"{_plural(actions, 'action')} on {_plural(resources, 'ARN')}"
    return says + (f" for {who} identities" if who > 1 else "")


def _gained(gains: tuple[Gain, ...]) -> str:
    if not gains:
        return "nothing new"
    actions = len({action for gain in gains for action in gain.actions})
    resources = len({resource for gain in gains for resource in gain.resources})
    beyond = any(set(text_) & set("*?") for g in gains for text_ in (*g.actions, *g.resources))
    patterns = " (patterns)" if beyond else " and nothing else"
    return f"{_plural(actions, 'action')} on {_plural(resources, 'ARN')}{patterns}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"


def _unknown(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    for each in explanation.unknowns[: None if verbose else 4]:
        yield f"{each.what}: {each.how_to_get}"


def _trace(explanation: Explanation) -> Iterator[str]:
    for decision in explanation.decisions:
        yield f"{decision.request.action} on {decision.request.resource}: {decision.effect.value}"
        for check in decision.checks:
            names = ", ".join(policy.name for policy in check.policies) or "no policy"
            yield f"  {check.type.value} at {check.target}: {check.effect.value} ({names})"
        for note in decision.notes:
            yield f"  note {note.rule}: {note.text}"
