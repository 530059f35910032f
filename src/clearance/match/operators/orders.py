"""The five comparisons that numbers and dates share (R114, R115)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.strings import literal
from clearance.model.glob import Token

__all__ = ["ORDERS", "Read", "ordered"]

Read: TypeAlias = Callable[[str], Decimal | None]
Holds: TypeAlias = Callable[[Decimal, Decimal], bool]

ORDERS: Final[Mapping[str, Holds]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def ordered(read: Read, noun: str, holds: Holds) -> Callable[[str, Sequence[Token]], bool]:
    """One comparison of the values that ``read`` finds in the two texts."""

    def fits(actual: str, wanted: Sequence[Token]) -> bool:
        text = literal(wanted)
        right = read(text)
        if right is None:
            raise PolicyValueError(f"`{text}` is not a {noun}")
        left = read(actual)
        if left is None:
            raise RequestValueError(f"`{actual}` is not a {noun}")
        return holds(left, right)

    return fits
