"""Which context keys the policies read and nobody told: more than those that could decide."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.decide.judge import trace
from clearance.decide.situation import Situation
from clearance.match.statement import StatementTrace
from clearance.match.truth import Truth
from clearance.model.request import KeyState

__all__ = ["missing_keys"]


def missing_keys(situation: Situation) -> tuple[str, ...]:
    """The unknown keys of every statement about this principal, action and resource.

    ``Decision.undecided`` holds those that could change the decision; these are all of them, like
    the ``MissingContextValues`` of AWS's simulator.
    """
    found: dict[str, str] = {}
    for layer in situation.layers:
        for attached in layer.policies:
            for told in trace(attached, situation.request, bounded=situation.bounded):
                for key in _keys(told, situation):
                    found.setdefault(key.lower(), key)
    return tuple(found.values())


def _keys(told: StatementTrace, situation: Situation) -> Iterator[str]:
    others = (e for e in told.elements if e.condition is None)
    if any(element.truth is Truth.FALSE for element in others):
        return
    for element in told.elements:
        yield from element.unknown
        condition = element.condition
        if condition is not None:
            state = situation.request.context.state(condition.key)
            if state is KeyState.UNKNOWN:
                yield condition.key
