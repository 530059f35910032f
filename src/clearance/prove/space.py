"""The requests some policies can tell apart, and what each statement says in that space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from clearance.match.truth import Truth
from clearance.model.catalog import Catalog
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import AttachedPolicy, Condition, Effect, Policy
from clearance.model.principal import Principal
from clearance.model.request import Context, fold
from clearance.parse.variables import Variable
from clearance.prove import patterns
from clearance.prove.callers import SOMEBODY, Callers, callers_of
from clearance.prove.cubes import RESOURCE_PARTS, Cube, KeySide, meet
from clearance.prove.search import Universe
from clearance.prove.statements import Ask, Says, known, pieces, said_by, strings, test_of
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
    _cubes: dict[tuple[int, bool], tuple[Says, Cube | None]] = field(
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
            said = said_by(policy)
            names.update(said.names)
            for ask in said.asks:
                _collect(ask, facts, tests, asked)
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

    def cube(self, said: Says, *, anyone: bool = False) -> Cube | None:
        """What a statement speaks about; None for nothing. ``anyone``: whoever asks.

        A Deny also acts where its conditions cannot be compared, an Allow does not (R55, R126).
        """
        key = (id(said), anyone)
        found = self._cubes.get(key)
        if found is None:
            who = self.callers.full if anyone else self.callers.named_by(said.statement)
            found = self._cubes[key] = (said, self._encode(said, who))
        return found[1]

    def _encode(self, said: Says, who: int) -> Cube | None:
        statement = said.statement
        if not who or not statement.actions or statement.resources == ():
            return None
        resource = said.resource
        if resource is None:
            named = [bound for p in said.patterns if (bound := _bound(p, self.facts)) is not None]
            if not named and not statement.not_resources:
                return None
            resource = strings(named, RESOURCE_PARTS, negated=statement.not_resources)
        keys: dict[str, KeySide] = {}
        atoms: set[object] = set()
        for ask in said.asks:
            test = _test(ask, self.facts)
            if test is None and ask.test is not None:
                atoms.add(_atom(ask.condition, statement.effect))
                continue
            side = self._side(ask, test, statement.effect)
            keys[ask.key] = meet(keys[ask.key], side) if ask.key in keys else side
        return Cube(said.action, resource, who, keys, frozenset(atoms), statement)

    def _side(self, ask: Ask, test: Test | None, effect: Effect) -> KeySide:
        domain = self.domains[ask.key]
        accepted = _ACCEPTED[effect]
        absent = ask.absent in accepted
        if test is None:
            return KeySide(absent, domain.full if ask.present in accepted else 0)
        yes, error = domain.passes[test]
        passing = yes | error if Truth.ERROR in accepted else yes
        if domain.single or ask.every:
            return KeySide(absent, passing)
        return KeySide(absent, domain.full, (passing,))


_ACCEPTED: Final = {
    Effect.ALLOW: frozenset({Truth.TRUE}),
    Effect.DENY: frozenset({Truth.TRUE, Truth.ERROR}),
}


def _collect(
    ask: Ask,
    facts: Context | None,
    tests: dict[str, dict[Test, None]],
    asked: dict[str, bool],
) -> None:
    asked[ask.key] = asked.get(ask.key, False) or ask.condition.quantifier is not None
    for name in _unknown(ask, facts):
        asked.setdefault(name, False)
    test = _test(ask, facts)
    if test is not None:
        tests.setdefault(ask.key, {})[test] = None


def _test(ask: Ask, facts: Context | None) -> Test | None:
    """What a condition asks of a value; None when that hangs on a variable nobody knows."""
    if not ask.variables:
        return ask.test
    if _unknown(ask, facts):
        return None
    return test_of(ask.condition, pieces(ask.condition, facts, variables=True))


def _unknown(ask: Ask, facts: Context | None) -> tuple[str, ...]:
    """The variables of a condition that nobody knows."""
    if facts is None or not ask.variables:
        return ask.variables
    return tuple(
        fold(part.key)
        for parts in pieces(ask.condition, facts, variables=True)
        for part in parts
        if isinstance(part, Variable)
    )


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


def _bound(pattern: str, facts: Context | None) -> str | None:
    """A pattern with what is known of its variables put in; None when nothing can match it."""
    for key, default in patterns.variables_in(pattern):
        value = known(Variable(key, default), facts)
        if value is None:
            return None
        if isinstance(value, str):
            pattern = pattern.replace(patterns.variable(key, default), patterns.encode(value))
    return pattern


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
