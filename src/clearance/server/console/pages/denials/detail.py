"""One call, explained: why, the layers with their policies, what would fix it, the event."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from nicegui import ui
from nicegui.element import Element

from clearance.explain.explanation import Explanation
from clearance.explain.findings import Blocker, Confidence
from clearance.server.console.page import Desk
from clearance.server.console.pages.denials import fixes
from clearance.server.console.pages.denials.case import Case, Told, find, tell, told_of
from clearance.server.console.parts import badge, code, states
from clearance.server.console.parts.explained import layers_and_policies
from clearance.server.console.parts.layers import said
from clearance.server.console.parts.links import simulator_link
from clearance.server.console.parts.refer import refer
from clearance.server.console.parts.text import tag

__all__ = ["show"]

ANONYMOUS = "anonymous"


async def show(desk: Desk, event_id: str) -> None:
    """The call with this event id."""
    with tag("a", "← All calls", "back") as back:
        back.props["href"] = "denials"
    case = await desk.view.aside(find, desk.view, event_id)
    if case is None:
        states.failure("No such call", "The trail of this endpoint has no event with this id.")
        return
    _head(case)
    if case.requests:
        place = tag("div", classes="stack")
        await _Detail(desk, case, place).draw()
    else:
        _recorded(case)
    with ui.expansion("Audit event", icon="data_object").classes("card flat"):
        ui.html(code.plain_html(json.dumps(case.event, indent=2, ensure_ascii=False)))


def _head(case: Case) -> None:
    row = case.row
    with tag("section", classes="card call-head"):
        with tag("div", classes="bar"):
            badge.verdict(row.verdict)
            tag("h2", row.action)
            tag("span", row.when.strftime("%Y-%m-%d %H:%M:%S %Z"), "soft")
        with tag("dl", classes="facts"):
            for name, value in (
                ("Who", row.principal),
                ("On", row.resource or "nothing that has a name"),
                ("From", str(case.event.get("sourceIPAddress") or "")),
                ("With", str(case.event.get("userAgent") or "")),
            ):
                tag("dt", name)
                tag("dd", value, "mono")
        if case.message:
            tag("blockquote", case.message)


def _recorded(case: Case) -> None:
    """What the trail itself says of a call that no policy refused."""
    if case.row.verdict == "ERROR":
        states.banner("note", "No policy refused this call: it failed for the reason above.")
    elif case.row.denied:
        states.banner("note", "The trail kept no request of this call to decide again.")
    if case.row.principal != ANONYMOUS and ":" in case.row.action:
        row = case.row
        asked = {"principal": row.principal, "action": row.action, "resource": row.resource}
        refer("simulator", "Decide it in the simulator", "back", **asked)


@dataclass(slots=True)
class _Detail:
    """The part of the page that is drawn anew when another moment is asked for."""

    desk: Desk
    case: Case
    place: Element
    then: bool | None = None
    note: Callable[[], None] | None = None

    async def draw(self) -> None:
        """Explain and show."""
        self.place.clear()
        with self.place:
            states.waiting("Deciding every layer again …")
        told = await self.desk.view.aside(tell, self.desk.view, self.case, then=self.then)
        self.place.clear()
        with self.place:
            if self.note is not None:
                self.note()
            elif told.settled:
                states.banner("ok", "The same request would be allowed now.")
            self._moment(told)
            if not told.settled or told.then:
                _why(told.explanation)
            _decisions(told)
            if not told.settled:
                fixes.show(self.desk, self.case, told, self._applied)
            if not told.settled or told.then:
                _more(told.explanation)

    def _moment(self, told: Told) -> None:
        async def turn(to: Callable[[], bool | None]) -> None:
            self.then = bool(to())
            self.note = None
            await self.draw()

        with tag("div", classes="bar"):
            which = ui.toggle({False: "As it is now", True: "As it was then"}, value=told.then)
            which.props("no-caps unelevated")
            which.on_value_change(lambda: turn(lambda: which.value))
            asked = told.explanation.decisions[0].request
            simulator_link(told_of(told, asked, self.desk.view))

    async def _applied(self, note: Callable[[], None]) -> None:
        self.note, self.then = note, False
        await self.draw()


def _why(explanation: Explanation) -> None:
    cause = explanation.cause
    with tag("section", classes="card"):
        tag("h2", "Why")
        if cause is None:
            tag("p", "Nothing denies it in this estate.")
        elif len(explanation.blockers) > 1:
            tag("p", f"{len(explanation.blockers)} layers stand in the way; AWS names one.")
            with tag("ol", classes="reasons"):
                for blocker in explanation.blockers:
                    _blocker(blocker)
        else:
            tag("p", _sentence(cause.because), "because")
            if cause.confidence is not Confidence.PROVEN:
                tag("p", f"This fits all that is known; it is {cause.confidence.value}.", "soft")
        if explanation.disagreement:
            states.banner("warn", _sentence(explanation.disagreement))
        if cause is not None and not cause.add_allow:
            states.banner("note", "An Allow in an identity or resource policy cannot help here.")


def _blocker(blocker: Blocker) -> None:
    with tag("li"):
        badge.badge(*said(blocker.check))
        tag("span", _sentence(blocker.cause.because))
        tag("span", f"to be changed by {blocker.owner}", "soft")


def _decisions(told: Told) -> None:
    decisions = [d for d in told.explanation.decisions if not d.allowed] or list(
        told.explanation.decisions
    )
    for number, decision in enumerate(decisions):
        with tag("section", classes="card"):
            tag("h2", "Layers" if not number else f"Layers of {decision.request.action}")
            layers_and_policies(decision)


def _more(explanation: Explanation) -> None:
    rest = [*explanation.ruled_out, *explanation.unknowns, *explanation.next_steps]
    if not rest:
        return
    with (
        ui.expansion("What it is not, and what is not known", icon="rule").classes("card flat"),
        tag("ul", classes="plain"),
    ):
        for out in explanation.ruled_out:
            tag("li", f"Not {out.id}: {out.because}")
        for unknown in explanation.unknowns:
            tag("li", f"Unknown: {unknown.what}. To find out: {unknown.how_to_get}")
        for step in explanation.next_steps:
            tag("li", _sentence(step))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
