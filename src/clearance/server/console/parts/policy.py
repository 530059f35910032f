"""Policies and their differences on a page."""

from __future__ import annotations

from collections.abc import Iterable

from nicegui import ui

from clearance.server.console.parts import code
from clearance.server.console.parts.text import tag

__all__ = ["diff", "folded", "viewer"]


def viewer(text: str, marks: Iterable[code.Mark] = (), *, title: str = "", note: str = "") -> None:
    """A document with marked places, under its name."""
    with tag("figure", classes="policy"):
        if title:
            with tag("figcaption"):
                tag("strong", title)
                tag("span", note, "soft")
        # What is not ours was escaped by `code`; the browser's sanitizer runs as well.
        ui.html(code.policy_html(text, marks))


def folded(text: str, marks: Iterable[code.Mark], *, title: str, note: str = "") -> None:
    """A document that is only named until somebody opens it."""
    with tag("details", classes="policy"):
        with tag("summary"):
            tag("strong", title)
            tag("span", note, "soft")
        ui.html(code.policy_html(text, marks))


def diff(before: str | None, after: str | None, *, title: str = "", note: str = "") -> None:
    """What changes in a document, under its name."""
    with tag("figure", classes="policy"):
        if title:
            with tag("figcaption"):
                tag("strong", title)
                tag("span", note, "soft")
        ui.html(code.diff_html(before, after))
