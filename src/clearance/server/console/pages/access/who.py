"""Who can do what with a resource: the question, the matrix, one principal in full."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from nicegui import ui

from clearance.decide.who import Access
from clearance.model.request import Context, Request
from clearance.server.console.jobs import Job
from clearance.server.console.page import Desk
from clearance.server.console.pages.access.matrix import (
    MOST,
    Ask,
    Matrix,
    Row,
    asks_of,
    matrix,
    offered,
    resources,
    usual,
)
from clearance.server.console.parts import badge, links, refer, states, suggest
from clearance.server.console.parts.filtering import filter_box
from clearance.server.console.parts.table import Column, table
from clearance.server.console.parts.text import tag
from clearance.server.console.parts.working import Working

__all__ = ["show"]

OFFERED: Final = 5_000
SHOWN: Final = 500  # principals in the table at once; the search reaches the others
_WORDS: Final = {"yes": "✓", "if": "if …", "no": "–", "via": "by role", "via-if": "by role, if …"}  # noqa: RUF001 - a dash
_TONES: Final = {"yes": "ok", "if": "warn", "via": "note", "via-if": "warn", "no": "none"}
_SAYS: Final = {"yes": "can", "if": "can, if", "via": "can, through", "via-if": "can, through"}


async def show(desk: Desk) -> None:
    """The question as a form, and its answer."""
    view, asked = desk.view, desk.asked
    resource, through = asked.get("resource", ""), asked.get("through", "") == "1"
    estate = view.estate
    known = await view.aside(lambda: tuple(islice(resources(estate), OFFERED)))
    actions = asked.get("actions") or usual(resource, view.catalog)
    _form(resource, actions, known, through=through)
    if not resource:
        _begin(known)
        return
    levels = offered(resource, view.catalog)
    _levels(levels, resource, through=through)
    asks = asks_of(actions, resource, view.catalog)
    if not asks:
        states.empty("Which actions?", "Name some, like lambda:InvokeFunction.", icon="help")
        return
    working, now = Working(view), view.now

    def work(job: Job) -> Matrix:
        return matrix(view.index(), asks, now, through=through, job=job)

    working.soon("Asking for everybody", work, lambda found: _Answer(found).show())


def _form(resource: str, actions: str, known: tuple[str, ...], *, through: bool) -> None:
    with tag("form", classes="card pair") as form:
        form.props["method"] = "get"
        form.props["action"] = "access"
        suggest.field("Resource", "resource", resource, "resources", hint="arn:aws:…", mono=True)
        hint = "lambda:InvokeFunction, lambda:GetFunction"
        suggest.field("Actions", "actions", actions, hint=hint, mono=True)
        suggest.check("Also by taking up roles", "through", on=through)
        suggest.submit("Ask")
        suggest.offer("resources", known)


def _begin(known: tuple[str, ...]) -> None:
    text = "Choose a resource: who can do what with it is decided for everybody in the estate."
    states.empty("Who can do what?", text, icon="hub")
    first = [name for name in known if ":iam:" not in name][:8] or list(known[:8])
    if first:
        with tag("div", classes="list one") as around:
            around.props["role"] = "list"
            around.props["aria-label"] = "Resources to begin with"
            for name in first:
                href = refer.address("access", resource=name)
                refer.entry(href, name, ((refer.short(name), name),))


def _levels(levels: Mapping[str, tuple[str, ...]], resource: str, *, through: bool) -> None:
    """Links that ask for all actions of a level at once."""
    if not levels:
        return
    with tag("div", classes="bar chips") as around:
        around.props["aria-label"] = "Ask for all of a level"
        tag("span", "All of:", "soft")
        for level, names in levels.items():
            text = (
                f"{level} ({len(names)})"
                if len(names) <= MOST
                else f"{level} ({MOST} of {len(names)})"
            )
            given = " ".join(names[:MOST])
            flag = "1" if through else ""
            refer.refer("access", text, "chip", resource=resource, actions=given, through=flag)


class _Answer:
    """The matrix on the page, with its filter."""

    def __init__(self, found: Matrix) -> None:
        self._found = found
        self._rows: dict[str, Row] = {row.name: row for row in found.rows}

    def show(self) -> None:
        """The filter, the table and what stands beneath it."""
        found = self._found
        if not found.rows and not found.outside:
            states.empty(
                "Nobody can", "No principal of the estate can do any of this.", icon="block"
            )
            return
        with tag("div", classes="bar"):
            box = filter_box(
                "Filter by principal, account or condition key", "Filter the principals"
            )
            sure = ui.switch("Only what is certain")
            counted = tag("span", "", "soft")
        place = tag("div", classes="stack")

        def again() -> None:
            rows = found.wanted(box.value or "", certain=bool(sure.value))
            counted.text = f"{len(rows):,} of {len(found.rows):,} who can do something"
            place.clear()
            with place:
                self._table(rows)

        box.on_value_change(again)
        sure.on_value_change(again)
        again()
        self._conditions()
        self._outside()

    def _table(self, rows: list[Row]) -> None:
        if not rows:
            states.empty("Nobody fits", "No name and no condition holds all of these words.")
            return
        asks = self._found.asks
        columns = [Column("who", "Principal"), Column("account", "Account")]
        one = len({ask.action.partition(":")[0] for ask in asks}) == 1
        for place, ask in enumerate(asks):
            label = ask.action.partition(":")[2] if one else ask.action
            columns.append(Column(f"a{place}", label, words=_WORDS, tones=_TONES))
        table(
            columns,
            [_cells(r) for r in rows[:SHOWN]],
            key="name",
            label="Who can do what",
            on_open=self._open,
        )
        refer.more(len(rows) - SHOWN)

    def _open(self, name: str) -> None:
        row = self._rows.get(name)
        if row is not None:
            _details(self._found.asks, row)

    def _conditions(self) -> None:
        if not self._found.conditions:
            return
        with tag("section", classes="card"):
            tag("h2", "Conditions on which access hangs")
            with tag("ul", classes="plain"):
                for ask, tests, number in self._found.conditions:
                    with tag("li"):
                        who = "1 principal" if number == 1 else f"{number:,} principals"
                        tag("span", f"{ask.action}, {who}: ", "soft")
                        tag("span", "; ".join(tests) or "what nobody can tell", "mono")

    def _outside(self) -> None:
        if not self._found.outside:
            return
        with tag("section", classes="card"):
            tag("h2", "Let in from elsewhere, if their own account allows it")
            with tag("ul", classes="plain"):
                for name, actions in self._found.outside:
                    with tag("li"):
                        tag("span", name, "mono")
                        tag("span", f" {', '.join(actions)}", "soft")


def _cells(row: Row) -> dict[str, Any]:
    account = row.principal.account or ""
    shown = {f"a{place}": _state(cell) for place, cell in enumerate(row.cells)}
    return {"name": row.name, "who": _who(row), "account": account, **shown}


def _who(row: Row) -> str:
    return row.name.split(":", 5)[-1] if row.name.startswith("arn:") else row.name


def _state(cell: Access | None) -> str:
    if cell is None:
        return "no"
    if cell.through:
        return "via" if cell.certain else "via-if"
    return "yes" if cell.certain else "if"


def _details(asks: tuple[Ask, ...], row: Row) -> None:
    with ui.dialog() as dialog, tag("section", classes="card dialog") as card:
        card.props["role"] = "document"
        tag("h2", _who(row))
        tag("p", row.name, "mono soft whole")
        for ask, cell in zip(asks, row.cells, strict=True):
            with tag("div", classes="stack tight"):
                _cell(ask, cell, row)
        with tag("div", classes="bar end"):
            if row.name.startswith("arn:"):
                refer.refer("policies", "Its policies", "button quiet", open=row.name)
                refer.refer(
                    "access", "Who becomes whom", "button quiet", view="roles", focus=row.name
                )
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _cell(ask: Ask, cell: Access | None, row: Row) -> None:
    state = _state(cell)
    with tag("div", classes="bar"):
        badge.badge(_SAYS.get(state, "cannot"), _TONES[state])
        tag("strong", ask.action)
        with tag("a", "Simulate") as link:
            link.props["href"] = links.simulator_url(
                Request(row.principal, ask.action, ask.resource, Context())
            )
    if cell is None:
        return
    if cell.through:
        tag("p", " → ".join((*cell.through, ask.resource)), "mono soft whole")
    if cell.keys:
        tag("p", f"hangs on {', '.join(cell.keys)}", "soft whole")
