"""Two documents beside each other: what they allow, proven, and how their texts differ."""

from __future__ import annotations

from itertools import islice
from typing import Final

from nicegui import ui

from clearance.model.estate import Estate
from clearance.prove import Comparison, World, diff
from clearance.server.console.page import Desk
from clearance.server.console.pages.policies.documents import Document, names_of
from clearance.server.console.pages.policies.thing import document_of, thing_of
from clearance.server.console.parts import meaning, policy, refer, states, suggest
from clearance.server.console.parts.text import tag

__all__ = ["show"]

OFFERED: Final = 3_000
ROWS: Final = 30


async def show(desk: Desk, left: str, right: str) -> None:
    """The names of both, and once both are given what changes from one to the other."""
    view = desk.view
    estate = view.estate
    first = await view.aside(document_of, estate, left)
    base = first.uri.partition("#")[0].rpartition("@")[0] if first else ""
    refer.refer("policies", "← Back", "back", open=_thing(estate, left, base))
    if first is None or first.text is None:
        states.failure("There is no such document", f"The estate does not hold {left}.")
        return
    names = tuple(islice(names_of(estate, first.type), OFFERED))
    _choose(left, right, _near(left, names))
    if not right:
        states.empty("Compare with what?", "Choose a second document above.", icon="compare_arrows")
        return
    second = await view.aside(document_of, estate, right)
    if second is None or second.text is None:
        states.failure("There is no such document", f"The estate does not hold {right}.")
        return
    if first.type is not second.type:
        text = f"One is a {first.type.value}, the other a {second.type.value}."
        states.banner("warn", f"{text} They are compared as they stand.")
    await _meaning(desk, first, second)
    policy.diff(first.text, second.text, title="What changes in the text")


def _thing(estate: Estate, uri: str, base: str) -> str:
    plain = uri.partition("#")[0]
    return plain if thing_of(estate, plain) is not None else base


def _near(left: str, names: tuple[str, ...]) -> list[str]:
    """The other documents, versions of the same policy first."""
    base = left.rpartition("@")[0]
    same = [n for n in names if base and n.startswith(f"{base}@") and n != left]
    return [*same, *(n for n in names if n != left and n not in same)]


def _choose(left: str, right: str, names: list[str]) -> None:
    with tag("form", classes="card pair") as form:
        form.props["method"] = "get"
        form.props["action"] = "policies"
        for label, name, value in (("Before", "left", left), ("After", "right", right)):
            suggest.field(label, name, value, "documents")
        suggest.submit("Compare")
        if right:
            refer.refer("policies", "Swap", left=right, right=left)
        suggest.offer("documents", [left, *names])


async def _meaning(desk: Desk, first: Document, second: Document) -> None:
    with tag("section", classes="card"):
        tag("h2", "What changes in what is allowed")
        place = tag("div", classes="stack")
    with place:
        states.waiting("Proving …")

    async def prove() -> None:
        found = await desk.view.aside(_compared, desk, first, second)
        place.clear()
        with place:
            broken = [each for each in (first, second) if each.policy().error]
            for each in broken:
                states.banner("bad", f"{each.title} cannot be read: {each.policy().error}")
            if not broken:
                meaning.comparison(found)

    ui.timer(0, prove, once=True)


def _compared(desk: Desk, first: Document, second: Document) -> Comparison:
    catalog = desk.view.catalog
    world = World(catalog, multivalued=catalog.multivalued)
    return diff(first.policy(), second.policy(), world, limit=ROWS)
