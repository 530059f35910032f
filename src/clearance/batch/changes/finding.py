"""What deserves a look, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Finding", "Level"]


class Level(IntEnum):
    """How urgent."""

    NOTE = 1
    WARNING = 2
    ALERT = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a change is suspicious; ``id`` stays the same from release to release."""

    id: str
    level: Level
    says: str
