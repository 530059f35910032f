"""Action and NotAction."""

from __future__ import annotations

from functools import lru_cache

from clearance.model.glob import Glob
from clearance.model.policy import Statement

__all__ = ["covers", "pattern"]


@lru_cache(maxsize=65536)
def pattern(text: str) -> Glob:
    """An action pattern; prefix and name are matched without regard to case (R33)."""
    return Glob.of(text, ignore_case=True)


def covers(statement: Statement, action: str) -> bool:
    """True when the statement's Action names the action, or its NotAction does not (R34)."""
    named = any(pattern(text).matches(action) for text in statement.actions)
    return named is not statement.not_actions if statement.actions else False
