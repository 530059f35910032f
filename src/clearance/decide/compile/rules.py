"""The statements of many policies, with who holds them, by action and by resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from clearance.decide.compile.statements import (
    ActionIndex,
    CompiledPolicy,
    CompiledStatement,
    sameness,
)

__all__ = ["Held", "Rule", "Rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement and who holds it; compiled when first wanted."""

    policy: CompiledPolicy
    place: int
    holders: int

    @property
    def compiled(self) -> CompiledStatement:
        """The statement in closures."""
        return self.policy.statement(self.place)


class Held:
    """Policies of one layer with their holders, by action."""

    def __init__(self, policies: Iterable[tuple[CompiledPolicy, int]]) -> None:
        self._rules = [
            Rule(policy, place, holders)
            for policy, holders in policies
            for place in range(len(policy.policy.statements))
        ]
        self._index = ActionIndex([r.policy.policy.statements[r.place] for r in self._rules])
        self._found: dict[str, Rules] = {}

    def covering(self, action: str) -> Rules:
        """The statements that cover the folded action."""
        found = self._found.get(action)
        if found is None:
            found = Rules(self._rules[at] for at in self._index.covering(action))
            self._found[action] = found
        return found


class Rules:
    """Statements by the literal beginning of their resources, so that a resource asks few."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        anywhere: dict[tuple[object, ...], Rule] = {}
        self._others: list[Rule] = []
        self._literal: dict[str, list[Rule]] = {}
        self._heads: dict[str, list[Rule]] = {}
        for rule in rules:
            statement = rule.policy.policy.statements[rule.place]
            if statement.resources is None or "*" in statement.resources:
                # The same words in many policies are one statement with many holders.
                same = sameness(rule.policy.policy, statement)
                held = anywhere.get(same, rule)
                anywhere[same] = replace(held, holders=held.holders | rule.holders)
            elif statement.not_resources:
                self._others.append(rule)
            else:
                for text in dict.fromkeys(statement.resources):
                    head, whole = _head(text)
                    table = self._literal if whole else self._heads
                    table.setdefault(head, []).append(rule)
        self.anywhere = tuple(anywhere.values())
        keys = frozenset[str]().union(*(rule.compiled.keys for rule in self.anywhere))
        self.keys = tuple(sorted(keys))
        self._lengths = tuple(sorted({len(head) for head in self._heads}))

    def naming(self, resource: str) -> Iterable[Rule]:
        """The rules, beside those that apply anywhere, that name the resource letter by letter."""
        return self._literal.get(resource, ())

    def about(self, resource: str) -> Iterator[Rule]:
        """The other rules that may speak of the resource."""
        found = {(id(rule.policy), rule.place) for rule in self.naming(resource)}
        for length in self._lengths:
            if length > len(resource):
                break
            for rule in self._heads.get(resource[:length], ()):
                at = id(rule.policy), rule.place
                if at not in found:
                    found.add(at)
                    yield rule
        yield from self._others


# Where a resource pattern stops being text: a wildcard or what may be a variable.
_WILD: Final = re.compile(r"[*?]|\$\{")
ARN_COLONS: Final = 5


def _head(text: str) -> tuple[str, bool]:
    """The text every resource of the pattern begins with, and whether it is all of it."""
    wild = _WILD.search(text)
    if wild is not None:
        return text[: wild.start()], False
    # An incomplete ARN goes on with wildcards (R39).
    return text, not text.startswith("arn:") or text.count(":") >= ARN_COLONS
