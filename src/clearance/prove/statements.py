"""What a policy says, statement by statement, as far as it does not depend on who else is asked.

Made once a policy; ``space`` puts it beside what other policies say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from clearance.match.conditions import holds
from clearance.match.operators.table import COMPARISONS
from clearance.match.truth import Truth
from clearance.model.glob import Token
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import Condition, Policy, Quantifier, Statement
from clearance.model.request import Context, KeyState, fold
from clearance.parse.variables import Variable, read_template
from clearance.prove import patterns
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Strings, Union
from clearance.prove.globs import contains
from clearance.prove.values import Test

__all__ = ["Ask", "Said", "Says", "known", "pieces", "said_by", "strings", "test_of"]

_ABSENT: Final = Context(complete=True)
_PROBE: Final = "x"
_KEPT: Final = 8192


@dataclass(frozen=True, slots=True)
class Ask:
    """One condition: what it asks of a value of its key, and what it says without one.

    ``variables`` are keys whose values its own values wait for; ``test`` is None where it asks
    for presence only.
    """

    condition: Condition
    key: str
    variables: tuple[str, ...]
    test: Test | None
    absent: Truth
    present: Truth

    @property
    def every(self) -> bool:
        """True when all values of a key must pass, not just one."""
        return self.condition.quantifier is Quantifier.ALL


@dataclass(frozen=True, slots=True)
class Says:
    """One statement: actions and resources as sets of strings, conditions as questions.

    ``resource`` is None where a pattern waits for a variable; ``patterns`` are the resources.
    """

    statement: Statement
    action: Strings
    resource: Strings | None
    patterns: tuple[str, ...]
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A whole policy; ``names`` spells actions and keys as it does."""

    statements: tuple[Says, ...]
    names: dict[str, str]
    asks: tuple[Ask, ...]


_held: dict[int, tuple[Policy, Said]] = {}


def said_by(policy: Policy) -> Said:
    """What the policy says; made once for each policy object."""
    found = _held.get(id(policy))
    if found is None or found[0] is not policy:
        if len(_held) >= _KEPT:
            _held.clear()
        found = _held[id(policy)] = (policy, _read(policy))
    return found[1]


def _read(policy: Policy) -> Said:
    statements = tuple(_says(s, variables=policy.has_variables) for s in policy.statements)
    names: dict[str, str] = {}
    for said in statements:
        names.update((text.lower(), text) for text in said.statement.actions)
        for ask in said.asks:
            names.setdefault(ask.key, ask.condition.key)
    asks = dict.fromkeys(ask for said in statements for ask in said.asks)
    return Said(statements, names, tuple(asks))


def _says(statement: Statement, *, variables: bool) -> Says:
    """What one statement says."""
    action = strings(
        [p.lower() for p in statement.actions], ACTION_PARTS, negated=statement.not_actions
    )
    found = tuple(
        patterns.of_resource(text, variables=variables) for text in statement.resources or ("*",)
    )
    waits = any(map(patterns.has_variable, found))
    resource = None if waits else strings(found, RESOURCE_PARTS, negated=statement.not_resources)
    asks = tuple(_ask(c, variables=variables) for c in statement.conditions)
    return Says(statement, action, resource, found, asks)


@lru_cache(maxsize=16384)
def _ask(condition: Condition, *, variables: bool) -> Ask:
    key = fold(condition.key)
    absent = holds(condition, _ABSENT, variables=variables).truth
    if OPERATORS[condition.operator].family is Family.NULL or not condition.values:
        there = Context.of({condition.key: _PROBE}, complete=True)
        return Ask(
            condition, key, (), None, absent, holds(condition, there, variables=variables).truth
        )
    parts = pieces(condition, None, variables=variables)
    keys = tuple(fold(p.key) for part in parts for p in part if isinstance(p, Variable))
    return Ask(condition, key, keys, test_of(condition, parts), absent, Truth.UNKNOWN)


def pieces(
    condition: Condition, facts: Context | None, *, variables: bool
) -> tuple[tuple[Token | Variable, ...], ...]:
    """The values in pieces, with what is known of variables put in.

    A value that a variable leaves without meaning is dropped: nothing fits it (R132).
    """
    operator = OPERATORS[condition.operator]
    wildcards = COMPARISONS[operator.positive].wildcards
    replaced = variables and operator.variables
    found = []
    for text in condition.values:
        parts = [
            known(part, facts) if isinstance(part, Variable) else part
            for part in read_template(text, wildcards=wildcards, variables=replaced).parts
        ]
        if None not in parts:
            found.append(tuple(part for part in parts if part is not None))
    return tuple(found)


def known(variable: Variable, facts: Context | None) -> str | Variable | None:
    """A variable's value; the variable itself when nothing is known, None when it has none."""
    if facts is None:
        return variable
    values = facts.get(variable.key)
    if values is not None:
        return values[0] if len(values) == 1 else None
    if facts.state(variable.key) is KeyState.ABSENT:
        return variable.default
    return variable


def test_of(condition: Condition, parts: Iterable[tuple[Token | Variable, ...]]) -> Test:
    """The question a condition puts to a value."""
    values = tuple(
        tuple(part for part in some if not isinstance(part, Variable) and part != "")
        for some in parts
    )
    return Test(condition.operator, values)


def strings(found: Iterable[str], parts: int, *, negated: bool) -> Strings:
    """The strings that match a pattern of a list, or none of them."""
    several = tuple(found)
    union = _widest(several, parts) if len(several) > 1 else Union.of(several, parts)
    return Strings((), (union,)) if negated else Strings((union,))


@lru_cache(maxsize=16384)
def _widest(found: tuple[str, ...], parts: int) -> Union:
    """The patterns of a list without those that a wider one of them holds."""
    return Union.of(_without_repeats(found, parts), parts)


def _without_repeats(found: tuple[str, ...], parts: int) -> Iterable[str]:
    wide = [p for p in dict.fromkeys(found) if "*" in p or "?" in p]
    if "*" in wide:
        return ("*",)
    if not wide:
        return found
    union = Union(wide, parts)
    kept: dict[str, None] = {}
    for pattern in dict.fromkeys(found):
        near = union.near(pattern)
        if not any(w != pattern and contains(w, pattern) and _first(w, pattern) for w in near):
            kept[pattern] = None
    return kept


def _first(wide: str, pattern: str) -> bool:
    """Of two patterns that mean the same, one stays."""
    return not contains(pattern, wide) or wide < pattern
