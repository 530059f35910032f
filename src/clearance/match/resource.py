"""Resource and NotResource."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from clearance.match.truth import Truth, any_of
from clearance.match.variables import Resolution, resolve
from clearance.model.glob import Glob, Token
from clearance.model.policy import Statement
from clearance.model.request import Context
from clearance.parse.variables import Template, read_template

__all__ = ["covers", "template"]

PARTS: Final = 6


@lru_cache(maxsize=65536)
def template(text: str, *, variables: bool) -> Template:
    """A resource pattern.

    An ARN with fewer than six parts is completed with ``*`` (R39). Variables count only after
    the fifth colon (R130). ``*`` runs over ``:`` and ``/`` (R37, R38).
    """
    if not text.startswith("arn:"):
        return read_template(text, wildcards=True, variables=variables)
    parts = text.split(":", PARTS - 1)
    parts += ["*"] * (PARTS - len(parts))
    head = ":".join(parts[:-1]) + ":"
    return Template(
        read_template(head, wildcards=True, variables=False).parts
        + read_template(parts[-1], wildcards=True, variables=variables).parts
    )


@lru_cache(maxsize=16384)
def _glob(pieces: tuple[Token, ...]) -> Glob:
    return Glob(pieces)


def covers(
    statement: Statement, resource: str, context: Context, *, variables: bool
) -> tuple[Truth, tuple[str, ...]]:
    """Whether the statement speaks about the resource, and the context keys that would tell.

    A pattern whose variable has no value matches no resource (R133); in NotResource it excludes
    none.
    """
    if statement.resources is None:
        return Truth.TRUE, ()
    if not statement.resources:
        return Truth.FALSE, ()
    outcomes: list[Truth] = []
    unknown: list[str] = []
    for text in statement.resources:
        wanted = resolve(template(text, variables=variables), context)
        if wanted.outcome is Resolution.UNKNOWN:
            # Whatever the variable is, the rest of the pattern may rule the resource out.
            possible = _glob(wanted.pieces).matches(resource)
            unknown.extend(wanted.missing if possible else ())
            outcomes.append(Truth.UNKNOWN if possible else Truth.FALSE)
        elif wanted.outcome is Resolution.MISSING:
            outcomes.append(Truth.FALSE)
        else:
            outcomes.append(Truth.of(_glob(wanted.pieces).matches(resource)))
    truth = any_of(outcomes)
    truth = truth.negated() if statement.not_resources else truth
    return truth, tuple(unknown) if truth is Truth.UNKNOWN else ()
