"""Time travel: a decision at any moment of the journal, and the changes that turned it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from nicegui import ui

from clearance.parse.moments import moment
from clearance.server.console.jobs import Job
from clearance.server.console.page import Desk
from clearance.server.console.pages.history.changes import what
from clearance.server.console.pages.history.moments import (
    Moment,
    Question,
    moment_at,
    moments,
    turns,
)
from clearance.server.console.parts import badge, drawing, explained, links, refer, states, suggest
from clearance.server.console.parts.text import tag
from clearance.server.console.parts.working import Working
from clearance.server.console.view import View
from clearance.store.port import HistoryQuery

__all__ = ["show"]

OFFERED: Final = 3_000
BACK: Final = 1_000  # changes that are looked at; each is one decision
_MOVED: Final = "(event) => emit(event.target.valueAsNumber)"
_TONES: Final = {"ALLOW": "ok", "IMPLICIT_DENY": "bad", "EXPLICIT_DENY": "bad", "NOBODY": "none"}


async def show(desk: Desk) -> None:
    """The question as a form, and once it is put the moments."""
    view, asked = desk.view, desk.asked
    question = Question(
        asked.get("principal", "").strip(),
        asked.get("action", "").strip(),
        asked.get("resource", "").strip(),
    )
    _form(view, question, asked.get("time", ""))
    if not question.principal or not question.action:
        text = "Ask whether somebody may do something; the slider then moves through the journal."
        states.empty("A question for any moment", text, icon="history_toggle_off")
        return
    if ":" not in question.action:
        states.failure("That is no action", f"Write {question.action} with its service, like s3:…")
        return
    now, time = view.now, asked.get("time", "")
    when = moment(time, now) if time else now
    working = Working(view)

    def work(job: Job) -> tuple[Moment, ...]:
        newest = view.history(HistoryQuery(limit=1))
        first = max(newest[0].seq - BACK + 1, 1) if newest else 1
        job.total = newest[0].seq - first + 1 if newest else 0
        return moments(view.steps(first), question, view.catalog, job, most=BACK)

    working.soon("Deciding at every moment", work, lambda found: _answer(found, when))


def _form(view: View, question: Question, time: str) -> None:
    with tag("form", classes="card pair row wide") as form:
        form.props["method"] = "get"
        form.props["action"] = "history"
        suggest.hidden("view", "travel")
        who = question.principal
        suggest.field("Principal", "principal", who, "principals", mono=True, filters=True)
        suggest.field("Resource", "resource", question.resource, hint="* or an ARN", mono=True)
        suggest.field("Action", "action", question.action, hint="s3:GetObject", mono=True)
        suggest.field("Moment", "time", time, hint="now; 2026-03-01; 2h")
        with tag("div", classes="bar"):
            suggest.submit("Travel")
        suggest.offer("principals", view.principals()[:OFFERED])


def _answer(found: tuple[Moment, ...], when: datetime) -> None:
    if not found:
        states.empty("No changes", "The journal is empty: there are no moments yet.")
        return
    start = moment_at(found, when)
    if len(found) == BACK:
        states.banner("note", f"The last {BACK:,} changes; earlier ones are in the journal.")
    with tag("section", classes="card travel"):
        head = tag("div", classes="bar")
        ui.html(drawing.ticks_html([_TONES[each.verdict] for each in found], "Verdicts over time"))
        slider = tag("input")
        slider.props["type"] = "range"
        slider.props["aria-label"] = "Move through time"
        slider.props["min"] = 0
        slider.props["max"] = len(found) - 1
        slider.props["value"] = start
        slider.props["disabled"] = len(found) == 1
    place = tag("div", classes="stack")

    def draw(number: int) -> None:
        here = found[max(0, min(number, len(found) - 1))]
        last = here is found[-1]
        head.clear()
        with head:
            _head(here, last=last)
        place.clear()
        with place:
            _moment(here)

    slider.on("input", lambda event: draw(int(event.args)), throttle=0.05, js_handler=_MOVED)
    draw(start)
    _turns(found)


def _head(here: Moment, *, last: bool) -> None:
    entry = here.record.entry
    if here.decision is None:
        badge.badge("Did not exist")
    else:
        badge.verdict(here.decision.effect)
    since = "since" if last else "after"
    tag("strong", f"{since} {entry.when:%Y-%m-%d %H:%M:%S}")
    tag("span", f"{entry.service}:{entry.operation}, {what(here.record)}", "soft")
    tag("span", classes="rest")
    refer.refer("history", "This change", change=str(here.record.seq))


def _moment(here: Moment) -> None:
    if here.decision is None:
        text = "The principal did not exist at this moment."
        states.empty("Nobody to ask", text, icon="person_off")
        return
    explained.layers_and_policies(here.decision)
    links.simulator_link(here.decision.request)


def _turns(found: tuple[Moment, ...]) -> None:
    with tag("section", classes="card"):
        tag("h2", "What turned the verdict")
        changed = turns(found)
        if not changed:
            tag("p", "No change did.", "soft")
            return
        with tag("div", classes="list turns") as around:
            around.props["role"] = "list"
            around.props["aria-label"] = "Changes that turned the verdict"
            for before, after in reversed(changed):
                entry = after.record.entry
                then = f"{_word(before)} → {_word(after)}"
                by = f"{entry.service}:{entry.operation} by {refer.short(entry.who)}"
                cells = ((then, ""), (f"{entry.when:%Y-%m-%d %H:%M:%S}", ""), (by, entry.who))
                href = refer.address("history", change=str(after.record.seq))
                refer.entry(href, str(after.record.seq), cells)


def _word(each: Moment) -> str:
    return "did not exist" if each.decision is None else badge.WORDS[each.verdict][0]
