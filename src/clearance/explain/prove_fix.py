"""Fixes that were decided again: each candidate is applied, and what is denied then comes next.

A plan goes on until every permission of the call is allowed, so that nobody fixes one denial a
deploy; a plan that ends denied is kept, with the denial it ends in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from clearance.decide import authorize
from clearance.explain.candidate import Candidate
from clearance.explain.case import Case, Knowledge
from clearance.explain.commands import commands
from clearance.explain.edits import Edit, apply_all
from clearance.explain.evidence import Evidence
from clearance.explain.findings import (
    Fix,
    FixKind,
    Owner,
    Step,
    Verified,
)
from clearance.explain.gains import gains
from clearance.explain.hcl import terraform
from clearance.explain.instead import other_identities, other_resources
from clearance.explain.places import owner_of
from clearance.explain.repair import candidates
from clearance.explain.sample import Change, Prover, sampled
from clearance.explain.says import says
from clearance.model.decision import CheckType, Decision, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.request import Request

__all__ = ["Asker", "fixes_for", "proven"]

_FIRST: Final = 8  # candidates tried for the first blocker
_STEPS: Final = 9


@dataclass(frozen=True, slots=True)
class Asker:
    """How the requests of one call are decided."""

    requests: tuple[Request, ...]
    now: datetime | None
    knowledge: Knowledge
    evidence: Evidence | None = None
    prover: Prover = sampled

    def decide(self, estate: Estate) -> tuple[Decision, ...]:
        """The decision on each permission, in the order they were asked."""
        catalog = self.knowledge.catalog
        return tuple(
            authorize(estate, request, now=self.now, catalog=catalog) for request in self.requests
        )

    def case(self, estate: Estate, decisions: Sequence[Decision]) -> Case | None:
        """The first blocker of the first permission that is denied."""
        denied = next((d for d in decisions if not d.allowed), None)
        if denied is None or denied.stated is None:
            return None
        others = tuple(d for d in decisions if d is not denied)
        return Case(estate, denied, denied.stated, self.knowledge, self.evidence, others)


@dataclass(frozen=True, slots=True)
class _Plan:
    first: Candidate
    edits: tuple[Edit, ...]
    steps: tuple[Step, ...]
    asker: Asker
    done: bool
    cli: tuple[str, ...] = ()


def fixes_for(estate: Estate, asker: Asker, decisions: Sequence[Decision]) -> tuple[Fix, ...]:
    """Every fix found, those that work and allow least beside the request first."""
    case = asker.case(estate, decisions)
    if case is None:
        return ()
    tried = [*candidates(case), *_asked_elsewhere(case)][:_FIRST]
    plans = [plan for each in tried if (plan := _followed(estate, asker, decisions, each))]
    unique: list[_Plan] = []
    for plan in plans:
        same = (each.edits == plan.edits and each.asker == plan.asker for each in unique)
        if not any(same):
            unique.append(plan)
    fixes = [proven(estate, asker, plan.asker, plan) for plan in unique]
    ranked = sorted(fixes, key=_rank)
    return tuple(_bounded(fix, asker) if place == 0 else fix for place, fix in enumerate(ranked))


def _bounded(fix: Fix, asker: Asker) -> Fix:
    """The fix with what its documents gain, which takes a prover."""
    if not fix.edits or fix.verified is None:
        return fix
    found = gains(fix.edits, asker.knowledge.catalog)
    return replace(fix, verified=replace(fix.verified, gains=found))


def _asked_elsewhere(case: Case) -> list[Candidate]:
    if case.check.type not in {CheckType.PRINCIPAL, CheckType.RESOURCE}:
        return []
    return [*other_resources(case), *other_identities(case)]


def _rank(fix: Fix) -> tuple[bool, bool, int, bool, int]:
    verified = fix.verified
    allowed = len(verified.newly_allowed) if verified else 0
    changed = len(verified.newly_denied) if verified else 0
    policy = fix.kind is not FixKind.NO_POLICY_CHANGE
    added = fix.kind is not FixKind.EDIT
    return not fix.works, policy, allowed, added, changed + len(fix.edits)


def _weight(decisions: Sequence[Decision]) -> int:
    """How much is in the way: it must fall with every step."""
    return sum(max(len(check.denies), 1) for d in decisions for check in d.blockers)


def _followed(
    estate: Estate, asker: Asker, decisions: Sequence[Decision], first: Candidate
) -> _Plan | None:
    edits: tuple[Edit, ...] = ()
    steps: list[Step] = []
    cli: tuple[str, ...] = ()
    queue: list[Candidate] = [first]
    now_at, weight = estate, _weight(decisions)
    while queue and len(steps) < _STEPS:
        each = queue.pop(0)
        trial = _asking(asker, each.instead, decisions) if each.instead else asker
        after = apply_all(now_at, each.edits)
        found = trial.decide(after)
        lighter = _weight(found)
        if lighter >= weight and not all(d.allowed for d in found):
            continue
        now_at, asker, decisions, weight = after, trial, found, lighter
        edits = _joined(edits, each.edits)
        cli = (*cli, *each.cli)
        steps.append(_step(now_at, found))
        case = asker.case(now_at, found)
        if case is None:
            break
        queue = list(candidates(case))[:_FIRST]
    if not steps:
        return None
    done = all(d.allowed for d in decisions)
    return _Plan(first, edits, tuple(steps), asker, done, cli)


def _asking(asker: Asker, instead: Request, decisions: Sequence[Decision]) -> Asker:
    """The same call with one request replaced; the caller is the same for all of them."""
    place = next(i for i, d in enumerate(decisions) if not d.allowed)
    requests = tuple(
        instead if i == place else replace(request, principal=instead.principal)
        for i, request in enumerate(asker.requests)
    )
    return replace(asker, requests=requests)


def _joined(edits: tuple[Edit, ...], more: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Two edits of one document are one."""
    found = list(edits)
    for edit in more:
        place = next((i for i, each in enumerate(found) if each.target == edit.target), None)
        if place is None:
            found.append(edit)
        else:
            found[place] = replace(found[place], after=edit.after)
    return tuple(found)


