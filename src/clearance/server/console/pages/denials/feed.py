"""The list of calls, growing as they are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element

from clearance.server.console.page import Desk
from clearance.server.console.pages.denials.rows import Row, Wanted, row_of, wanted
from clearance.server.console.parts import badge, states
from clearance.server.console.parts.filtering import filter_box
from clearance.server.console.parts.text import tag
from clearance.store.port import EventQuery

__all__ = ["call", "show"]

SHOWN: Final = 100
READ: Final = 5_000  # how far back a filter looks; History goes on from there
EVERY: Final = 0.5


async def show(desk: Desk) -> None:
    """The filter and the list."""
    listing = _List(desk)
    with tag("div", classes="bar"):
        search = filter_box(
            "Filter by action, principal, resource or reason", "Filter the calls", wait=150
        )
        which = ui.toggle({False: "Denials", True: "All calls"}, value=False)
        which.props("no-caps unelevated")
        live = ui.switch("Live", value=True)
    listing.place = tag("div", classes="feed")
    listing.place.props["role"] = "list"
    listing.place.props["aria-label"] = "Calls, newest first"
    tag("p", f"The latest {SHOWN} at most, times in UTC; History goes further back.", "soft")

    async def again() -> None:
        listing.what = Wanted(bool(which.value), search.value or "")
        await listing.fill()

    search.on_value_change(again)
    which.on_value_change(again)
    live.on_value_change(lambda: setattr(listing, "live", bool(live.value)))
    await listing.fill()
    ui.timer(EVERY, listing.grow)


@dataclass(slots=True)
class _List:
    """What is in the list now."""

    desk: Desk
    what: Wanted = field(default_factory=Wanted)
    live: bool = True
    place: Element | None = None
    seen: int = 0
    lines: list[Element] = field(default_factory=list)

    async def fill(self) -> None:
        """Begin anew with what the trail holds."""
        view = self.desk.view
        self.seen = view.feed.count
        rows = await view.aside(self._read)
        assert self.place is not None  # noqa: S101 - set before the first call
        self.place.clear()
        self.lines = []
        with self.place:
            for row in rows:
                self.lines.append(call(row))
            if not rows:
                self._nothing()

    def _read(self) -> list[Row]:
        # In audit mode a denial is a call that went through.
        view = self.desk.view
        all_ = self.what.everything or view.audit_only
        query = EventQuery(limit=READ, denied=None if all_ else True)
        return wanted(view.stream(query), self.what, SHOWN)

    async def grow(self) -> None:
        """Put what happened since on top."""
        feed = self.desk.view.feed
        if not self.live or feed.count == self.seen or self.place is None:
            return
        seen, self.seen = self.seen, feed.count
        news = [row for row in map(row_of, feed.since(seen, SHOWN)) if self.what.takes(row)]
        if not news:
            return
        if not self.lines:
            self.place.clear()
        with self.place:
            added = [call(row) for row in news]
        for position, line in enumerate(added):
            line.move(self.place, target_index=position)
        self.lines = [*added, *self.lines]
        self._drop(islice(self.lines, SHOWN, None))
        self.lines = self.lines[:SHOWN]

    @staticmethod
    def _drop(lines: Iterable[Element]) -> None:
        for line in lines:
            line.delete()

    def _nothing(self) -> None:
        if self.what.text:
            states.empty("No call fits", "No recent call has all of these words.")
        elif self.what.everything:
            states.empty("No calls", "Nobody called yet. Calls appear here as they are made.")
        else:
            states.empty(
                "No denials",
                "Nobody was refused anything yet. Calls appear here as soon as they are made.",
                icon="verified_user",
                code="aws lambda invoke --function-name ProcessImages out.json",
            )


def call(row: Row, *, dated: bool = False) -> Element:
    """One call as a link to its explanation."""
    item = tag("div")
    item.props["role"] = "listitem"
    with item, tag("a", classes="call") as line:
        line.props["href"] = f"denials?event={quote(row.id)}"
        line.props["data-row"] = row.id
        when = f"{row.when:%m-%d %H:%M:%S}" if dated else f"{row.when:%H:%M:%S}"
        tag("time", when, "when").props["title"] = row.when.isoformat()
        badge.verdict(row.verdict)
        tag("span", row.action, "action")
        tag("span", row.who, "who").props["title"] = row.principal
        tag("span", row.what, "what").props["title"] = row.resource
        tag("span", row.reason, "reason")
    return item
