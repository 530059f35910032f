"""Denials: the calls as they come, and of each denied one why, and what would let it through."""

from __future__ import annotations

from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.denials import detail, feed

__all__ = ["PAGE"]


async def _build(desk: Desk) -> None:
    event = desk.asked.get("event")
    if event:
        await detail.show(desk, event)
    else:
        await feed.show(desk)


PAGE = Page(
    "denials",
    "Denials",
    "gpp_bad",
    "Every call as it is decided. Open a denial to see which layer said no and what would fix it.",
    _build,
)
