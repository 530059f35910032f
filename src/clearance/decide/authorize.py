"""The question everything else asks: may this caller do this?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from clearance.decide.combine import Verdict, combine
from clearance.decide.gather import gather, gather_bare
from clearance.decide.judge import Reading, as_absent, judge
from clearance.decide.notes import notes_on
from clearance.decide.situation import Options, PolicySet, Situation
from clearance.decide.undecided import undecided_keys
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.request import Request

__all__ = ["authorize", "authorize_all", "decide", "evaluate"]


def authorize(
    estate: Estate,
    request: Request,
    *,
    now: datetime | None = None,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Decision:
    """Decide a request as AWS would, with everything the estate holds.

    ``now`` fills ``aws:CurrentTime``; without it a condition on the time is undecided.
    ``catalog`` tells which actions have no resources and carry no resource tags.
    """
    return decide(gather(estate, request, now=now, options=options, catalog=catalog))


def evaluate(
    request: Request,
    policies: PolicySet,
    *,
    now: datetime | None = None,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Decision:
    """Decide a request against bare policies."""
    return decide(gather_bare(request, policies, now=now, options=options, catalog=catalog))


def authorize_all(decisions: Iterable[Decision]) -> DecisionEffect:
    """One call may need several permissions; every one must be allowed (R43)."""
    effects = {decision.effect for decision in decisions}
    for effect in (DecisionEffect.EXPLICIT_DENY, DecisionEffect.IMPLICIT_DENY):
        if effect in effects:
            return effect
    return DecisionEffect.ALLOW


def decide(situation: Situation) -> Decision:
    """Ask every layer, then combine what they say."""
    verdict = _verdict(situation, Reading(), told=True)
    context = situation.request.context
    open_ = False
    if context.unknown or not context.complete:  # else there is nothing that could be told yet
        best = _verdict(situation, Reading(allows=True), told=False)
        worst = _verdict(situation, Reading(denies=True), told=False)
        open_ = {best.effect, worst.effect} != {verdict.effect}
    return Decision(
        request=situation.request,
        effect=verdict.effect,
        checks=verdict.checks,
        notes=(*situation.notes, *notes_on(situation, verdict)),
        undecided=undecided_keys(situation) if open_ else (),
    )


def _verdict(situation: Situation, reading: Reading, *, told: bool) -> Verdict:
    """``told``: read keys nobody told as absent, which is what AWS's simulator does (R236)."""
    request = situation.request
    if told:
        request = replace(request, context=as_absent(request.context))
    findings = [
        judge(
            layer,
            request,
            bounded=situation.bounded,
            reading=reading,
            strict=situation.options.strict_not_principal,
        )
        for layer in situation.layers
    ]
    return combine(situation, findings)
