"""The requests some policies can tell apart, and what each statement says in that space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from clearance.match.conditions import holds
from clearance.match.operators.table import COMPARISONS
from clearance.match.truth import Truth
from clearance.model.catalog import Catalog
from clearance.model.glob import Token
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import (
    AttachedPolicy,
    Condition,
    Effect,
    Policy,
    Quantifier,
    Statement,
)
from clearance.model.principal import Principal
from clearance.model.request import Context, KeyState, fold
from clearance.parse.variables import Variable, read_template
from clearance.prove import patterns
from clearance.prove.callers import SOMEBODY, Callers, callers_of
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Cube, KeySide, Strings, Union, meet
from clearance.prove.globs import contains
from clearance.prove.search import Universe
from clearance.prove.values import Domain, Test, domain_of

__all__ = ["Atom", "Space"]

# Global keys that AWS documents as multivalued (reference_policies_condition-keys). Others count
# as multivalued when a policy asks them with ForAllValues or ForAnyValue.
MULTIVALUED: Final = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
    }
)
# Global keys that are documented as single-valued, whatever a policy asks them with.
_SINGLE: Final = """
    calledviafirst currenttime epochtime federatedprovider multifactorauthage
    multifactorauthpresent principalaccount principalarn principalisawsservice principalorgid
    principalservicename principaltype referer requestedregion resourceaccount resourceorgid
    securetransport sourceaccount sourcearn sourceidentity sourceip sourceorgid sourcevpc
    sourcevpce tokenissuetime useragent userid username viaawsservice vpcsourceip
"""
SINGLE: Final = frozenset(f"aws:{name}" for name in _SINGLE.split())
_SINGLE_PREFIXES: Final = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")
_PROBE: Final = "x"


@dataclass(frozen=True, slots=True)
class Atom:
    """A condition on a policy variable, taken as it is: it holds or it does not."""

    condition: Condition
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """Everything some policies can tell apart: classes of key values, and callers.

    ``names`` spells keys and actions as the policies do. ``facts`` are keys that
    follow from who asks.
    ``catalog`` closes the world of actions: only actions that AWS has are asked about.
    """

    callers: Callers
    domains: Mapping[str, Domain]
    names: Mapping[str, str] = field(default_factory=dict)
    facts: Context | None = None
    catalog: Catalog | None = None
    reasons: tuple[str, ...] = ()
    _cubes: dict[tuple[Statement, bool, Effect], Cube | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def of(
        cls,
        policies: Iterable[Policy | AttachedPolicy],
        *,
        caller: Principal | None = None,
        facts: Context | None = None,
        catalog: Catalog | None = None,
        multivalued: Callable[[str], bool | None] | None = None,
    ) -> Space:
        """The space of some policies.

        With a ``caller`` there is only that one, and ``facts`` are what is known of it.
        ``multivalued`` answers for keys of services, or says None.
        """
        plain = [p.policy if isinstance(p, AttachedPolicy) else p for p in policies]
        tests: dict[str, dict[Test, None]] = {}
        asked: dict[str, bool] = {}
        names: dict[str, str] = {}
        for policy in plain:
            for statement in policy.statements:
                names.update((text.lower(), text) for text in statement.actions)
                for condition in statement.conditions:
                    names.setdefault(fold(condition.key), condition.key)
                    _collect(condition, policy.has_variables, facts, tests, asked)
        domains = {
            key: domain_of(
                key, tuple(tests.get(key, ())), single=_is_single(key, quantified, multivalued)
            )
            for key, quantified in asked.items()
        }
        found = [s.principals for p in plain for s in p.statements if s.principals is not None]
        if caller is not None:
            callers = Callers((caller,))
        else:
            callers = callers_of(found) if found else Callers((SOMEBODY,))
        reasons = [f"`{key}`: {d.reason}" for key, d in domains.items() if not d.exact]
        if not callers.exact:
            reasons.append("too many principals")
        return cls(callers, domains, names, facts, catalog, tuple(reasons))

    @property
    def universe(self) -> Universe:
        """The classes, for the search."""
        return Universe(self.domains, self.callers.full)

    def cube(self, statement: Statement, *, variables: bool, effect: Effect) -> Cube | None:
        """What a statement speaks about; None for nothing.

        A Deny also acts where its conditions cannot be compared, an Allow does not (R55, R126).
        """
        key = (statement, variables, effect)
        if key not in self._cubes:
            self._cubes[key] = self._encode(statement, variables=variables, effect=effect)
        return self._cubes[key]

    def _encode(self, statement: Statement, *, variables: bool, effect: Effect) -> Cube | None:
        if not statement.actions or statement.resources == ():
            return None
        who = self.callers.named_by(statement)
        if not who:
            return None
        keys: dict[str, KeySide] = {}
        atoms: set[object] = set()
        for condition in statement.conditions:
            key = fold(condition.key)
            if _depends(condition, self.facts, variables=variables):
                atoms.add(_atom(condition, effect))
                continue
            side = self._side(condition, variables=variables, effect=effect)
            keys[key] = meet(keys[key], side) if key in keys else side
        action = _strings(
            [p.lower() for p in statement.actions], ACTION_PARTS, negated=statement.not_actions
        )
        found = (
            patterns.of_resource(text, variables=variables)
            for text in statement.resources or ("*",)
        )
        named = [bound for p in found if (bound := _bound(p, self.facts)) is not None]
        if not named and not statement.not_resources:
            return None
        resource = _strings(named, RESOURCE_PARTS, negated=statement.not_resources)
        return Cube(action, resource, who, keys, frozenset(atoms), statement)

    def _side(self, condition: Condition, *, variables: bool, effect: Effect) -> KeySide:
        domain = self.domains[fold(condition.key)]
        accepted = _accepted(effect)
        absent = holds(condition, _ABSENT, variables=variables).truth in accepted
        if OPERATORS[condition.operator].family is Family.NULL or not condition.values:
            present = Context.of({condition.key: _PROBE}, complete=True)
            there = holds(condition, present, variables=variables).truth in accepted
            return KeySide(absent, domain.full if there else 0)
        yes, error = domain.passes[_test(condition, self.facts, variables=variables)]
        passing = yes | error if Truth.ERROR in accepted else yes
        if domain.single or condition.quantifier is Quantifier.ALL:
            return KeySide(absent, passing)
        return KeySide(absent, domain.full, (passing,))


_ABSENT: Final = Context(complete=True)


def _accepted(effect: Effect) -> frozenset[Truth]:
    return frozenset({Truth.TRUE, Truth.ERROR} if effect is Effect.DENY else {Truth.TRUE})


def _strings(found: list[str], parts: int, *, negated: bool) -> Strings:
    union = _widest(tuple(found), parts)
    return Strings((), (union,)) if negated else Strings((union,))


@lru_cache(maxsize=16384)
def _widest(found: tuple[str, ...], parts: int) -> Union:
    """The patterns of a list without those that a wider one of them holds."""
    return Union.of(_without_repeats(found), parts)


def _without_repeats(found: tuple[str, ...]) -> Iterable[str]:
    wide = [p for p in dict.fromkeys(found) if "*" in p or "?" in p]
    if "*" in wide:
        return ("*",)
    if not wide:
        return found
    union = Union.of(wide, ACTION_PARTS)
    kept: dict[str, None] = {}
    for pattern in dict.fromkeys(found):
        near = union.near(pattern)
        if not any(w != pattern and contains(w, pattern) and _first(w, pattern) for w in near):
            kept[pattern] = None
    return kept


def _first(wide: str, pattern: str) -> bool:
    """Of two patterns that mean the same, one stays."""
    return not contains(pattern, wide) or wide < pattern


def _collect(
    condition: Condition,
    variables: bool,  # noqa: FBT001
    facts: Context | None,
    tests: dict[str, dict[Test, None]],
    asked: dict[str, bool],
) -> None:
    key = fold(condition.key)
    asked[key] = asked.get(key, False) or condition.quantifier is not None
    for name in _variables(condition, facts, variables=variables):
        asked.setdefault(fold(name), False)
    null = OPERATORS[condition.operator].family is Family.NULL
    if null or not condition.values or _depends(condition, facts, variables=variables):
        return
    tests.setdefault(key, {})[_test(condition, facts, variables=variables)] = None


def _is_single(
    key: str,
    quantified: bool,  # noqa: FBT001
    multivalued: Callable[[str], bool | None] | None,
) -> bool:
    if key in SINGLE or key.startswith(_SINGLE_PREFIXES):
        return True
    if key in MULTIVALUED:
        return False
    told = multivalued(key) if multivalued else None
    return not quantified if told is None else not told


def _pieces(
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
            _known(part, facts) if isinstance(part, Variable) else part
            for part in read_template(text, wildcards=wildcards, variables=replaced).parts
        ]
        if None not in parts:
            found.append(tuple(part for part in parts if part is not None))
    return tuple(found)


def _known(variable: Variable, facts: Context | None) -> str | Variable | None:
    """A variable's value; the variable itself when nothing is known, None when it has none."""
    if facts is None:
        return variable
    values = facts.get(variable.key)
    if values is not None:
        return values[0] if len(values) == 1 else None
    if facts.state(variable.key) is KeyState.ABSENT:
        return variable.default
    return variable


