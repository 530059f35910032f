"""What is around every page: navigation, head, theme, keys, and what to show when one fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from nicegui import ui

from clearance.model.errors import ClearanceError
from clearance.server.console.page import Desk, Page
from clearance.server.console.parts import states
from clearance.server.console.parts.text import tag

__all__ = ["show"]

LOG: Final = logging.getLogger("clearance.console")
_KEYS: Final = (
    ("g 1 … g 6", "go to a page"),
    ("/", "go to the filter of this page"),
    ("↑ ↓", "move through a list"),
    ("Enter", "open what is marked"),
    ("Esc", "close what is open"),
    ("d", "dark, light, or as the system"),
    ("?", "these keys"),
)


async def show(page: Page, pages: Sequence[Page], desk: Desk) -> None:
    """Draw the frame and the page in it."""
    with tag("a", "Skip to content", "skip") as skip:
        skip.props["href"] = "#main"
    with tag("div", classes="shell"):
        _side(page, pages)
        with tag("main", classes="main") as main:
            main.props["id"] = "main"
            main.props["tabindex"] = "-1"
            with tag("header", classes="head"):
                tag("h1", page.title)
                tag("p", page.about, "about")
            if desk.view.read_only:
                states.banner("warn", f"Read only: {desk.view.read_only}")
            if desk.view.audit_only:
                states.banner("note", "Audit mode: nothing is denied, denials are only recorded.")
            with tag("div", classes="page"):
                await _built(page, desk)
    _help()


async def _built(page: Page, desk: Desk) -> None:
    try:
        await page.build(desk)
    except ClearanceError as error:
        states.failure("This page cannot be shown", str(error))
    except Exception:  # a bug of ours: the frame stays, so that one can go elsewhere
        LOG.exception("the page %s failed", page.name)
        states.failure("This page failed", "The endpoint's log says more; calls are not affected.")


def _side(page: Page, pages: Sequence[Page]) -> None:
    with tag("nav", classes="side") as side:
        side.props["aria-label"] = "Pages"
        with tag("a", classes="brand") as brand:
            brand.props["href"] = pages[0].name
            brand.props["aria-label"] = "Clearance"
            tag("span", classes="mark")
            tag("span", "Clearance", "name")
        for number, each in enumerate(pages, 1):
            with tag("a", classes="go here" if each is page else "go") as link:
                link.props["href"] = each.name
                link.props["data-key"] = str(number)
                link.props["title"] = f"{each.title} (g {number})"
                if each is page:
                    link.props["aria-current"] = "page"
                _icon(each.icon)
                tag("span", each.title, "name")
        tag("div", classes="rest")
        _button("dark_mode", "Theme", "d", "clearance-theme")
        _button("keyboard", "Keys", "?", "clearance-keys")
        _button("logout", "Sign out", "", "clearance-sign-out")


def _button(icon: str, label: str, key: str, name: str) -> None:
    with tag("button", classes="go") as button:
        button.props["type"] = "button"
        button.props["data-do"] = name
        button.props["title"] = f"{label} ({key})" if key else label
        _icon(icon)
        tag("span", label, "name")


def _icon(name: str) -> None:
    icon = ui.icon(name)
    icon.props["aria-hidden"] = "true"


def _help() -> None:
    with tag("dialog", classes="keys") as dialog:
        dialog.props["id"] = "clearance-keys"
        dialog.props["aria-label"] = "Keys"
        tag("h2", "Keys")
        with tag("dl"):
            for key, meaning in _KEYS:
                tag("dt", key)
                tag("dd", meaning)
