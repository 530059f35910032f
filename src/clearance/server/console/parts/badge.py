"""A verdict as a badge: a word and a sign, so that the colour is only the third to say it."""

from __future__ import annotations

from typing import Final

from clearance.model.decision import CheckEffect, DecisionEffect
from clearance.server.console.parts.text import tag

__all__ = ["WORDS", "badge", "tone", "verdict"]

# effect -> (word, sign, tone)
WORDS: Final = {
    "ALLOW": ("Allowed", "✓", "ok"),
    "IMPLICIT_DENY": ("Denied", "✕", "bad"),
    "EXPLICIT_DENY": ("Explicit deny", "✕", "bad"),
    "NO_IMPACT": ("Says nothing", "–", "none"),  # noqa: RUF001 - a dash, as it is read
    "ERROR": ("Failed", "!", "warn"),
    "WOULD_DENY": ("Would be denied", "!", "warn"),
}


def verdict(effect: DecisionEffect | CheckEffect | str) -> None:
    """The badge of an effect; it may also be ``ERROR`` or ``WOULD_DENY``."""
    name = effect if isinstance(effect, str) else effect.value
    word, sign, kind = WORDS[name]
    badge(word, kind, sign)


def badge(text: str, kind: str = "none", sign: str = "") -> None:
    """A small label; ``kind`` is ``ok``, ``bad``, ``warn``, ``note`` or ``none``."""
    with tag("span", classes=_CLASSES[kind]):
        if sign:
            tag("span", sign, "sign").props["aria-hidden"] = "true"
        tag("span", text)


def tone(effect: DecisionEffect | CheckEffect) -> str:
    """The colour family of an effect."""
    return WORDS[effect.value][2]


_CLASSES = {kind: f"badge {kind}" for kind in ("ok", "bad", "warn", "note", "none")}
