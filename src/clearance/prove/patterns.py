"""Patterns as plain text in which ``*`` and ``?`` are always wild.

Whatever else a policy can write gets a character of its own beyond anything a policy holds:
a star that is text, a variable (one unknown string), the wildcards of ARN operators that do
not run over a colon, and text compared without regard to letter case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from clearance.match.operators import arns
from clearance.match.resource import template as resource_template
from clearance.model.glob import Glob, Token, Wild
from clearance.parse.variables import Template, Variable

__all__ = [
    "ANY_CHARACTER_OF_PART",
    "ANY_RUN_OF_PART",
    "CASELESS",
    "OPAQUE",
    "UnencodableError",
    "arn_pattern",
    "caseless",
    "decode",
    "encode",
    "has_variable",
    "is_literal",
    "loosen",
    "of_resource",
    "of_template",
    "of_tokens",
    "sample",
    "substitute",
    "variable",
    "variables_in",
]

RESERVED: Final = 0x100000
TEXT_STAR: Final = chr(0x10FF01)
TEXT_QUESTION: Final = chr(0x10FF02)
ANY_RUN_OF_PART: Final = chr(0x10FF03)
ANY_CHARACTER_OF_PART: Final = chr(0x10FF04)
CASELESS: Final = chr(0x10FF05)
_OPEN: Final = chr(0x10FF06)
_CLOSE: Final = chr(0x10FF07)
# Characters that stand for a whole unknown string; no ``?`` can match one.
OPAQUE: Final = re.compile(f"[{chr(RESERVED)}-{chr(RESERVED + 0xFF)}{_OPEN}{_CLOSE}]")
_WILD: Final = re.compile(f"[*?{ANY_RUN_OF_PART}-{chr(0x10FFFF)}]")
_VARIABLE: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_TO_TEXT: Final = {ord("*"): TEXT_STAR, ord("?"): TEXT_QUESTION}
_FROM_TEXT: Final = {ord(TEXT_STAR): "*", ord(TEXT_QUESTION): "?"}
_SEPARATOR: Final = "\x00"
ARN: Final = "arn"


class UnencodableError(ValueError):
    """The text holds characters that we keep for ourselves."""


@lru_cache(maxsize=65536)
def encode(text: str) -> str:
    """Literal text as a pattern that matches only it."""
    if any(ord(character) >= RESERVED for character in text):
        raise UnencodableError("a private-use character cannot be reasoned about")
    return text.translate(_TO_TEXT)


def decode(text: str) -> str:
    """The text a literal pattern stands for."""
    return text.translate(_FROM_TEXT)


def of_tokens(tokens: tuple[Token, ...]) -> str:
    """A glob's pieces as a pattern."""
    return "".join(t.value if isinstance(t, Wild) else encode(t) for t in tokens)


def of_template(template: Template) -> str:
    """A value's pieces as a pattern; each variable is one unknown string."""
    return "".join(_piece(part) for part in template.parts)


def _piece(part: Token | Variable) -> str:
    if isinstance(part, Variable):
        return variable(part.key.lower(), part.default)
    return part.value if isinstance(part, Wild) else encode(part)


def variable(key: str, default: str | None) -> str:
    """One unknown string."""
    name = key if default is None else f"{key}{_SEPARATOR}{default}"
    return _OPEN + "".join(chr(RESERVED + byte) for byte in name.encode()) + _CLOSE


@lru_cache(maxsize=65536)
def of_resource(text: str, *, variables: bool) -> str:
    """A Resource value as a pattern."""
    return of_template(resource_template(text, variables=variables))


@lru_cache(maxsize=65536)
def arn_pattern(tokens: tuple[Token, ...]) -> str | None:
    """What ``ArnLike`` matches: six parts, the first five without a colon; None for nothing."""
    wild_part = (Wild.ANY_RUN,)
    parts = [wild_part] * 6 if tokens == wild_part else arns.split(tokens)
    if len(parts) != arns.PARTS or not Glob(tuple(parts[0])).matches(ARN):
        return None
    middle = [of_tokens(tuple(part)) for part in parts[1:5]]
    narrow = [
        part.replace("*", ANY_RUN_OF_PART).replace("?", ANY_CHARACTER_OF_PART) for part in middle
    ]
    return ":".join([ARN, *narrow, of_tokens(tuple(parts[5]))])


def caseless(text: str) -> str:
    """Literal text compared without regard to letter case."""
    return CASELESS + encode(text.lower())


def is_literal(pattern: str) -> bool:
    """True when the pattern matches one text only."""
    return _WILD.search(pattern) is None


def has_variable(pattern: str) -> bool:
    """True when the pattern depends on the request's context."""
    return _OPEN in pattern


def variables_in(pattern: str) -> tuple[tuple[str, str | None], ...]:
    """Keys (folded) and defaults of the pattern's variables."""
    return tuple(_name(found.group(1)) for found in _VARIABLE.finditer(pattern))


def _name(shifted: str) -> tuple[str, str | None]:
    name = bytes(ord(character) - RESERVED for character in shifted).decode()
    key, separator, default = name.partition(_SEPARATOR)
    return key, default if separator else None


@lru_cache(maxsize=65536)
def loosen(pattern: str) -> str:
    """The pattern with every variable free to be any string: never matches less."""
    return _VARIABLE.sub("*", pattern)


def substitute(pattern: str, values: Mapping[str, str]) -> str | None:
    """The pattern with its variables replaced; None when one has no value."""
    missing = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal missing
        key, default = _name(found.group(1))
        value = values.get(key, default)
        missing = missing or value is None
        return encode(value or "")

    text = _VARIABLE.sub(replaced, pattern)
    return None if missing else text


def sample(pattern: str, run: str, character: str = "x") -> str:
    """A text the pattern matches, each star filled with ``run``."""
    return pattern.replace("*", run).replace("?", character)
