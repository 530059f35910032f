"""Links to the things that pages speak of."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from clearance.server.console.parts import states
from clearance.server.console.parts.text import tag

__all__ = ["address", "entry", "more", "refer", "short", "tabs"]


def address(page: str, /, **asked: str) -> str:
    """A page with parameters; those that are empty are left out.

    >>> address("policies", open="arn:aws:iam::1:user/ana", kind="")
    'policies?open=arn%3Aaws%3Aiam%3A%3A1%3Auser%2Fana'
    """
    given = {name: value for name, value in asked.items() if value}
    return f"{page}?{urlencode(given, quote_via=quote, safe='')}" if given else page


def refer(page: str, text: str, classes: str = "", /, **asked: str) -> None:
    """A link to a page."""
    with tag("a", text, classes) as link:
        link.props["href"] = address(page, **asked)


def entry(href: str, key: str, cells: Sequence[tuple[str, str]]) -> None:
    """A line of a list that is a link; cells are (text, what to say when one points at it)."""
    item = tag("div")
    item.props["role"] = "listitem"
    with item, tag("a", classes="entry") as made:
        made.props["href"] = href
        made.props["data-row"] = key
        for text, title in cells:
            cell = tag("span", text)
            if title:
                cell.props["title"] = title


def tabs(label: str, choices: Sequence[tuple[str, str]], chosen: str) -> None:
    """Links of which one is where the reader is; choices are (address, text)."""
    with tag("nav", classes="tabs") as around:
        around.props["aria-label"] = label
        for href, text in choices:
            with tag("a", text, "tab here" if text == chosen else "tab") as link:
                link.props["href"] = href
                if text == chosen:
                    link.props["aria-current"] = "page"


def short(arn: str) -> str:
    """An ARN as people say it: its account and its last part.

    >>> short("arn:aws:iam::123456789012:user/ana"), short("arn:aws:s3:::photos")
    ('123456789012 user/ana', 'photos')
    """
    if not arn.startswith("arn:"):
        return arn
    parts = arn.split(":", 5)
    return " ".join(part for part in parts[4:] if part)


def more(number: int) -> None:
    """A line that says how many are not shown."""
    if number > 0:
        states.banner("note", f"{number:,} more; narrow the search to see them")
