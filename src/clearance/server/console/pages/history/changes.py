"""The journal: who changed what, newest first."""

from __future__ import annotations

from itertools import islice
from typing import Final

from clearance.server.console.page import Desk
from clearance.server.console.pages.history.asked import PAGE, Asked
from clearance.server.console.pages.history.form import form, older
from clearance.server.console.parts import refer, states
from clearance.server.console.parts.text import tag
from clearance.server.console.view import View
from clearance.store.differences import BOOKKEEPING
from clearance.store.port import HistoryQuery, Record

__all__ = ["show", "what"]

OFFERED: Final = 3_000
NAMED: Final = 3  # places of a change that are named


async def show(desk: Desk) -> None:
    """The form, and one page of changes."""
    view, asked = desk.view, Asked.of(desk.asked)
    form(asked, view.principals()[:OFFERED], calls=False)
    found = await view.aside(_found, view, asked.changes(view.now), asked.page)
    if not found:
        title = "No change fits" if asked.narrowed else "No changes"
        text = "The journal holds nothing like it." if asked.narrowed else "Nothing was changed."
        states.empty(title, text, icon="history")
        return
    with tag("div", classes="list five") as around:
        around.props["role"] = "list"
        around.props["aria-label"] = "Changes, newest first"
        for record in found[:PAGE]:
            entry = record.entry
            href = refer.address("history", change=str(record.seq))
            cells = (
                (what(record), "\n".join("/".join(c.path) for c in record.changes)),
                (f"{entry.service}:{entry.operation}", ""),
                (refer.short(entry.who), entry.who),
                (f"{entry.when:%Y-%m-%d %H:%M:%S}", entry.when.isoformat()),
            )
            refer.entry(href, str(record.seq), cells)
    older(asked, "", more=len(found) > PAGE)


def _found(view: View, query: HistoryQuery, page: int) -> list[Record]:
    """The records of a page and one more; what the server wrote for itself is left out."""
    records = (r for r in view.journal(query) if r.entry.operation not in BOOKKEEPING)
    return list(islice(records, page * PAGE, (page + 1) * PAGE + 1))


def what(record: Record) -> str:
    """What a record changed, in a few words."""
    names = list(dict.fromkeys(_name(change.path) for change in record.changes))
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _name(path: tuple[str, ...]) -> str:
    """A place as people call it.

    >>> _name(("accounts", "123456789012", "users", "ana")), _name(("managed", "x"))
    ('user ana', 'managed x')
    >>> _name(("accounts", "123456789012"))
    'account 123456789012'
    """
    if path[0] == "accounts" and len(path) > 3:  # noqa: PLR2004 - accounts, number, table, entry
        kind = path[2].replace("_", " ")
        kind = f"{kind[:-3]}y" if kind.endswith("ies") else kind.removesuffix("s")
        return f"{kind} {path[3]}"
    kind, *names = path
    return " ".join((kind.removesuffix("s"), *names))
