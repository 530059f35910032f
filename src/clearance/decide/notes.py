"""What the reader should know of a decision: choices that mattered where AWS is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from clearance.decide.choices import choices
from clearance.decide.combine import Verdict
from clearance.decide.situation import Situation
from clearance.decide.special_cases import is_trust, refused
from clearance.model.decision import (
    Check,
    CheckEffect,
    CheckType,
    DecisionEffect,
    Matched,
    Naming,
    Note,
)

__all__ = ["notes_on"]


def notes_on(situation: Situation, verdict: Verdict) -> tuple[Note, ...]:
    """Every note that applies, each once."""
    found = (note for rule in RULES for note in rule(situation, verdict))
    return tuple(dict.fromkeys(found))


def _matched(verdict: Verdict) -> Iterator[Matched]:
    for check in verdict.checks:
        yield from (*check.allows, *check.denies)


def _check(verdict: Verdict, kind: CheckType) -> Check | None:
    return next((check for check in verdict.checks if check.type is kind), None)


def _unreadable(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    del situation
    for check in verdict.checks:
        for attached in check.policies:
            if attached.error is not None:
                yield Note("R55", f"`{attached.name}` fails closed: {attached.error}")


def _untestable(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    del situation
    for matched in _matched(verdict):
        if matched.error:
            label = f"`{matched.policy.name}`, {matched.statement.label}"
            yield Note("R126", f"{label} denies because {matched.error}")


def _trust_boundary(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    boundary = _check(verdict, CheckType.PERMISSIONS_BOUNDARY)
    resource = _check(verdict, CheckType.RESOURCE)
    if not is_trust(situation.request) or boundary is None or resource is None:
        return
    named = any(matched.naming is Naming.USER for matched in resource.allows)
    if named and boundary.effect is CheckEffect.IMPLICIT_DENY:
        yield Note(
            "R92",
            "AWS's pages disagree whether a boundary limits a user whom the trust policy names; "
            "the trust policy page says it does",
        )


def _everyone_beats_limits(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    resource, session = _check(verdict, CheckType.RESOURCE), _check(verdict, CheckType.SESSION)
    if verdict.effect is not DecisionEffect.ALLOW or resource is None or session is None:
        return
    everyone = [m for m in resource.allows if m.naming is Naming.EVERYONE]
    if everyone and situation.same_account and session.effect is CheckEffect.NO_IMPACT:
        yield Note("R66", 'that `"*"` also escapes session policies is inferred, not documented')


def _several_session_policies(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    del situation
    session = _check(verdict, CheckType.SESSION)
    if session is None or session.effect is not CheckEffect.ALLOW:
        return
    allowing = {matched.policy.uri for matched in session.allows}
    if len(session.policies) > len(allowing):
        yield Note("R69", "that one of several session policies is enough is inferred")


def _plain_operator_on_list(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    context = situation.request.context
    for matched in _matched(verdict):
        for condition in matched.statement.conditions:
            values = context.get(condition.key) or ()
            if condition.quantifier is None and len(values) > 1:
                yield Note(
                    "R122a",
                    f"`{condition.key}` has several values but `{condition.name}` no ForAllValues "
                    "or ForAnyValue; read as ForAnyValue",
                )


def _choices(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    del verdict
    yield from choices(situation)


def _owner_rule(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    rcp = CheckType.RESOURCE_CONTROL_POLICY
    blocked = any(check.type is rcp and check.blocks for check in verdict.checks)
    if blocked and not situation.same_account:
        yield Note("R88", "the RCPs of the account that owns the resource are applied")


def _credentials(situation: Situation, verdict: Verdict) -> Iterator[Note]:
    del verdict
    if refused(situation.request):
        kind = situation.request.principal.kind.value
        yield Note("R99", f"credentials of kind {kind} cannot call `{situation.request.action}`")


Rule = Callable[[Situation, Verdict], Iterator[Note]]
RULES: Final[tuple[Rule, ...]] = (
    _unreadable,
    _untestable,
    _trust_boundary,
    _everyone_beats_limits,
    _several_session_policies,
    _plain_operator_on_list,
    _choices,
    _owner_rule,
    _credentials,
)
