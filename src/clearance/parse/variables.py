"""Policy variables: ``${key}``, ``${key, 'default'}`` and the literals ``${*} ${?} ${$}``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from clearance.model.glob import Glob, Token

__all__ = ["Template", "Variable", "VariableError", "keys_in", "read_template"]


class VariableError(ValueError):
    """The text after ``${`` is not a variable; the message names AWS's issue."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One ``${key}``; ``default`` stands in when the key is absent (R134)."""

    key: str
    default: str | None = None


Part: TypeAlias = Token | Variable


@dataclass(frozen=True, slots=True)
class Template:
    """A value in pieces: text, wildcards and variables."""

    parts: tuple[Part, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in it."""
        return tuple(part for part in self.parts if isinstance(part, Variable))


LITERALS: Final = frozenset("*?$")


@lru_cache(maxsize=65536)
def read_template(text: str, *, wildcards: bool, variables: bool) -> Template:
    """Cut a value into pieces.

    ``wildcards`` makes ``*`` and ``?`` wild; without ``variables`` (R2) everything is text.

    >>> read_template("home/${aws:username}/*", wildcards=True, variables=True).parts[1]
    Variable(key='aws:username', default=None)

    Raises:
        VariableError: for a variable AWS would not accept.
    """
    parts: list[Part] = []
    position = 0
    while variables:
        start = text.find("${", position)
        if start < 0:
            break
        parts.extend(_plain(text[position:start], wildcards=wildcards))
        part, position = _variable(text, start)
        parts.append(part)
    parts.extend(_plain(text[position:], wildcards=wildcards))
    return Template(tuple(parts))


def keys_in(text: str) -> tuple[str, ...]:
    """The context keys a value asks for through variables."""
    try:
        template = read_template(text, wildcards=False, variables=True)
    except VariableError:
        return ()
    return tuple(variable.key for variable in template.variables)


def _plain(text: str, *, wildcards: bool) -> tuple[Token, ...]:
    if not text:
        return ()
    return Glob.of(text).tokens if wildcards else (text,)


def _variable(text: str, start: int) -> tuple[Part, int]:
    """The variable that begins at ``start`` and where the text goes on after it."""
    comma = text.find(",", start)
    brace = text.find("}", start)
    if brace < 0:
        raise VariableError("variable has no closing brace")
    if 0 <= comma < brace:
        # A default may hold braces: it ends at its own quote.
        opening = comma + 2
        if text[comma + 1 : opening + 1] != " '":
            raise VariableError("default of a variable is written `${key, 'default'}`")
        closing = text.find("'", opening + 1)
        if closing < 0 or text[closing + 1 : closing + 2] != "}":
            raise VariableError("default of a variable has no closing quote")
        return Variable(_key(text[start + 2 : comma]), text[opening + 1 : closing]), closing + 2
    name = text[start + 2 : brace]
    if name in LITERALS:
        return name, brace + 1
    return Variable(_key(name)), brace + 1


def _key(name: str) -> str:
    if not name.strip():
        raise VariableError("variable is empty")
    if any(character.isspace() for character in name):
        raise VariableError(f"variable `${{{name}}}` contains a space")
    return name