def _bound(pattern: str, facts: Context | None) -> str | None:
    """A pattern with what is known of its variables put in; None when nothing can match it."""
    for key, default in patterns.variables_in(pattern):
        known = _known(Variable(key, default), facts)
        if known is None:
            return None
        if isinstance(known, str):
            pattern = pattern.replace(patterns.variable(key, default), patterns.encode(known))
    return pattern


def _variables(condition: Condition, facts: Context | None, *, variables: bool) -> tuple[str, ...]:
    if not variables or not any("${" in text for text in condition.values):
        return ()
    return tuple(
        part.key
        for parts in _pieces(condition, facts, variables=variables)
        for part in parts
        if isinstance(part, Variable)
    )


def _depends(condition: Condition, facts: Context | None, *, variables: bool) -> bool:
    """True when a value holds a policy variable that nobody knows."""
    if OPERATORS[condition.operator].family is Family.NULL:
        return False
    return bool(_variables(condition, facts, variables=variables))


def _test(condition: Condition, facts: Context | None, *, variables: bool) -> Test:
    values = tuple(
        tuple(part for part in parts if not isinstance(part, Variable) and part != "")
        for parts in _pieces(condition, facts, variables=variables)
    )
    return Test(condition.operator, values)


def _atom(condition: Condition, effect: Effect) -> Atom:
    folded = Condition(
        condition.operator,
        fold(condition.key),
        tuple(sorted(condition.values)),
        condition.quantifier,
        condition.if_exists,
    )
    # Only these can fail to compare, and then an Allow and a Deny part.
    can_fail = OPERATORS[condition.operator].family is Family.BOOL
    return Atom(folded, effect if can_fail else None)
