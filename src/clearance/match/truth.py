"""What a test can say: no, unknown, yes, or that it could not be made."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

__all__ = ["Truth", "all_of", "any_of"]


class Truth(Enum):
    """UNKNOWN: a context key nobody told (R159). ERROR: values that cannot be compared (R126)."""

    FALSE = "no"
    UNKNOWN = "unknown"
    ERROR = "error"
    TRUE = "yes"

    @classmethod
    def of(cls, value: bool) -> Truth:  # noqa: FBT001
        """TRUE or FALSE."""
        return cls.TRUE if value else cls.FALSE

    def negated(self) -> Truth:
        """The other of TRUE and FALSE; the rest stays."""
        return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(self, self)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Conjunction: one FALSE settles it; an UNKNOWN may still become one, an ERROR may not."""
    found = set(truths)
    for truth in (Truth.FALSE, Truth.UNKNOWN, Truth.ERROR):
        if truth in found:
            return truth
    return Truth.TRUE


def any_of(truths: Iterable[Truth]) -> Truth:
    """Disjunction: one TRUE settles it; an UNKNOWN may still become one, an ERROR may not."""
    found = set(truths)
    for truth in (Truth.TRUE, Truth.UNKNOWN, Truth.ERROR):
        if truth in found:
            return truth
    return Truth.FALSE
