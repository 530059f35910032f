"""Patterns to functions: the common shapes without a loop, the rest by ``Glob``, all linear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from clearance.match.operators import arns
from clearance.model.glob import ANY_RUN, Glob, Token

__all__ = [
    "Matcher",
    "Tokens",
    "arn_like",
    "beginning",
    "glob",
    "joined",
    "literal_of",
    "one_of",
]

Matcher: TypeAlias = Callable[[str], bool]
Tokens: TypeAlias = tuple[Token, ...]


def joined(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The same pattern with neighbouring texts made one and ``**`` made ``*``."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if isinstance(token, str) and isinstance(last, str):
            found[-1] = last + token
        elif not (token is ANY_RUN and last is ANY_RUN) and token != "":
            found.append(token)
    return tuple(found)


def literal_of(tokens: Sequence[Token]) -> str | None:
    """The only text the pattern matches, or None."""
    if any(not isinstance(token, str) for token in tokens):
        return None
    return "".join(token for token in tokens if isinstance(token, str))


@lru_cache(maxsize=65536)
def glob(tokens: tuple[Token, ...]) -> Matcher:
    """What ``Glob(tokens).matches`` says, by the quickest way for the shape."""
    shape = joined(tokens)
    literal = literal_of(shape)
    if literal is not None:
        return lambda text: text == literal
    match shape:
        case (wild,) if wild is ANY_RUN:
            return lambda _: True
        case (str() as head, wild) if wild is ANY_RUN:
            return lambda text: text.startswith(head)
        case (wild, str() as tail) if wild is ANY_RUN:
            return lambda text: text.endswith(tail)
        case (wild, str() as middle, last) if wild is ANY_RUN and last is ANY_RUN:
            return lambda text: middle in text
        case (str() as head, wild, str() as tail) if wild is ANY_RUN:
            least = len(head) + len(tail)
            return lambda text: text.startswith(head) and text.endswith(tail) and len(text) >= least
    return Glob(shape).matches


def one_of(patterns: Sequence[tuple[Token, ...]]) -> Matcher:
    """True when the text fits any of the patterns."""
    literals = frozenset(t for p in patterns if (t := literal_of(p)) is not None)
    others = tuple(glob(p) for p in patterns if literal_of(p) is None)
    if not others:
        return literals.__contains__
    if not literals and len(others) == 1:
        return others[0]

    def fits(text: str) -> bool:
        if text in literals:
            return True
        return any(other(text) for other in others)

    return fits


def beginning(patterns: Sequence[tuple[Token, ...]], start: str) -> bool | None:
    """Whether texts that begin so, and go on, fit any of the patterns; None if some may.

    >>> beginning([("photos/", ANY_RUN)], "photos/ana/"), beginning([("docs",)], "photos/")
    (True, False)
    """
    found: bool | None = False
    for tokens in patterns:
        shape = joined(tokens)
        if shape and shape[-1] is ANY_RUN and glob(tokens)(start):
            return True
        head = shape[0] if shape and isinstance(shape[0], str) else ""
        if head.startswith(start) or start.startswith(head):
            found = None
    return found


def arn_like(wanted: tuple[Token, ...]) -> Matcher:
    """What ``arns.fits`` says, with the pattern cut into its parts once."""
    if wanted == (ANY_RUN,):
        return lambda text: text.startswith("arn:") and text.count(":") >= arns.PARTS - 1
    parts = arns.split(wanted)
    if len(parts) != arns.PARTS:
        return lambda _: False
    matchers = tuple(glob(part) for part in parts)

    def fits(text: str) -> bool:
        actual = text.split(":", arns.PARTS - 1)
        if len(actual) != arns.PARTS or actual[0] != "arn":
            return False
        return all(fits(part) for fits, part in zip(matchers, actual, strict=True))

    return fits
