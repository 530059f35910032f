"""The answer: a matrix of verdicts, the layers of one cell, and how to share the question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from nicegui import ui

from clearance.model.decision import Decision
from clearance.server.console.pages.simulator.answer import Answer, Cell
from clearance.server.console.pages.simulator.question import commands
from clearance.server.console.parts import badge, code, states
from clearance.server.console.parts.explained import layers_and_policies
from clearance.server.console.parts.text import breakable, short, tag

__all__ = ["show"]

Pick: TypeAlias = Callable[[str, str], None]
COMMANDS: Final = 10


def show(answer: Answer, picked: tuple[str, str] | None, pick: Pick, *, estate: str) -> None:
    """Draw the answer; ``picked`` is the cell that is explained."""
    for problem in answer.problems:
        states.banner("warn", problem)
    if not answer.cells:
        if not answer.problems:
            states.empty(
                "Ask something",
                "Choose a principal and an action. A resource is optional; so is everything else.",
                icon="science",
            )
        return
    cell = answer.cell(*picked) if picked else None
    cell = cell or next((c for c in answer.cells if not c.decision.allowed), answer.cells[0])
    if len(answer.cells) > 1:
        with tag("section", classes="card"):
            tag("h2", "Verdicts")
            _matrix(answer, cell, pick)
    with tag("section", classes="card stack"):
        _explained(cell)
    _share(answer, estate)


def _matrix(answer: Answer, shown: Cell, pick: Pick) -> None:
    with tag("div", classes="scroll"), tag("table", classes="matrix"):
        with tag("thead"), tag("tr"):
            tag("th", "Action").props["scope"] = "col"
            for resource in answer.resources:
                head = tag("th", short(resource), "mono")
                head.props["scope"] = "col"
                head.props["title"] = resource
        with tag("tbody"):
            for action in answer.actions:
                with tag("tr"):
                    tag("th", breakable(action)).props["scope"] = "row"
                    for resource in answer.resources:
                        _cell(answer.cell(action, resource), shown, pick)


def _cell(cell: Cell | None, shown: Cell, pick: Pick) -> None:
    with tag("td"):
        if cell is None:
            return
        with tag("button", classes="pick") as button:
            button.props["type"] = "button"
            button.props["aria-pressed"] = "true" if cell is shown else "false"
            button.props["aria-label"] = f"Explain {cell.action} on {cell.resource}"
            badge.verdict(cell.decision.effect)
            if cell.decision.undecided:
                tag("span", "?", "open").props["title"] = _open(cell.decision)
        button.on("click", partial(pick, cell.action, cell.resource))


def _explained(cell: Cell) -> None:
    decision = cell.decision
    with tag("div", classes="bar"):
        badge.verdict(decision.effect)
        tag("h2", cell.action)
        tag("span", cell.resource, "soft mono")
    if decision.stated is not None:
        tag("p", f"{decision.stated.type.value.capitalize()}: {decision.stated.because}.")
    if decision.undecided:
        states.banner("warn", _open(decision))
    layers_and_policies(decision)
    if decision.notes:
        with tag("ul", classes="plain soft"):
            for note in decision.notes:
                tag("li", f"{note.text} ({note.rule})")


def _open(decision: Decision) -> str:
    keys = ", ".join(each.key for each in decision.undecided)
    return f"This hangs on {keys}, which nobody told; it was read as absent."


def _share(answer: Answer, estate: str) -> None:
    with ui.expansion("Share", icon="share").classes("card flat"), tag("div", classes="stack"):
        tag("p", "The address of this page holds the whole question.")
        with tag("button", "Copy link", "button") as copy:
            copy.props["type"] = "button"
            copy.props["data-do"] = "clearance-copy-link"
        if answer.question.changes.count:
            tag("p", "The commands decide by the policies in force, without your changes.", "soft")
        made = commands(answer.question, estate)
        ui.html(code.plain_html("\n".join(made[:COMMANDS])))
        if len(made) > COMMANDS:
            more = f"and {len(made) - COMMANDS} more; `--requests FILE` takes them all at once"
            tag("p", more, "soft")
