"""The statements that came closest: what a near miss wanted and what the request brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from clearance.decide.judge import as_absent, trace
from clearance.match.statement import Element, StatementTrace
from clearance.match.truth import Truth
from clearance.model.decision import Check, CheckEffect, Decision
from clearance.model.policy import AttachedPolicy, Effect
from clearance.model.request import Request

__all__ = ["NearMiss", "near_misses"]

# An Allow that fails in a condition is nearer than one that fails in its resource, and so on.
_WEIGHT: Final = {
    "Condition": 1,
    "Resource": 3,
    "NotResource": 3,
    "Action": 5,
    "NotAction": 5,
    "Principal": 4,
    "NotPrincipal": 4,
}


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An Allow that would have spoken but for some elements."""

    policy: AttachedPolicy
    trace: StatementTrace

    @property
    def failures(self) -> tuple[Element, ...]:
        """The elements that failed."""
        return self.trace.failures

    @property
    def distance(self) -> tuple[int, int]:
        """How far it is from allowing; the smaller the nearer."""
        return sum(_WEIGHT[e.name] for e in self.failures), len(self.failures)

    @property
    def unknown(self) -> bool:
        """True when only context keys nobody told are in the way."""
        return all(e.truth is Truth.UNKNOWN for e in self.failures)


def near_misses(decision: Decision, check: Check, *, most: int = 3) -> tuple[NearMiss, ...]:
    """The Allow statements nearest to allowing what the check did not, nearest first.

    Statements that speak about another service are no near misses.
    """
    if check.effect is not CheckEffect.IMPLICIT_DENY:
        return ()
    found = sorted(_candidates(check, decision.request), key=lambda miss: miss.distance)
    return tuple(found[:most])


def _candidates(check: Check, request: Request) -> Iterator[NearMiss]:
    told = replace(request, context=as_absent(request.context))
    service = request.action.partition(":")[0].lower()
    for attached in check.policies:
        for found in trace(attached, told):
            if found.statement.effect is Effect.ALLOW and _same_service(found, service):
                yield NearMiss(attached, found)


def _same_service(found: StatementTrace, service: str) -> bool:
    statement = found.statement
    if statement.not_actions:
        return True
    prefixes = {action.partition(":")[0].lower() for action in statement.actions}
    return any(prefix in {service, "*"} or "*" in prefix for prefix in prefixes)
