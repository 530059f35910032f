"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Checked", "Standing", "fine", "note", "problem"]


class Standing(Enum):
    """How it stands; only a problem makes `clearance doctor` exit with 1."""

    FINE = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, what was found, and what to do about it."""

    name: str
    standing: Standing
    says: str
    do: str = ""


def fine(name: str, says: str) -> Checked:
    """All is well."""
    return Checked(name, Standing.FINE, says)


def note(name: str, says: str, do: str = "") -> Checked:
    """Good to know; nothing is broken."""
    return Checked(name, Standing.NOTE, says, do)


def problem(name: str, says: str, do: str) -> Checked:
    """Something does not work."""
    return Checked(name, Standing.PROBLEM, says, do)
