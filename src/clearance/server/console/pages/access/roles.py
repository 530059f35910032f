"""Who becomes whom: role chains and trust between accounts, drawn and listed."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from clearance.model.estate import Estate
from clearance.server.console.jobs import Job
from clearance.server.console.page import Desk
from clearance.server.console.pages.access.trust import (
    Step,
    Steps,
    account_of,
    around,
    between_accounts,
    steps_of,
    wanted,
)
from clearance.server.console.parts import drawing, refer, states, suggest
from clearance.server.console.parts.filtering import filter_box
from clearance.server.console.parts.text import tag
from clearance.server.console.parts.working import Working

__all__ = ["show"]

DEPTH: Final = 3
DRAWN: Final = 60  # boxes of a drawing
SHOWN: Final = 100  # lines of the list
OFFERED: Final = 5_000


async def show(desk: Desk) -> None:
    """The choice of somebody, the drawing and the list."""
    view, focus = desk.view, desk.asked.get("focus", "")
    estate = view.estate
    known = view.principals()[:OFFERED]
    with tag("form", classes="card pair row") as form:
        form.props["method"] = "get"
        form.props["action"] = "access"
        suggest.hidden("view", "roles")
        hint = "everybody; or an ARN"
        suggest.field("Around whom", "focus", focus, "principals", hint=hint, mono=True)
        with tag("div", classes="bar"):
            suggest.submit("Draw")
            if focus:
                refer.refer("access", "Everybody", view="roles")
        suggest.offer("principals", known)
    working, now = Working(view), view.now

    def work(job: Job) -> Steps:
        return view.derived("steps", lambda _: steps_of(view.index(), now, job))

    working.soon("Deciding who can take up which role", work, lambda s: _answer(s, focus, estate))


def _answer(steps: Steps, focus: str, estate: Estate) -> None:
    if not steps.all:
        text = "No principal of the estate, no service and no other account can take up a role."
        states.empty("Nobody can become anybody", text, icon="hub")
        return
    if focus:
        _focus(steps, focus)
    else:
        _overview(steps, estate)
    near = [*steps.from_(focus), *steps.to(focus)] if focus else list(steps.all)
    _list(near)


def _focus(steps: Steps, focus: str) -> None:
    places, kept = around(steps, focus, DEPTH, DRAWN)
    if len(places) == 1:
        text = "It can become nobody, and nobody can become it."
        states.empty("No steps", f"{focus}: {text}", icon="hub")
        return
    _draw(places, kept, steps, focus)


def _overview(steps: Steps, estate: Estate) -> None:
    """A small estate whole; of a large one the accounts, and how many steps lead across."""
    names = {name for step in steps.all for name in (step.source, step.target)}
    if len(names) <= DRAWN // 2:
        _draw(_columns(steps), list(steps.all), steps, "")
        return
    pairs = between_accounts(steps)
    if not pairs:
        states.banner("note", "No account can take up roles of another.")
        return
    into = {b for _, b, _, _ in pairs}
    out = {a for a, _, _, _ in pairs}
    nodes = [drawing.Node(f"from {a}", a, _where(a, estate), 0, "account") for a in sorted(out)]
    nodes += [drawing.Node(f"to {b}", b, _where(b, estate), 1, "account") for b in sorted(into)]
    arrows = [
        drawing.Arrow(
            f"from {a}", f"to {b}", f"{count:,} steps from {a} to {b}, {doubt:,} under a condition",
            count == doubt, f"{count:,}",
        )
        for a, b, count, doubt in pairs
    ]  # fmt: skip
    ui.html(drawing.graph_html(nodes, arrows, "Trust between accounts"))


def _columns(steps: Steps) -> dict[str, int]:
    """Each as far to the right as the chain that leads to it is long; circles end somewhere."""
    places = {name: 0 for step in steps.all for name in (step.source, step.target)}
    for _ in range(DEPTH):
        for step in steps.all:
            if places[step.target] <= places[step.source] < DEPTH:
                places[step.target] = places[step.source] + 1
    for name in places.keys() - steps.by_target.keys():  # who begins a chain stands next to it
        places[name] = min(places[step.target] for step in steps.by_source[name]) - 1
    return places


def _where(account: str, estate: Estate) -> str:
    held = estate.account(account)
    return (held.name or "account of the estate") if held else "elsewhere"


def _draw(places: dict[str, int], kept: list[Step], steps: Steps, focus: str) -> None:
    kinds = {step.source: step.kind for step in steps.all}
    nodes = []
    for name, column in places.items():
        kind = "focus" if name == focus else kinds.get(name, "role")
        is_arn = name.startswith("arn:")
        href = refer.address("access", view="roles", focus=name) if is_arn else ""
        note = account_of(name) if is_arn else kind
        label = name.split(":", 5)[-1] if is_arn else name
        nodes.append(drawing.Node(name, label, note, column, kind, href))
    arrows = [
        drawing.Arrow(step.source, step.target, _says(step), bool(step.keys))
        for step in kept
        if step.source in places and step.target in places
    ]
    ui.html(drawing.graph_html(nodes, arrows, "Who can become whom"))
    with tag("p", classes="soft legend"):
        tag("span", "Solid: certain. Dashed: hangs on what a request brings.")
        if len(places) >= DRAWN:
            tag("span", f" Only the nearest {DRAWN} are drawn; the list has all.")


def _says(step: Step) -> str:
    under = f", if {', '.join(step.keys)}" if step.keys else ""
    return f"{step.source} can become {step.target}{under}"


def _list(steps: list[Step]) -> None:
    with tag("div", classes="bar"):
        box = filter_box("Filter by name, account or condition key", "Filter the steps")
        crossing = ui.switch("Only between accounts")
        counted = tag("span", "", "soft")
    place = tag("div", classes="stack")

    def again() -> None:
        found = wanted(steps, box.value or "", crossing=bool(crossing.value))
        counted.text = "1 step" if len(found) == 1 else f"{len(found):,} steps"
        place.clear()
        with place:
            _lines(found)

    box.on_value_change(again)
    crossing.on_value_change(again)
    again()


def _lines(found: list[Step]) -> None:
    if not found:
        states.empty("No step fits", "Nobody can become somebody by these words.")
        return
    with tag("div", classes="list three") as around_:
        around_.props["role"] = "list"
        around_.props["aria-label"] = "Steps"
        for step in found[:SHOWN]:
            cells = (
                (f"{refer.short(step.source)} → {refer.short(step.target)}", _says(step)),
                ("between accounts" if step.crosses else "", ""),
                (f"if {', '.join(step.keys)}" if step.keys else "certain", ", ".join(step.keys)),
            )
            href = refer.address("access", view="roles", focus=step.target)
            refer.entry(href, f"{step.source} {step.target}", cells)
    refer.more(len(found) - SHOWN)
