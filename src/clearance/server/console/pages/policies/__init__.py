"""Policies: what there is, document by document, what validation says, how versions differ."""

from __future__ import annotations

from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.policies import compare, detail, listing

__all__ = ["PAGE"]


async def _build(desk: Desk) -> None:
    asked = desk.asked
    if "left" in asked:
        await compare.show(desk, asked["left"], asked.get("right", ""))
    elif "open" in asked:
        await detail.show(desk, asked["open"])
    else:
        await listing.show(desk, asked.get("kind", "users"), asked.get("search", ""))


PAGE = Page(
    "policies",
    "Policies",
    "policy",
    "Everything that has policies, with its documents, their findings and their versions.",
    _build,
)
