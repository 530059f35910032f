"""One condition to one function of the context.

What a condition says of an absent or unknown key is asked of ``match.conditions`` itself when the
condition is compiled; only the comparison with values that are there is written for speed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from clearance.decide.compile import patterns
from clearance.decide.compile.outcome import (
    ERROR,
    FALSE,
    NUMBER,
    TRUE,
    UNKNOWN,
    UNTOLD,
    Known,
    Sent,
    Test,
    Values,
    any_of,
)
from clearance.match.conditions import holds
from clearance.match.operators import addresses, dates, numbers, presence
from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.strings import literal
from clearance.match.operators.table import COMPARISONS
from clearance.model.glob import Token
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import Condition, Quantifier
from clearance.model.request import Context, fold
from clearance.parse.variables import Template, Variable, read_template

__all__ = ["compile_condition", "keys_of", "resolve"]

Fit: TypeAlias = Callable[[str], int]
DynamicFit: TypeAlias = Callable[[str, Sent, Known], int]
Pieces: TypeAlias = tuple[Token, ...]


def keys_of(condition: Condition, *, variables: bool) -> frozenset[str]:
    """The folded context keys a condition reads."""
    templates = _templates(condition, variables=variables)
    inner = {fold(v.key) for template in templates for v in template.variables}
    return frozenset({fold(condition.key)} | inner)


def compile_condition(condition: Condition, *, variables: bool) -> Test:
    """A function that says what ``match.conditions.holds`` says."""
    key = fold(condition.key)
    when_absent = NUMBER[holds(condition, Context(complete=True), variables=variables).truth]
    when_unknown = NUMBER[holds(condition, Context(), variables=variables).truth]
    if OPERATORS[condition.operator].family is Family.NULL:
        context = Context.of({condition.key: ""})
        when_present = NUMBER[holds(condition, context, variables=variables).truth]
        return _constant(key, when_absent, when_unknown, when_present)
    if not condition.values:
        return _constant(key, when_absent, when_unknown, FALSE)  # R10
    every = condition.quantifier is Quantifier.ALL
    templates = _templates(condition, variables=variables)
    if any(template.variables for template in templates):
        return _dynamic(condition, templates, key, when_absent, every=every)
    wanted = tuple(_static(template) for template in templates)
    if OPERATORS[condition.operator].positive == "StringEquals" and not every:
        return _member(key, condition, wanted, when_absent)
    fit = _FITS.get(OPERATORS[condition.operator].positive, _by_comparison)(condition, wanted)
    return _fixed(key, fit, when_absent, every=every)


def _templates(condition: Condition, *, variables: bool) -> tuple[Template, ...]:
    name = OPERATORS[condition.operator]
    if name.family is Family.NULL:
        return ()
    wildcards = COMPARISONS[name.positive].wildcards
    return tuple(
        read_template(text, wildcards=wildcards, variables=variables and name.variables)
        for text in condition.values
    )


def _static(template: Template) -> Pieces:
    return tuple(p for p in template.parts if not isinstance(p, Variable) and p != "")


def _constant(key: str, absent: int, unknown: int, present: int) -> Test:
    def test(sent: Sent, known: Known, /) -> int:
        values = sent[key] if key in sent else known.get(key)
        if values is None:
            return absent
        return unknown if values is UNTOLD else present

    return test


def _fixed(key: str, fit: Fit, absent: int, *, every: bool) -> Test:
    def test(sent: Sent, known: Known, /) -> int:
        values = sent[key] if key in sent else known.get(key)
        if values is None:
            return absent
        if len(values) == 1:
            return UNKNOWN if values is UNTOLD else fit(values[0])
        outcomes = [fit(value) for value in values]
        return min(outcomes) if every else any_of(outcomes)

    return test


def _member(key: str, condition: Condition, wanted: Sequence[Pieces], absent: int) -> Test:
    """``_fixed`` for the commonest operator, with one call less."""
    texts = frozenset(map(literal, wanted))
    yes, no = (FALSE, TRUE) if OPERATORS[condition.operator].negated else (TRUE, FALSE)

    def test(sent: Sent, known: Known, /) -> int:
        values = sent[key] if key in sent else known.get(key)
        if values is None:
            return absent
        if len(values) == 1:
            if values is UNTOLD:
                return UNKNOWN
            return yes if values[0] in texts else no
        return any_of(yes if value in texts else no for value in values)

    return test


def _dynamic(
    condition: Condition, templates: Sequence[Template], key: str, absent: int, *, every: bool
) -> Test:
    """Values with variables: resolved for each request."""
    name = OPERATORS[condition.operator]

    def fit(actual: str, sent: Sent, known: Known) -> int:
        outcomes = []
        for template in templates:
            pieces = resolve(template, sent, known)
            if pieces is None:
                outcomes.append(FALSE)  # no right-hand side (R132)
            elif pieces is UNTOLD:
                outcomes.append(UNKNOWN)
            else:
                outcomes.append(_compared(name.positive, actual, pieces, name.negated))
        return _turned(any_of(outcomes), negated=name.negated)

    def test(sent: Sent, known: Known, /) -> int:
        values = sent[key] if key in sent else known.get(key)
        if values is None:
            return absent
        if values is UNTOLD:
            return UNKNOWN
        outcomes = [fit(value, sent, known) for value in values]
        return min(outcomes) if every else any_of(outcomes)

    return test


def resolve(template: Template, sent: Sent, known: Known) -> Pieces | None:
    """The template with values for its variables; None when one has none, UNTOLD if unknown."""
    pieces: list[Token] = []
    untold = False
    for part in template.parts:
        if not isinstance(part, Variable):
            pieces.append(part)
            continue
        key = fold(part.key)
        values: Values = sent[key] if key in sent else known.get(key)
        if values is UNTOLD:
            untold = True
        elif values is not None and len(values) == 1:
            pieces.append(values[0])
        elif part.default is not None and values is None:
            pieces.append(part.default)
        else:
            return None
    if untold:
        return UNTOLD
    return tuple(piece for piece in pieces if piece != "")


@lru_cache(maxsize=65536)
def _compared(positive: str, actual: str, wanted: Pieces, negated: bool) -> int:  # noqa: FBT001
    """One actual value with one wanted value, before negation."""
    try:
        return TRUE if COMPARISONS[positive].fits(actual, wanted) else FALSE
    except PolicyValueError:
        return ERROR
    except RequestValueError:
        return ERROR if negated else FALSE  # "not false" must not widen an Allow (R126)


def _turned(outcome: int, *, negated: bool) -> int:
    if negated and outcome in {TRUE, FALSE}:
        return TRUE - outcome
    return outcome


def _by_comparison(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    name = OPERATORS[condition.operator]

    def fit(actual: str) -> int:
        found = any_of(_compared(name.positive, actual, one, name.negated) for one in wanted)
        return _turned(found, negated=name.negated)

    return fit


def _choose(condition: Condition, matches: patterns.Matcher) -> Fit:
    yes, no = (FALSE, TRUE) if OPERATORS[condition.operator].negated else (TRUE, FALSE)
    return lambda actual: yes if matches(actual) else no


def _equal(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    return _choose(condition, frozenset(map(literal, wanted)).__contains__)


def _equal_ignoring_case(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    texts = frozenset(literal(pieces).lower() for pieces in wanted)
    return _choose(condition, lambda actual: actual.lower() in texts)


def _truth(_: Condition, wanted: Sequence[Pieces]) -> Fit:
    texts = frozenset(literal(pieces).lower() for pieces in wanted)
    good = texts & presence.TRUTHS
    miss = ERROR if texts - good else FALSE

    def fit(actual: str) -> int:
        return TRUE if actual.lower() in good else miss

    return fit


def _like(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    return _choose(condition, patterns.one_of(wanted))


def _arn_like(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    # A pattern of text alone fits the one ARN it is; a wild one is cut into parts.
    matchers = tuple(patterns.arn_like(pieces) for pieces in wanted)
    if len(matchers) == 1:
        return _choose(condition, matchers[0])
    return _choose(condition, lambda actual: any(fits(actual) for fits in matchers))


def _ranges(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
    blocks = [addresses.network(literal(pieces)) for pieces in wanted]
    ranges = tuple(
        (block.version, int(block.network_address), int(block.netmask)) for block in blocks if block
    )
    miss = ERROR if None in blocks else FALSE
    hit, miss = (
        _turned(found, negated=OPERATORS[condition.operator].negated) for found in (TRUE, miss)
    )

    def fit(actual: str) -> int:
        version, number = _number_of(actual)
        for of_version, base, mask in ranges:
            if of_version == version and number & mask == base:
                return hit
        return miss

    return fit


@lru_cache(maxsize=65536)
def _number_of(text: str) -> tuple[int, int]:
    address = addresses.address(text)
    return (address.version, int(address)) if address is not None else (0, 0)


_RELATIONS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_instant = lru_cache(maxsize=65536)(dates.instant)
_number = lru_cache(maxsize=65536)(numbers.number)


def _ordered(read: Callable[[str], Decimal | None], relation: str) -> Compile:
    related = _RELATIONS[relation]

    def compiled(condition: Condition, wanted: Sequence[Pieces]) -> Fit:
        negated = OPERATORS[condition.operator].negated
        found = [read(literal(pieces)) for pieces in wanted]
        limits = tuple(limit for limit in found if limit is not None)
        bad = len(limits) < len(found)
        miss = ERROR if bad else _turned(FALSE, negated=negated)
        hit = _turned(TRUE, negated=negated)
        unreadable = ERROR if bad or negated else FALSE  # R126

        def fit(actual: str) -> int:
            value = read(actual)
            if value is None:
                return unreadable
            for limit in limits:
                if related(value, limit):
                    return hit
            return miss

        return fit

    return compiled


Compile: TypeAlias = Callable[[Condition, Sequence[Pieces]], Fit]
_FITS: Final[Mapping[str, Compile]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _truth,
    "IpAddress": _ranges,
    **{f"Numeric{name}": _ordered(_number, name) for name in _RELATIONS},
    **{f"Date{name}": _ordered(_instant, name) for name in _RELATIONS},
}
