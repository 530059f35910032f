"""What a test says, as small numbers: ``match.truth`` for the inner loop.

The order is chosen so that a conjunction is ``min``: one FALSE settles it, an UNKNOWN may still
become one, an ERROR may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeAlias

from clearance.match.truth import Truth

__all__ = [
    "ERROR",
    "FALSE",
    "NUMBER",
    "TRUE",
    "UNKNOWN",
    "UNTOLD",
    "Known",
    "Sent",
    "Test",
    "Values",
    "any_of",
]

FALSE: Final = 0
UNKNOWN: Final = 1
ERROR: Final = 2
TRUE: Final = 3

NUMBER: Final[Mapping[Truth, int]] = {
    Truth.FALSE: FALSE,
    Truth.UNKNOWN: UNKNOWN,
    Truth.ERROR: ERROR,
    Truth.TRUE: TRUE,
}

# A context key's values; None when it is absent, UNTOLD (compared by identity) when unknown.
Values: TypeAlias = tuple[str, ...] | None
UNTOLD: Final[tuple[str, ...]] = tuple(["untold"])  # noqa: C409 - a constant could be shared

Sent: TypeAlias = Mapping[str, Values]


class Known(Protocol):
    """What is known beside what was sent: a dict, or one that tells absent from unknown."""

    def get(self, key: str, /) -> Values:
        """The values of a folded key."""


class Test(Protocol):
    """One question about the context: what was sent, then what is known."""

    def __call__(self, sent: Sent, known: Known, /) -> int:
        """FALSE, UNKNOWN, ERROR or TRUE."""


def any_of(outcomes: Iterable[int]) -> int:
    """Disjunction: one TRUE settles it; an UNKNOWN may still become one, an ERROR may not."""
    found = set(outcomes)
    for outcome in (TRUE, UNKNOWN, ERROR):
        if outcome in found:
            return outcome
    return FALSE
