"""The tree of everything Clearance raises.

ClearanceError
  PolicyError     the text is not a policy AWS would accept; has a place
  RequestError    the request names something that cannot exist
  EstateError     an estate could not be read; says which file and where
  StoreError      a database could not be read or written
  UsageError      the command or setting makes no sense

A denied request is not an error: it is a Decision.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ClearanceError",
    "EstateError",
    "PolicyError",
    "RequestError",
    "Span",
    "StoreError",
    "UsageError",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text: first and last character, lines and columns counted from one."""

    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class ClearanceError(Exception):
    """Base class of every error this package raises."""


class PolicyError(ClearanceError):
    """The document is not a valid policy.

    ``problem`` is the sentence, ``span`` the place in the text, ``path`` the JSON path
    (``Statement[0].Action``), ``excerpt`` the source line with a caret under it.
    """

    def __init__(
        self, problem: str, span: Span | None = None, path: str = "", excerpt: str = ""
    ) -> None:
        where = ", ".join(part for part in (str(span) if span else "", path) if part)
        super().__init__(f"{problem} ({where})" if where else problem)
        self.problem = problem
        self.span = span
        self.path = path
        self.excerpt = excerpt


class RequestError(ClearanceError):
    """The request names something that cannot exist."""


class EstateError(ClearanceError):
    """An estate, or a part of it, could not be read."""


class StoreError(ClearanceError):
    """A database could not be read or written."""


class UsageError(ClearanceError):
    """A command or setting makes no sense; the message says what to do instead."""