def _step(estate: Estate, decisions: Sequence[Decision]) -> Step:
    denied = next((d for d in decisions if not d.allowed), None)
    if denied is None:
        return Step(DecisionEffect.ALLOW)
    return Step(denied.effect, says(estate, denied))


def proven(estate: Estate, asker: Asker, end: Asker, plan: _Plan) -> Fix:
    """The plan as a fix, with what the decisions showed."""
    after = apply_all(estate, plan.edits)
    before_effect = _worst(asker.decide(estate))
    change = Change((), (), "sampled", 0)
    if plan.edits:
        catalog = asker.knowledge.catalog
        change = asker.prover(estate, after, plan.edits, end.requests, asker.now, catalog)
    verified = Verified(
        before=before_effect,
        after=_worst(end.decide(after)),
        steps=plan.steps,
        next_denial=plan.steps[-1].denial,
        newly_allowed=change.newly_allowed,
        newly_denied=change.newly_denied,
        how=change.how,
        asked=change.asked,
    )
    caller = asker.requests[0]
    owners = list(dict.fromkeys(owner_of(edit.target, caller) for edit in plan.edits))
    changed = next((r for r in end.requests if r not in asker.requests), None)
    if changed is not None:
        owners.insert(0, Owner("caller", caller.principal.display))
    made = {edit: commands(edit) for edit in plan.edits}
    cli = plan.cli or tuple(line for lines in made.values() for line in lines)
    if plan.cli and len(plan.edits) > 1:
        cli = (*plan.cli, *(line for lines in list(made.values())[1:] for line in lines))
    return Fix(
        plan.first.kind,
        plan.first.title,
        plan.edits,
        tuple(owners),
        cli,
        "\n\n".join(terraform(edit) for edit in plan.edits),
        verified,
        changed,
        plan.first.intent,
    )


def _worst(decisions: Sequence[Decision]) -> DecisionEffect:
    effects = {decision.effect for decision in decisions}
    for effect in (DecisionEffect.EXPLICIT_DENY, DecisionEffect.IMPLICIT_DENY):
        if effect in effects:
            return effect
    return DecisionEffect.ALLOW
