"""The list: one kind of thing at a time, searched by name and by what its documents say."""

from __future__ import annotations

from typing import Final

from clearance.server.console.page import Desk
from clearance.server.console.pages.policies import things
from clearance.server.console.parts import refer, states
from clearance.server.console.parts.filtering import filter_box
from clearance.server.console.parts.text import tag

__all__ = ["show"]

SHOWN: Final = 100


async def show(desk: Desk, kind: str, search: str) -> None:
    """The kinds, the search and the lines."""
    kind = kind if kind in things.KINDS else "users"
    _, title, _ = things.KINDS[kind]
    kinds = [(refer.address("policies", kind=each), t) for each, (_, t, _) in things.KINDS.items()]
    refer.tabs("Kinds", kinds, title)
    with tag("div", classes="bar"):
        box = filter_box(
            "Search names, notes and what documents say", "Search the list", value=search, wait=150
        )
        counted = tag("span", "", "soft")
    place = tag("div")

    async def again() -> None:
        wanted = (box.value or "").strip()
        view = desk.view
        found = await view.aside(things.listed, view.estate, kind, wanted, SHOWN)
        counted.text = f"{found.total:,} found" if wanted else f"{found.total:,} in all"
        place.clear()
        with place:
            _lines(kind, found, wanted)

    box.on_value_change(again)
    await again()


def _lines(kind: str, found: things.Listed, search: str) -> None:
    if not found.lines:
        _nothing(kind, search)
        return
    with tag("div", classes="list four") as around:
        around.props["role"] = "list"
        around.props["aria-label"] = things.KINDS[kind][1]
        for each in found.lines:
            count = f"{each.policies} {'document' if each.policies == 1 else 'documents'}"
            href = refer.address("policies", open=each.id)
            cells = ((each.name, each.id), (each.account, ""), (count, ""), (each.note, each.note))
            refer.entry(href, each.id, cells)
    refer.more(found.total - len(found.lines))


def _nothing(kind: str, search: str) -> None:
    one, title, icon = things.KINDS[kind]
    if search:
        states.empty(f"No {one} fits", "Neither a name nor a document holds all of these words.")
    else:
        text = f"The estate has no {title.lower()}. What is made with AWS's calls appears here."
        states.empty(f"No {title.lower()}", text, icon=icon)
