"""Patterns with ``*`` and ``?``, matched in time linear in the candidate per chunk.

No regular expression is built from ``*``: a pattern is cut at its stars into chunks of fixed
length and each chunk is looked for from left to right, so hostile patterns cannot backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

__all__ = ["ANY_CHARACTER", "ANY_RUN", "Glob", "Token", "Wild"]


class Wild(Enum):
    """The two wildcards."""

    ANY_RUN = "*"
    ANY_CHARACTER = "?"


ANY_RUN: Final = Wild.ANY_RUN
ANY_CHARACTER: Final = Wild.ANY_CHARACTER
Token: TypeAlias = str | Wild
_Chunk: TypeAlias = str | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Glob:
    """``*`` matches any run of characters, ``?`` exactly one; everything else itself.

    >>> Glob.of("s3:Get*").matches("s3:GetObject")
    True
    """

    tokens: tuple[Token, ...]
    ignore_case: bool = False
    _chunks: tuple[tuple[int, _Chunk], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_chunks", tuple(_chunks(self.tokens, self.ignore_case)))

    @classmethod
    def of(cls, text: str, *, ignore_case: bool = False) -> Glob:
        """Read a pattern in which every ``*`` and ``?`` is a wildcard."""
        return cls(tuple(_tokens(text)), ignore_case)

    @property
    def text(self) -> str:
        """The pattern as written."""
        return "".join(t if isinstance(t, str) else t.value for t in self.tokens)

    @property
    def literal(self) -> str | None:
        """The only string this pattern matches, or None when it has wildcards."""
        if any(isinstance(token, Wild) for token in self.tokens):
            return None
        return "".join(t for t in self.tokens if isinstance(t, str))

    def matches(self, candidate: str) -> bool:
        """True when the whole candidate fits the pattern."""
        if self.ignore_case:
            candidate = candidate.lower()
        chunks = self._chunks
        length, first = chunks[0]
        if len(chunks) == 1:
            return len(candidate) == length and _at(first, candidate, 0)
        last_length, last = chunks[-1]
        end = len(candidate) - last_length
        if end < length or not _at(first, candidate, 0) or not _at(last, candidate, end):
            return False
        position = length
        for length, chunk in chunks[1:-1]:
            found = _find(chunk, candidate, position, end)
            if found < 0:
                return False
            position = found + length
        return position <= end


def _tokens(text: str) -> Iterable[Token]:
    literal: list[str] = []
    for character in text:
        if character in "*?":
            if literal:
                yield "".join(literal)
                literal.clear()
            yield Wild(character)
        else:
            literal.append(character)
    if literal:
        yield "".join(literal)


def _chunks(tokens: Iterable[Token], ignore_case: bool) -> Iterable[tuple[int, _Chunk]]:  # noqa: FBT001
    """Fixed-length runs between the stars: their length and how to find them."""
    run: list[Token] = []
    for token in (*tokens, Wild.ANY_RUN):
        if token is not Wild.ANY_RUN:
            run.append(token.lower() if ignore_case and isinstance(token, str) else token)
            continue
        length = sum(len(t) if isinstance(t, str) else 1 for t in run)
        if Wild.ANY_CHARACTER in run:
            source = "".join(re.escape(t) if isinstance(t, str) else "." for t in run)
            yield length, re.compile(source, re.DOTALL)
        else:
            yield length, "".join(t for t in run if isinstance(t, str))
        run = []


def _at(chunk: _Chunk, candidate: str, position: int) -> bool:
    if isinstance(chunk, str):
        return candidate.startswith(chunk, position)
    return chunk.match(candidate, position) is not None


def _find(chunk: _Chunk, candidate: str, start: int, end: int) -> int:
    if isinstance(chunk, str):
        return candidate.find(chunk, start, end)
    found = chunk.search(candidate, start, end)
    return found.start() if found else -1
