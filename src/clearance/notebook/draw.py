"""The few shapes of HTML everything is drawn with; styles are inline, colours go with the theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

__all__ = ["BAD", "DIM", "GOOD", "OPEN", "Html", "badge", "box", "code", "join", "small", "table"]

GOOD: Final = "#1a7f37"
BAD: Final = "#cf222e"
OPEN: Final = "#9a6700"
DIM: Final = "#6e7781"

_LINE: Final = "1px solid rgba(128,128,128,.35)"
_BOX: Final = (
    f"font:13px/1.5 system-ui,sans-serif;max-width:60em;border:{_LINE};border-radius:6px;"
    "padding:.6em 1em"
)
_CODE: Final = (
    "font:12px ui-monospace,monospace;background:rgba(128,128,128,.15);padding:.1em .3em;"
    "border-radius:3px;color:inherit;overflow-wrap:anywhere"
)
_BADGE: Final = "color:#fff;padding:.1em .5em;border-radius:3px;font-weight:600;white-space:nowrap"
_HEAD: Final = "text-align:left;padding:.2em .8em .2em 0;opacity:.75;white-space:nowrap"
_CELL: Final = f"text-align:left;vertical-align:top;padding:.2em .8em .2em 0;border-top:{_LINE}"


class Html(str):
    """Markup that may be shown as it is; any other text is escaped first."""

    __slots__ = ()


def safe(text: str) -> str:
    """Text for a place between tags."""
    return text if isinstance(text, Html) else escape(text)


def box(*parts: str) -> Html:
    """A frame with paragraphs."""
    inner = "".join(f'<div style="margin:.2em 0">{safe(part)}</div>' for part in parts if part)
    return Html(f'<div style="{_BOX}">{inner}</div>')


def badge(text: str, colour: str) -> Html:
    """A word on a colour."""
    return Html(f'<span style="{_BADGE};background:{colour}">{escape(text)}</span>')


def code(text: str) -> Html:
    """Text as it stands in a policy."""
    return Html(f'<code style="{_CODE}">{escape(text)}</code>')


def small(text: str) -> Html:
    """An aside."""
    return Html(f'<span style="opacity:.75;font-size:12px">{safe(text)}</span>')


def join(parts: Iterable[str], between: str = " ") -> Html:
    """Parts side by side."""
    return Html(between.join(safe(part) for part in parts))


def preformatted(text: str) -> Html:
    """Lines as they are."""
    style = f"{_CODE};display:block;white-space:pre-wrap;padding:.6em;margin:0"
    return Html(f'<pre style="{style}">{escape(text)}</pre>')


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Rows under a head."""
    cells = "".join(f'<th style="{_HEAD}">{safe(each)}</th>' for each in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{safe(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    style = "border-collapse:collapse;background:none;color:inherit;font:inherit;margin:.3em 0"
    return Html(f'<table style="{style}"><tr>{cells}</tr>{body}</table>')
