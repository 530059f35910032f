"""What every positive operator compares with; negation and quantifiers are handled elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from clearance.match.operators import addresses, arns, dates, numbers, presence, strings
from clearance.match.operators.orders import ORDERS, Read, ordered
from clearance.model.glob import Token

__all__ = ["COMPARISONS", "Comparison", "Fits"]

Fits: TypeAlias = Callable[[str, Sequence[Token]], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``fits(actual, wanted)``; ``wildcards`` says whether ``*`` and ``?`` are wild in values."""

    fits: Fits
    wildcards: bool = False


def _ordered(prefix: str, read: Read, noun: str) -> dict[str, Comparison]:
    return {
        f"{prefix}{order}": Comparison(ordered(read, noun, holds))
        for order, holds in ORDERS.items()
    }


COMPARISONS: Final[Mapping[str, Comparison]] = {
    "StringEquals": Comparison(strings.equal),
    "StringEqualsIgnoreCase": Comparison(strings.equal_ignoring_case),
    "StringLike": Comparison(strings.like, wildcards=True),
    **_ordered("Numeric", numbers.number, "number"),
    **_ordered("Date", dates.instant, "date"),
    "Bool": Comparison(presence.same_truth),
    "BinaryEquals": Comparison(presence.same_bytes),
    "IpAddress": Comparison(addresses.fits),
    "ArnEquals": Comparison(arns.fits, wildcards=True),
    "ArnLike": Comparison(arns.fits, wildcards=True),
}
