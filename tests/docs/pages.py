"""What a page of the documentation tells its reader to do, in order.

A ```console block holds commands, each after ``$ ``, and what they print. A block with a title is
a file the reader writes. A ```python block with ``>>>`` is a doctest. Other blocks are read, not
run; so is one after the comment ``<!-- not run: why -->``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Command", "Doctest", "File", "Step", "steps"]

BLOCK: Final = re.compile(
    r"^(?P<before><!-- not run: .+? -->\n+)?"
    r"```(?P<language>[a-z]+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
HEREDOC: Final = re.compile(r"<<-?'?(\w+)'?")


@dataclass(frozen=True)
class File:
    """A file the reader writes."""

    line: int
    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command and what it prints; ``start`` and ``end`` are where that stands in the page."""

    line: int
    text: str
    shown: str
    start: int
    end: int


@dataclass(frozen=True)
class Doctest:
    """Python as typed at its prompt, with answers."""

    line: int
    text: str


Step = File | Command | Doctest


def steps(page: str) -> Iterator[Step]:
    """The steps of a page, in the order in which they are read."""
    for block in BLOCK.finditer(page):
        if block["before"]:
            continue
        line, body = page.count("\n", 0, block.start("body")) + 1, block["body"]
        if block["title"]:
            yield File(line, block["title"], body)
        elif block["language"] == "console":
            yield from _commands(body, line, block.start("body"))
        elif block["language"] == "python" and ">>>" in body:
            yield Doctest(line, body)


def _commands(body: str, line: int, place: int) -> Iterator[Command]:
    """Each command of a block: it goes on after a backslash and up to a heredoc's end."""
    lines = body.splitlines(keepends=True)
    number = 0
    while number < len(lines):
        first = number
        if not lines[first].startswith("$ "):
            raise ValueError(f"line {line + first}: a console block starts with `$ `")
        end = HEREDOC.search(lines[first])
        until = end[1] if end else None
        number += 1
        while number < len(lines) and (
            lines[number - 1].endswith("\\\n") or (until and lines[number - 1].strip() != until)
        ):
            number += 1
        after = number
        while number < len(lines) and not lines[number].startswith("$ "):
            number += 1
        shown = "".join(lines[after:number])
        start = place + len("".join(lines[:after]))
        text = "".join(lines[first:after])[2:]
        yield Command(line + first, text, shown, start, start + len(shown))


def read(path: Path) -> tuple[Step, ...]:
    """The steps of a page's file."""
    return tuple(steps(path.read_text("utf-8")))
