"""What a page says when it has nothing to show, cannot show it, or wants to be noticed."""

from __future__ import annotations

from nicegui import ui

from clearance.server.console.parts.text import tag

__all__ = ["banner", "empty", "failure", "waiting"]


def empty(title: str, text: str, *, icon: str = "inbox", code: str = "") -> None:
    """Nothing is here yet: what would be, and how to get it."""
    with tag("section", classes="empty"):
        ui.icon(icon).props["aria-hidden"] = "true"
        tag("h2", title)
        tag("p", text)
        if code:
            tag("pre", code)


def failure(title: str, text: str) -> None:
    """It did not work: what, and what to do."""
    with tag("section", classes="empty failure") as section:
        section.props["role"] = "alert"
        ui.icon("error_outline").props["aria-hidden"] = "true"
        tag("h2", title)
        tag("p", text)


def banner(kind: str, text: str) -> None:
    """A line across the page; ``kind`` is ``ok``, ``bad``, ``warn`` or ``note``."""
    with tag("div", classes=_BANNERS[kind]) as line:
        line.props["role"] = "status"
        ui.icon(_ICONS[kind]).props["aria-hidden"] = "true"
        tag("span", text)


def waiting(text: str) -> None:
    """Something is being worked out."""
    with tag("div", classes="waiting") as line:
        line.props["role"] = "status"
        ui.spinner(size="sm")
        tag("span", text)


_BANNERS = {kind: f"banner {kind}" for kind in ("ok", "bad", "warn", "note")}
_ICONS = {"ok": "check_circle", "bad": "block", "warn": "warning", "note": "info"}
