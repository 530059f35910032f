"""A policy's text with places of it marked, and the difference of two texts: as HTML, by lines.

Everything that comes from outside is escaped here, and the browser cleans the result once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Final

from clearance.model.errors import Span
from clearance.parse.reading import Path, spans

__all__ = [
    "Change",
    "Mark",
    "changes_of",
    "diff_html",
    "is_document",
    "offers_html",
    "plain_html",
    "policy_html",
    "readable",
]

KINDS: Final = frozenset({"allow", "deny", "near", "miss", "error", "warn", "note"})
_LONG: Final = 60  # letters of a document on one line that can still be read
_AROUND: Final = 3  # unchanged lines kept beside a change


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of a document: a JSON path, why it is marked, and what to say beside it.

    ``allow``, ``deny`` and ``near`` colour the lines of a statement; the others underline.
    """

    path: Path
    kind: str
    says: str = ""


def readable(text: str) -> str:
    """The document as people read it: one written on a single long line is broken up.

    >>> print(readable('{"Version": "2012-10-17"}'))
    {"Version": "2012-10-17"}
    """
    if "\n" in text.strip() or len(text) <= _LONG:
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def is_document(text: str) -> bool:
    """True for a text that is read line by line: JSON with something in it."""
    return (text.lstrip().startswith(("{", "[")) and readable(text) != text) or "\n" in text


def plain_html(text: str) -> str:
    """Any text by lines, unmarked."""
    lines = "".join(f"<li><code>{escape(line)}</code></li>" for line in text.split("\n"))
    return f'<ol class="code">{lines}</ol>'


def policy_html(text: str, marks: Iterable[Mark] = ()) -> str:
    """The document as a numbered list of lines."""
    text = readable(text)
    lines = text.split("\n")
    blocks: dict[int, str] = {}
    inline: dict[int, list[tuple[int, int, str]]] = {}
    said: dict[int, list[Mark]] = {}
    found = spans(text)
    for mark in marks:
        span = found.get(mark.path)
        if span is None or mark.kind not in KINDS:
            continue
        if mark.kind in {"allow", "deny", "near"}:
            for number in range(span.line, span.end_line + 1):
                blocks.setdefault(number, mark.kind)
        else:
            for number, start, end in _stretches(lines, span):
                inline.setdefault(number, []).append((start, end, mark.kind))
        if mark.says:
            said.setdefault(span.line, []).append(mark)
    shown = (
        _line(line, blocks.get(number, ""), inline.get(number, ()), said.get(number, ()))
        for number, line in enumerate(lines, 1)
    )
    return f'<ol class="code">{"".join(shown)}</ol>'


def _stretches(lines: Sequence[str], span: Span) -> Iterator[tuple[int, int, int]]:
    """The part of each line that a place covers: number, first letter, behind the last."""
    for number in range(span.line, span.end_line + 1):
        line = lines[number - 1]
        indent = len(line) - len(line.lstrip())
        start = span.column - 1 if number == span.line else indent
        yield number, start, span.end_column if number == span.end_line else len(line)


def _line(
    line: str, block: str, inline: Sequence[tuple[int, int, str]], said: Sequence[Mark]
) -> str:
    parts: list[str] = []
    at = 0
    for start, end, kind in sorted(inline):
        if start < at:
            continue  # two marks of one place: the first has it
        parts += (escape(line[at:start]), f'<u class="{kind}">{escape(line[start:end])}</u>')
        at = end
    parts.append(escape(line[at:]))
    notes = "".join(f'<em class="said {one.kind}">{escape(one.says)}</em>' for one in said)
    name = f' class="{block}"' if block else ""
    return f"<li{name}><code>{''.join(parts)}</code>{notes}</li>"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a difference; ``sign`` is ``+``, ``-``, a blank, or ``…`` for lines left out."""

    sign: str
    text: str


def changes_of(before: str | None, after: str | None) -> tuple[Change, ...]:
    """What changes from one document to the other, with a few lines around it."""
    old, new = _lines(before), _lines(after)
    found: list[Change] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        if found or group[0][1] > 0:
            found.append(Change("…", ""))
        for kind, a, b, c, d in group:
            if kind == "equal":
                found += (Change(" ", line) for line in old[a:b])
                continue
            found += (Change("-", line) for line in old[a:b])
            found += (Change("+", line) for line in new[c:d])
    return tuple(found)


def _lines(text: str | None) -> list[str]:
    """A document by lines, laid out alike, so that only what it says can differ."""
    if text is None:
        return []
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        return text.split("\n")


_SIGNS: Final[Mapping[str, str]] = {"+": "plus", "-": "minus", " ": "same", "…": "cut"}


def diff_html(before: str | None, after: str | None) -> str:
    """The difference as a list of lines; the signs are text, so that nobody needs the colours."""
    found = changes_of(before, after)
    if not found:
        return '<p class="soft">No line differs.</p>'
    lines = (
        f'<li class="{_SIGNS[one.sign]}"><b>{one.sign}</b><code>{escape(one.text)}</code></li>'
        for one in found
    )
    return f'<ol class="diff">{"".join(lines)}</ol>'


def offers_html(name: str, values: Iterable[str]) -> str:
    """What a field offers, as a list the browser knows by a name."""
    options = "".join(f'<option value="{escape(value)}"></option>' for value in values)
    return f'<datalist id="offer-{escape(name)}">{options}</datalist>'
