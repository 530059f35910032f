"""The values of policy variables, taken from the request context."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from clearance.model.glob import ANY_RUN, Token
from clearance.model.request import Context, KeyState
from clearance.parse.variables import Template, Variable

__all__ = ["Resolution", "Resolved", "resolve"]


class Resolution(Enum):
    """Whether every variable has a value."""

    DONE = "done"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A template with its variables replaced; ``missing`` names those without a value.

    When some are unknown, ``*`` stands for them in ``pieces``: what the template can be at most.
    """

    outcome: Resolution
    pieces: tuple[Token, ...] = ()
    missing: tuple[str, ...] = ()


def resolve(template: Template, context: Context) -> Resolved:
    """Replace each variable by its value, by its default, or say that there is none.

    A value is literal text: a ``*`` in it is no wildcard. AWS does not say whether it is, and a
    tag chosen by somebody else must not open a resource (R135). Only single-valued keys can be
    variables (R130).
    """
    pieces: list[Token] = []
    missing: list[str] = []
    unknown: list[str] = []
    for part in template.parts:
        if not isinstance(part, Variable):
            pieces.append(part)
            continue
        values = context.get(part.key)
        if values is not None and len(values) == 1:
            pieces.append(values[0])
        elif part.default is not None and context.state(part.key) is KeyState.ABSENT:
            pieces.append(part.default)
        elif context.state(part.key) is KeyState.UNKNOWN:
            unknown.append(part.key)
            pieces.append(ANY_RUN)
        else:
            missing.append(part.key)
    if missing:
        return Resolved(Resolution.MISSING, missing=tuple(missing))
    if unknown:
        return Resolved(Resolution.UNKNOWN, _solid(pieces), tuple(unknown))
    return Resolved(Resolution.DONE, _solid(pieces))


def _solid(pieces: list[Token]) -> tuple[Token, ...]:
    return tuple(piece for piece in pieces if piece != "")
