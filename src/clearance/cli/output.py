"""Text, JSON and exit codes, in one place."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "ALLOWED",
    "BAD_INPUT",
    "DENIED",
    "WIDTH",
    "console",
    "counted",
    "plain",
    "print_json",
    "warn",
]

ALLOWED: Final = 0
DENIED: Final = 1
BAD_INPUT: Final = 2
WIDTH: Final = 100


def console(*, stderr: bool = False) -> Console:
    """A console: colours on a terminal, plain text into a pipe, never wider than 100 columns."""
    from clearance.cli.narrow import Narrow

    made = Narrow(stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False)
    made.width = min(made.width, WIDTH) if made.is_terminal else WIDTH
    return made


def counted(number: int, noun: str) -> str:
    """How many there are.

    >>> counted(1, "policy"), counted(2, "policy"), counted(0, "user")
    ('1 policy', '2 policies', '0 users')
    """
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("cy") else f"{noun}s"
    return f"{number:,} {plural}"


def plain(text: str) -> str:
    r"""The text without what a terminal would obey: logs hold whatever callers sent.

    >>> plain("\x1b[2J")
    '?[2J'
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def print_json(value: Any) -> None:  # noqa: ANN401 - anything JSON can hold
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def warn(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"warning: {text}\n")
