"""Which context keys, if told, could change a decision (R159)."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.decide.judge import trace
from clearance.decide.situation import Situation
from clearance.match.statement import StatementTrace
from clearance.match.truth import Truth
from clearance.model.decision import UndecidedKey
from clearance.model.policy import AttachedPolicy

__all__ = ["undecided_keys"]


def undecided_keys(situation: Situation) -> tuple[UndecidedKey, ...]:
    """The keys on which a statement hangs that matches in everything else."""
    tests: dict[str, tuple[str, list[str]]] = {}
    for layer in situation.layers:
        for attached in layer.policies:
            for found in trace(
                attached,
                situation.request,
                bounded=situation.bounded,
                strict=situation.options.strict_not_principal,
            ):
                if found.truth is Truth.UNKNOWN:
                    for key, test in _tests(attached, found):
                        tests.setdefault(key.lower(), (key, []))[1].append(test)
    return tuple(UndecidedKey(key, tuple(dict.fromkeys(lines))) for key, lines in tests.values())


def _tests(attached: AttachedPolicy, found: StatementTrace) -> Iterator[tuple[str, str]]:
    statement = found.statement
    verb = f"{statement.effect.value} in {attached.name}, {statement.label}"
    for element in found.elements:
        if element.truth is not Truth.UNKNOWN:
            continue
        wanted = ", ".join(element.wanted)
        for key in element.unknown:
            name = element.condition.name if element.condition else element.name
            yield key, f"{verb}: {name} {wanted}"
