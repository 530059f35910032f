"""What validation says: a finding, its place, and the edit that would settle it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from clearance.parse.reading import Path, path_text

__all__ = ["AtKey", "Edit", "Finding", "FindingType", "Fix", "Place", "Step", "Within"]


class FindingType(Enum):
    """Access Analyzer's four types, the worst first (R242)."""

    ERROR = "ERROR"
    SECURITY_WARNING = "SECURITY_WARNING"
    WARNING = "WARNING"
    SUGGESTION = "SUGGESTION"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(FindingType).index(self)


@dataclass(frozen=True, slots=True)
class AtKey:
    """A path ends at a key itself, not at its value."""

    key: str


@dataclass(frozen=True, slots=True)
class Within:
    """A path ends inside a text: characters of it, counted from zero."""

    start: int
    length: int


Step: TypeAlias = str | int | AtKey | Within


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON path and the characters of the text from ``start`` up to ``end``."""

    path: tuple[Step, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The path as people read it: ``Statement[0].Action[1]``."""
        steps: Path = tuple(s for s in self.path if isinstance(s, str | int))
        last = self.path[-1] if self.path else None
        return path_text((*steps, last.key) if isinstance(last, AtKey) else steps)


@dataclass(frozen=True, slots=True)
class Edit:
    """Write ``text`` in place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What would settle a finding without changing what anybody meant."""

    says: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a policy.

    ``code`` and ``type`` are Access Analyzer's, ``details`` is our sentence about this very
    place. ``others`` are further places that belong to it.
    """

    code: str
    type: FindingType
    details: str
    place: Place
    fix: Fix | None = None
    others: tuple[Place, ...] = ()

    def without_fix(self) -> Finding:
        """The same finding where nothing may be edited."""
        return replace(self, fix=None)
