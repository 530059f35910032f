"""String operators (R113)."""

from __future__ import annotations

from collections.abc import Sequence

from clearance.model.glob import Glob, Token, Wild

__all__ = ["equal", "equal_ignoring_case", "like", "literal"]


def literal(wanted: Sequence[Token]) -> str:
    """The pieces of a value as one text."""
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in wanted)


def equal(actual: str, wanted: Sequence[Token]) -> bool:
    """``StringEquals``: the same characters; ``*`` is a character."""
    return actual == literal(wanted)


def equal_ignoring_case(actual: str, wanted: Sequence[Token]) -> bool:
    """``StringEqualsIgnoreCase``."""
    return actual.lower() == literal(wanted).lower()


def like(actual: str, wanted: Sequence[Token]) -> bool:
    """``StringLike``: ``*`` and ``?`` anywhere in the wanted value."""
    return Glob(tuple(wanted)).matches(actual)
