"""A console whose lines fit: broken between words, never inside one, with the rest indented."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

__all__ = ["Narrow"]


class Narrow(Console):
    """Rich's console; what is printed with ``soft_wrap`` is folded between words.

    An ARN is never broken: it may be copied, and found by programs that read lines.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **more: Any) -> None:  # noqa: ANN401
        """Print, in lines that fit where words allow it."""
        if not soft_wrap or not all(isinstance(each, str | Text) for each in objects):
            super().print(*objects, soft_wrap=soft_wrap, **more)
            return
        separator = Text(more.pop("sep", " "))
        parts = [each if isinstance(each, Text) else Text(each) for each in objects]
        lines = separator.join(parts).split("\n", allow_blank=True)
        pieces = [piece for line in lines for piece in _pieces(line, self.width)]
        super().print(Text("\n").join(pieces), soft_wrap=True, **more)


def _pieces(line: Text, width: int) -> Iterable[Text]:
    pieces = list(line.divide(_breaks(line.plain, width)))
    for number, piece in enumerate(pieces):
        if number < len(pieces) - 1:
            piece.rstrip()
        if number:
            piece.pad_left(_hang(line.plain))
    return pieces


def _hang(line: str) -> int:
    return len(line) - len(line.lstrip()) + 2


def _breaks(line: str, width: int) -> list[int]:
    """Where a line is broken: before a word that would not fit, unless it is the first.

    >>> _breaks("  on arn:aws:s3:::photos/cat.jpg, and more", 20)
    [5, 34]
    """
    found: list[int] = []
    if len(line) <= width:
        return found
    start, room = 0, width
    for word in re.finditer(r"\S+", line):
        if word.end() - start > room and line[start : word.start()].strip():
            found.append(word.start())
            start, room = word.start(), width - _hang(line)
    return found
