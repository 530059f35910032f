"""ARN operators, part by part (R118)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearance.model.glob import ANY_RUN, Glob, Token

__all__ = ["fits", "split"]

PARTS = 6


def fits(actual: str, wanted: Sequence[Token]) -> bool:
    """``ArnLike`` and ``ArnEquals``: each of the six parts fits by itself.

    "Each of the six colon-delimited components of the ARN is checked separately" (operators
    page): no ``*`` crosses one of the first five colons. A lone ``*`` fits every ARN; a value
    that is not an ARN fits nothing.
    """
    parts = actual.split(":", PARTS - 1)
    if len(parts) != PARTS or parts[0] != "arn":
        return False
    if tuple(wanted) == (ANY_RUN,):
        return True
    patterns = split(wanted)
    if len(patterns) != PARTS:
        return False
    return all(Glob(pattern).matches(part) for pattern, part in zip(patterns, parts, strict=True))


def split(wanted: Sequence[Token]) -> list[tuple[Token, ...]]:
    """The pieces of a pattern, cut at its first five colons."""
    parts: list[list[Token]] = [[]]
    for piece in _cut(wanted):
        if piece == ":" and len(parts) < PARTS:
            parts.append([])
        else:
            parts[-1].append(piece)
    return [tuple(part) for part in parts]


def _cut(wanted: Sequence[Token]) -> Iterator[Token]:
    """The same pieces with every colon standing alone."""
    for piece in wanted:
        if not isinstance(piece, str):
            yield piece
            continue
        head, *tail = piece.split(":")
        if head:
            yield head
        for text in tail:
            yield ":"
            if text:
                yield text
