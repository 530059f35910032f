"""The audit trail: every call with its outcome."""

from __future__ import annotations

from clearance.server.console.page import Desk
from clearance.server.console.pages.denials.feed import call
from clearance.server.console.pages.denials.rows import Row, row_of
from clearance.server.console.pages.history.asked import PAGE, Asked
from clearance.server.console.pages.history.form import form, older
from clearance.server.console.parts import states
from clearance.server.console.parts.text import tag

__all__ = ["show"]

OFFERED = 3_000


async def show(desk: Desk) -> None:
    """The form, and one page of calls, newest first."""
    view, asked = desk.view, Asked.of(desk.asked)
    form(asked, view.principals()[:OFFERED], calls=True)
    query = asked.events(view.now)
    rows: list[Row] = await view.aside(lambda: [row_of(each) for each in view.events(query)])
    if not rows:
        what = "No call fits" if asked.narrowed else "No calls"
        text = "The trail holds nothing like it." if asked.narrowed else "None was made yet."
        states.empty(what, text, icon="history")
        return
    with tag("div", classes="feed dated") as around:
        around.props["role"] = "list"
        around.props["aria-label"] = "Calls, newest first"
        for row in rows[:PAGE]:
            call(row, dated=True)
    older(asked, "calls", more=len(rows) > PAGE)
