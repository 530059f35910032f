"""What every positive operator compares with; negation and quantifiers are handled elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from clearance.match.operators import addresses, arns, dates, numbers, presence, strings
from clearance.model.glob import Token

__all__ = ["COMPARISONS", "Comparison", "Fits"]

Fits: TypeAlias = Callable[[str, Sequence[Token]], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``fits(actual, wanted)``; ``wildcards`` says whether ``*`` and ``?`` are wild in values."""

    fits: Fits
    wildcards: bool = False


COMPARISONS: Final[Mapping[str, Comparison]] = {
    "StringEquals": Comparison(strings.equal),
    "StringEqualsIgnoreCase": Comparison(strings.equal_ignoring_case),
    "StringLike": Comparison(strings.like, wildcards=True),
    "NumericEquals": Comparison(numbers.equal),
    "NumericLessThan": Comparison(numbers.below),
    "NumericLessThanEquals": Comparison(numbers.at_most),
    "NumericGreaterThan": Comparison(numbers.above),
    "NumericGreaterThanEquals": Comparison(numbers.at_least),
    "DateEquals": Comparison(dates.equal),
    "DateLessThan": Comparison(dates.before),
    "DateLessThanEquals": Comparison(dates.at_most),
    "DateGreaterThan": Comparison(dates.after),
    "DateGreaterThanEquals": Comparison(dates.at_least),
    "Bool": Comparison(presence.same_truth),
    "BinaryEquals": Comparison(presence.same_bytes),
    "IpAddress": Comparison(addresses.fits),
    "ArnEquals": Comparison(arns.fits, wildcards=True),
    "ArnLike": Comparison(arns.fits, wildcards=True),
}
