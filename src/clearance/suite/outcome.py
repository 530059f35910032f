"""How a test ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from clearance.model.decision import Decision

__all__ = ["Outcome", "Standing"]


class Standing(Enum):
    """PASSED and FAILED as decided; ERROR when it could not be decided."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test's end.

    ``how`` says what an answer rests on (``decided``, ``proven``, or over whom it was decided),
    ``lines`` say what was wrong. ``decision`` is the request that shows it.
    """

    name: str
    line: int
    standing: Standing
    how: str = "decided"
    lines: tuple[str, ...] = ()
    decision: Decision | None = field(default=None, compare=False)
