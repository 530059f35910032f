"""Condition blocks: does the request context satisfy them?

Absence, IfExists, negation and the set quantifiers are the same for all operators and handled
here, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.table import COMPARISONS
from clearance.match.truth import Truth, all_of, any_of
from clearance.match.variables import Resolution, resolve
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import Condition, Quantifier
from clearance.model.request import Context, KeyState
from clearance.parse.variables import read_template

__all__ = ["Outcome", "holds"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition says, which keys it lacks, and why it failed if it could not be tested."""

    truth: Truth
    unknown: tuple[str, ...] = ()
    error: str | None = None


def holds(condition: Condition, context: Context, *, variables: bool) -> Outcome:
    """Ask one condition of one context.

    ``variables``: the policy's version gives ``${...}`` a meaning (R2).
    """
    state = context.state(condition.key)
    if OPERATORS[condition.operator].family is Family.NULL:
        truth = _null(condition, state)
        return Outcome(truth, (condition.key,) if truth is Truth.UNKNOWN else ())
    if state is KeyState.UNKNOWN:
        return Outcome(Truth.UNKNOWN, (condition.key,))
    if state is KeyState.ABSENT:
        return Outcome(Truth.of(_holds_when_absent(condition)))
    if not condition.values:
        return Outcome(Truth.FALSE)  # R10: an empty list is met by an absent key at most
    return _compare(condition, context, variables=variables)


def _null(condition: Condition, state: KeyState) -> Truth:
    """``"true"`` asks for an absent key, ``"false"`` for a present one (R125)."""
    # "ForAllValues:Null" and "ForAnyValue:Null" ask about the values of a key, none of which is
    # ever null (Access Analyzer, NULL_WITH_QUALIFIER).
    if condition.quantifier is not None:
        return Truth.of(condition.quantifier is Quantifier.ALL)
    if not condition.values:
        return Truth.FALSE
    if any(value.lower() not in {"true", "false"} for value in condition.values):
        return Truth.ERROR
    if state is KeyState.UNKNOWN:
        return Truth.UNKNOWN
    absent = state is KeyState.ABSENT
    return Truth.of(any((value.lower() == "true") is absent for value in condition.values))


def _holds_when_absent(condition: Condition) -> bool:
    # "If the policy key is not present, evaluate the condition element as true" (IfExists).
    if condition.if_exists:
        return True
    # "ForAllValues ... returns true if there are no keys in the request" and ForAnyValue false.
    if condition.quantifier is not None:
        return condition.quantifier is Quantifier.ALL
    # "If the key that you specify ... is not present, the values do not match and the condition
    # is false"; a negated operator is then true (R110). An empty list never matches (R10).
    return OPERATORS[condition.operator].negated and bool(condition.values)


def _compare(condition: Condition, context: Context, *, variables: bool) -> Outcome:
    operator = OPERATORS[condition.operator]
    unknown: list[str] = []
    errors: list[str] = []

    def one(actual: str) -> Truth:
        fits = any_of(_fits(condition, actual, context, variables, unknown, errors))
        return fits.negated() if operator.negated else fits

    outcomes = [one(actual) for actual in context.get(condition.key) or ()]
    # A multivalued key without a quantifier is refused by Access Analyzer; AWS does not say how
    # it evaluates. We read it as ForAnyValue (R122a).
    join = all_of if condition.quantifier is Quantifier.ALL else any_of
    truth = join(outcomes)
    return Outcome(
        truth,
        tuple(unknown) if truth is Truth.UNKNOWN else (),
        errors[0] if truth is Truth.ERROR and errors else None,
    )


def _fits(
    condition: Condition,
    actual: str,
    context: Context,
    variables: bool,  # noqa: FBT001
    unknown: list[str],
    errors: list[str],
) -> Iterator[Truth]:
    """Does the value fit each wanted value?"""
    operator = OPERATORS[condition.operator]
    comparison = COMPARISONS[operator.positive]
    for text in condition.values:
        template = read_template(
            text, wildcards=comparison.wildcards, variables=variables and operator.variables
        )
        wanted = resolve(template, context)
        if wanted.outcome is Resolution.UNKNOWN:
            unknown.extend(wanted.missing)
            yield Truth.UNKNOWN
        elif wanted.outcome is Resolution.MISSING:
            # No right-hand side: a positive operator does not match, a negated one does (R132).
            yield Truth.FALSE
        else:
            try:
                yield Truth.of(comparison.fits(actual, wanted.pieces))
            except PolicyValueError as error:
                errors.append(str(error))
                yield Truth.ERROR
            except RequestValueError as error:
                # The comparison is false, but "not false" must not widen an Allow (R126).
                errors.append(str(error))
                yield Truth.ERROR if operator.negated else Truth.FALSE
