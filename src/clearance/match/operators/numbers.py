"""Numeric operators (R114), in decimal so that 0.1 is 0.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.strings import literal
from clearance.model.glob import Token

__all__ = ["above", "at_least", "at_most", "below", "equal", "number"]

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?")


def number(text: str) -> Decimal | None:
    """The number a text writes, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _both(actual: str, wanted: Sequence[Token]) -> tuple[Decimal, Decimal]:
    text = literal(wanted)
    right = number(text)
    if right is None:
        raise PolicyValueError(f"`{text}` is not a number")
    left = number(actual)
    if left is None:
        raise RequestValueError(f"`{actual}` is not a number")
    return left, right


def equal(actual: str, wanted: Sequence[Token]) -> bool:
    """``NumericEquals``."""
    left, right = _both(actual, wanted)
    return left == right


def below(actual: str, wanted: Sequence[Token]) -> bool:
    """``NumericLessThan``."""
    left, right = _both(actual, wanted)
    return left < right


def at_most(actual: str, wanted: Sequence[Token]) -> bool:
    """``NumericLessThanEquals``."""
    left, right = _both(actual, wanted)
    return left <= right


def above(actual: str, wanted: Sequence[Token]) -> bool:
    """``NumericGreaterThan``."""
    left, right = _both(actual, wanted)
    return left > right


def at_least(actual: str, wanted: Sequence[Token]) -> bool:
    """``NumericGreaterThanEquals``."""
    left, right = _both(actual, wanted)
    return left >= right
