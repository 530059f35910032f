"""A path once more, request by request, by the plain interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from clearance.decide import authorize, identify
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision
from clearance.model.errors import RequestError
from clearance.model.estate import Estate
from clearance.model.request import Request
from clearance.reach.crowd import MFA
from clearance.reach.methods import Ask, Edge
from clearance.reach.paths import Path

__all__ = ["Step", "verify"]


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a path and what the interpreter says of it."""

    edge: Edge
    ask: Ask
    decision: Decision | None

    @property
    def holds(self) -> bool:
        """Allowed, or hanging on keys that nobody told."""
        if self.decision is None:
            return True  # of an account that the estate does not hold
        return self.decision.allowed or bool(self.decision.undecided)


def verify(
    path: Path, estate: Estate, *, now: datetime | None = None, catalog: Catalog | None = None
) -> Iterator[Step]:
    """Every request the path rests on, decided."""
    for edge in path.edges:
        for ask in edge.asks:
            yield Step(edge, ask, _decision(edge, ask, estate, now, catalog))


def _decision(
    edge: Edge, ask: Ask, estate: Estate, now: datetime | None, catalog: Catalog | None
) -> Decision | None:
    try:
        who = identify(edge.source, estate)
    except RequestError:
        return None
    if estate.account(who.account) is None:
        return None
    context = ask.context
    if MFA in ask.keys:
        context = context.with_derived({MFA: True, "aws:MultiFactorAuthAge": "60"})
    request = Request(who, ask.action, ask.resource, context)
    return authorize(estate, request, now=now, catalog=catalog)
