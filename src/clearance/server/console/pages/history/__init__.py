"""History: who changed what and what came of it, every call, and decisions as they were."""

from __future__ import annotations

from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.history import calls, change, changes, travel
from clearance.server.console.parts import refer

__all__ = ["PAGE"]

_CHANGES, _CALLS, _TRAVEL = "Changes", "Calls", "Time travel"
_VIEWS = {"calls": _CALLS, "travel": _TRAVEL}


async def _build(desk: Desk) -> None:
    chosen = _VIEWS.get(desk.asked.get("view", ""), _CHANGES)
    choices = [("history", _CHANGES)]
    choices += [(refer.address("history", view=view), title) for view, title in _VIEWS.items()]
    refer.tabs("Views of history", choices, chosen)
    if chosen == _CALLS:
        await calls.show(desk)
    elif chosen == _TRAVEL:
        await travel.show(desk)
    elif "change" in desk.asked:
        await change.show(desk, desk.asked["change"])
    else:
        await changes.show(desk)


PAGE = Page(
    "history",
    "History",
    "history",
    "Who changed what and what it did to access, every call that was made, and any moment again.",
    _build,
)
