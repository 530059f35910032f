"""Layers whose policies are compiled, each text once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from clearance.decide.compile.outcome import Test
from clearance.decide.compile.statements import CompiledPolicy, CompiledStatement, Holds
from clearance.decide.situation import Layer
from clearance.model.decision import CheckType, Naming
from clearance.model.policy import AttachedPolicy, Policy

__all__ = ["Clause", "CompiledLayer", "Library", "Pair"]

# Whether it holds, the tests behind that, the statement in its place, how it names the caller.
Clause: TypeAlias = tuple[Holds, tuple[Test, ...], "Pair", Naming | None]
Pair: TypeAlias = tuple[AttachedPolicy, CompiledStatement]


class Library:
    """Policies compiled so far, by the parsed document: a text that hangs in many places is one."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        # Keyed by identity; the policy is held so that its identity stays its own.
        self._held: dict[int, tuple[Policy, CompiledPolicy]] = {}

    def policy(self, policy: Policy) -> CompiledPolicy:
        """The compiled form of a document."""
        found = self._held.get(id(policy))
        if found is None:
            found = self._held[id(policy)] = (policy, CompiledPolicy(policy))
        return found[1]

    def layers(self, layers: Iterable[Layer]) -> tuple[CompiledLayer, ...]:
        """Layers with their policies compiled."""
        return tuple(CompiledLayer(layer, self) for layer in layers)


class CompiledLayer:
    """One layer; ``broken`` when one of its policies could not be read."""

    __slots__ = ("_clauses", "_found", "broken", "layer", "policies", "type")

    def __init__(self, layer: Layer, library: Library) -> None:
        self.layer = layer
        self.type: CheckType = layer.type
        self.broken = any(attached.error is not None for attached in layer.policies)
        self.policies = tuple((a, library.policy(a.policy)) for a in layer.policies)
        self._found: dict[str, tuple[Pair, ...]] = {}
        self._clauses: dict[int, Clause] = {}

    def covering(self, action: str) -> tuple[Pair, ...]:
        """The statements that cover the folded action, in their places.

        Denies come first, then Allows without conditions: the rest is seldom asked.
        """
        found = self._found.get(action)
        if found is None:
            pairs = (
                (attached, compiled)
                for attached, policy in self.policies
                for compiled in policy.covering(action)
            )
            found = self._found[action] = tuple(sorted(pairs, key=_rank))
        return found

    def clause(self, pair: Pair, residue: tuple[Test, ...], naming: Naming | None) -> Clause:
        """What is left to ask of a statement; made once where that is its conditions alone."""
        compiled = pair[1]
        if naming is not None or residue is not compiled.tests:
            return compiled.holds(residue), residue, pair, naming
        found = self._clauses.get(id(pair))
        if found is None:
            found = self._clauses[id(pair)] = (compiled.holds(residue), residue, pair, None)
        return found


def _rank(pair: Pair) -> tuple[bool, bool]:
    compiled = pair[1]
    return compiled.allow, bool(compiled.statement.conditions)
