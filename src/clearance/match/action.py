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
    if not statement.actions:
        return False
    named, wild = _sorted(statement.actions)
    found = action.lower() in named or any(one.matches(action) for one in wild)
    return found is not statement.not_actions


@lru_cache(maxsize=16384)
def _sorted(actions: tuple[str, ...]) -> tuple[frozenset[str], tuple[Glob, ...]]:
    """Actions named in full, in lower case, and patterns."""
    globs = [(text, pattern(text)) for text in actions]
    named = frozenset(text.lower() for text, glob in globs if glob.literal is not None)
    return named, tuple(glob for _, glob in globs if glob.literal is None)
