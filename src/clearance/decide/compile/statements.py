"""Policies to statements that are found by action and asked by closures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

from clearance.decide.compile import patterns
from clearance.decide.compile.conditions import compile_condition, keys_of, resolve
from clearance.decide.compile.outcome import (
    ERROR,
    FALSE,
    TRUE,
    UNKNOWN,
    UNTOLD,
    Known,
    Sent,
    Test,
    any_of,
)
from clearance.match.action import pattern
from clearance.match.resource import template
from clearance.model.glob import ANY_RUN, Token
from clearance.model.policy import Effect, Policy, Statement
from clearance.model.request import fold
from clearance.parse.variables import Template, Variable

__all__ = [
    "ActionIndex",
    "CompiledPolicy",
    "CompiledStatement",
    "Holds",
    "conjunction",
    "sameness",
]

Holds: TypeAlias = Callable[[Sent, Known], bool]
NONE: Final[tuple[()]] = ()


class CompiledStatement:
    """One statement: where it applies, and the tests it then makes of the context."""

    __slots__ = (
        "_fits",
        "_holds",
        "_patterns",
        "_policy",
        "_sorted_keys",
        "_templates",
        "_tests",
        "allow",
        "anywhere",
        "keys",
        "statement",
    )

    def __init__(self, policy: Policy, statement: Statement) -> None:
        variables = policy.has_variables
        self._policy = policy
        self.statement = statement
        self.allow = statement.effect is Effect.ALLOW
        self._tests: tuple[Test, ...] | None = None
        self._holds: Holds | None = None
        resources = statement.resources
        everything = resources is None or "*" in resources
        self.anywhere = resources is None or (everything and not statement.not_resources)
        templates = () if self.anywhere else [_template(t, variables) for t in resources or ()]
        self._templates = tuple([t for t in templates if t.variables])
        self._patterns = tuple([_tokens(t) for t in templates if not t.variables])
        self._fits: patterns.Matcher | None = None
        self._sorted_keys: tuple[str, ...] | None = None
        self.keys: frozenset[str] = frozenset()
        if self._templates or statement.conditions:
            of_conditions = (keys_of(one, variables=variables) for one in statement.conditions)
            of_resources = (fold(v.key) for t in self._templates for v in t.variables)
            self.keys = frozenset(of_resources).union(*of_conditions)

    @property
    def sorted_keys(self) -> tuple[str, ...]:
        """The keys it asks for, in order."""
        if self._sorted_keys is None:
            self._sorted_keys = tuple(sorted(self.keys))
        return self._sorted_keys

    @property
    def _covers(self) -> patterns.Matcher:
        """The patterns without variables, compiled when a resource first meets them."""
        if self._fits is None:
            self._fits = patterns.one_of(self._patterns)
        return self._fits

    @property
    def has_variables(self) -> bool:
        """True when its texts may hold policy variables."""
        return self._policy.has_variables

    @property
    def by_variables(self) -> bool:
        """True when policy variables say which resources it speaks of."""
        return bool(self._templates)

    @property
    def tests(self) -> tuple[Test, ...]:
        """The conditions, compiled when the statement first applies somewhere."""
        if self._tests is None:
            variables = self._policy.has_variables
            self._tests = tuple(
                compile_condition(condition, variables=variables)
                for condition in self.statement.conditions
            )
        return self._tests

    def holds(self, residue: tuple[Test, ...]) -> Holds:
        """Whether the statement counts when only these tests are left to ask."""
        if residue is not self._tests:
            return conjunction(residue, allow=self.allow)
        if self._holds is None:
            self._holds = conjunction(residue, allow=self.allow)
        return self._holds

    def residue(self, resource: str) -> tuple[Test, ...] | None:
        """What is left to ask about the context, or None when it never speaks of the resource."""
        if self.anywhere:
            return self.tests
        if not self.statement.resources:
            return None
        covered = self._covers(resource)
        if covered or not self._templates:
            return self.tests if covered is not self.statement.not_resources else None
        return (self._by_variables(resource), *self.tests)

    def fits(self, resources: Sequence[str]) -> list[bool | str]:
        """Whether it speaks of each resource; the resource where policy variables decide."""
        if not self.anywhere and self.statement.resources and not self._templates:
            covers, negated = self._covers, self.statement.not_resources
            return [covers(resource) is not negated for resource in resources]
        found: list[bool | str] = []
        for resource in resources:
            residue = self.residue(resource)
            found.append(False if residue is None else residue is self.tests or resource)
        return found

    def begins(self, start: str) -> bool | None:
        """Whether it speaks of the resources that begin so, and go on; None if of some."""
        if self.anywhere:
            return True
        if not self.statement.resources:
            return False
        if self._templates:
            return None
        found = patterns.beginning(self._patterns, start)
        return found if found is None else found is not self.statement.not_resources

    def _by_variables(self, resource: str) -> Test:
        templates, negated = self._templates, self.statement.not_resources

        def test(sent: Sent, known: Known, /) -> int:
            outcome = any_of(_covered(each, resource, sent, known) for each in templates)
            return TRUE - outcome if negated and outcome != UNKNOWN else outcome

        return test


def _covered(wanted: Template, resource: str, sent: Sent, known: Known) -> int:
    pieces = resolve(wanted, sent, known)
    if pieces is None:
        return FALSE  # R133
    if pieces is UNTOLD:
        return UNKNOWN if patterns.glob(_widest(wanted, sent, known))(resource) else FALSE
    return TRUE if patterns.glob(pieces)(resource) else FALSE


def _widest(wanted: Template, sent: Sent, known: Known) -> patterns.Tokens:
    """The pattern with ``*`` for variables that are unknown."""
    found: list[Token] = []
    for part in wanted.parts:
        alone = Template((part,))
        pieces = resolve(alone, sent, known)
        found += (ANY_RUN,) if pieces is UNTOLD else pieces or ()
    return tuple(found)


def sameness(policy: Policy, statement: Statement) -> tuple[object, ...]:
    """Two statements without Principal that are equal in this say the same wherever they stand."""
    return (
        statement.effect,
        statement.resources,
        statement.not_resources,
        statement.conditions,
        policy.has_variables,
    )


def _template(text: str, variables: bool) -> Template:  # noqa: FBT001
    return template(text, variables=variables)


def _tokens(wanted: Template) -> patterns.Tokens:
    return tuple(part for part in wanted.parts if not isinstance(part, Variable) and part != "")


def conjunction(tests: Sequence[Test], *, allow: bool) -> Holds:
    """Whether a statement with these tests counts, when unknown keys are read as absent.

    A test that cannot be made stops an Allow and lets a Deny through (R55).
    """
    if not tests:
        return _always
    if len(tests) == 1:
        (only,) = tests
        if allow:
            return lambda sent, known: only(sent, known) == TRUE
        return lambda sent, known: only(sent, known) >= ERROR

    if len(tests) == 2:  # noqa: PLR2004
        first, second = tests
        least = TRUE if allow else ERROR
        return lambda sent, known: first(sent, known) >= least and second(sent, known) >= least

    def holds(sent: Sent, known: Known) -> bool:
        return all(test(sent, known) >= least for test in tests)

    least = TRUE if allow else ERROR
    return holds


def _always(_: Sent, __: Known) -> bool:
    return True


class ActionIndex:
    """Which of some statements cover an action, without asking each of them."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._exact: dict[str, list[int]] = {}
        self._of_service: dict[str, dict[str, list[int]]] = {}
        self._of_any: dict[str, list[int]] = {}
        self._negated: list[int] = []
        for place, statement in enumerate(statements):
            if statement.not_actions:
                self._negated.append(place)
                continue
            for text in statement.actions:
                folded = text.lower()
                self._table(folded).setdefault(folded, []).append(place)

    def _table(self, text: str) -> dict[str, list[int]]:
        if "*" not in text and "?" not in text:
            return self._exact
        service = text.partition(":")[0]
        if "*" in service or "?" in service:
            return self._of_any
        return self._of_service.setdefault(service, {})

    def covering(self, action: str) -> list[int]:
        """The places of the statements that cover the folded action, in order."""
        found = set(self._exact.get(action, NONE))
        of_service = self._of_service.get(action.partition(":")[0])
        for table in (of_service, self._of_any):
            for text, places in table.items() if table else NONE:
                if text == "*" or _action(text)(action):
                    found.update(places)
        for place in self._negated:
            actions = self._statements[place].actions
            if actions and not any(_action(text.lower())(action) for text in actions):
                found.add(place)
        return sorted(found)


@lru_cache(maxsize=65536)
def _action(text: str) -> patterns.Matcher:
    """``match.action`` for a pattern and an action that are folded already."""
    return patterns.glob(pattern(text).tokens)


class CompiledPolicy:
    """One document: its statements, compiled when first wanted, by action."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._compiled: dict[int, CompiledStatement] = {}
        self._found: dict[str, tuple[CompiledStatement, ...]] = {}

    @cached_property
    def _index(self) -> ActionIndex:
        return ActionIndex(self.policy.statements)

    def covering(self, action: str) -> tuple[CompiledStatement, ...]:
        """The statements that cover the folded action."""
        found = self._found.get(action)
        if found is None:
            found = tuple(self.statement(place) for place in self._index.covering(action))
            self._found[action] = found
        return found

    def statement(self, place: int) -> CompiledStatement:
        """One statement, compiled when first wanted."""
        compiled = self._compiled.get(place)
        if compiled is None:
            compiled = CompiledStatement(self.policy, self.policy.statements[place])
            self._compiled[place] = compiled
        return compiled
