"""One change: the call, what differs in each document, and what that did to access."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from clearance.model.estate import Account, Organization
from clearance.prove import EstateDiff, Verdict, World, estate_diff
from clearance.server.console.jobs import Job
from clearance.server.console.page import Desk
from clearance.server.console.pages.history.changes import what
from clearance.server.console.parts import code, meaning, policy, refer, states
from clearance.server.console.parts.text import tag
from clearance.server.console.parts.working import Working
from clearance.store.changes import ABSENT
from clearance.store.differences import differences
from clearance.store.port import Record

__all__ = ["show"]

ROWS: Final = 10  # of what one principal gains or loses
SHOWN: Final = 25  # principals, and resources
PLACES: Final = 30


async def show(desk: Desk, number: str) -> None:
    """The change of a number in the journal."""
    refer.refer("history", "← All changes", "back")
    view = desk.view
    found = None
    if number.isascii() and number.isdigit() and int(number) > 0:
        steps = await view.aside(lambda: next(iter(view.steps(int(number))), None))
        found = steps if steps is not None and steps[0].seq == int(number) else None
    if found is None:
        states.failure("There is no such change", f"The journal has no number {number}.")
        return
    record, before, after = found
    _head(record)
    for place in record.changes[:PLACES]:
        _place("/".join(place.path), place.before, place.after)
    if len(record.changes) > PLACES:
        tag("p", f"and {len(record.changes) - PLACES} more places", "soft")
    with tag("section", classes="card"):
        tag("h2", "What it did to access")
        if not before.accounts:
            tag("p", "The estate begins with this change: all of it is new.", "soft")
            return
        working, catalog = Working(view), view.catalog

        def prove(job: Job) -> EstateDiff:
            job.check()
            world = World(catalog, multivalued=catalog.multivalued)
            return estate_diff(before, after, world, limit=ROWS)

        working.soon("Proving what changed", prove, _effect)


def _head(record: Record) -> None:
    entry = record.entry
    with tag("section", classes="card"):
        with tag("div", classes="bar"):
            tag("h2", f"{entry.service}:{entry.operation}")
            tag("span", what(record), "soft")
        with tag("dl", classes="facts"):
            for label, text in (
                ("When", entry.when.isoformat(sep=" ", timespec="milliseconds")),
                ("Who", entry.who),
                ("From", entry.source_ip or ""),
                ("Account", f"{entry.account} {entry.region}".strip()),
                ("Request", entry.request_id),
                ("Number", str(record.seq)),
            ):
                if text:
                    tag("dt", label)
                    tag("dd", text)
            for arn in entry.resources:
                tag("dt", "Resource")
                with tag("dd"):
                    refer.refer("policies", arn, open=arn)
        if entry.input:
            text = json.dumps(entry.input, indent=2, ensure_ascii=False, default=str)
            policy.folded(text, (), title="What was asked for")
        with tag("div", classes="bar"):
            moment = entry.when.isoformat()
            refer.refer("history", "Decide as it was then", view="travel", time=moment)


def _whole(path: str, made: Account | Organization) -> None:
    """An account or organization that came or went as a whole, in figures."""
    tables = (field.name for field in fields(made))
    counts = ((name, getattr(made, name)) for name in tables)
    told = [
        f"{name.replace('_', ' ')}: {len(held)}"
        for name, held in counts
        if isinstance(held, Mapping) and held
    ]
    with tag("section", classes="document"):
        tag("h2", path)
        tag("p", f"all of it: {', '.join(told) or 'empty'}", "soft")


def _place(path: str, before: object, after: object) -> None:
    for value, other in ((after, before), (before, after)):
        if isinstance(value, Account | Organization) and other is ABSENT:
            _whole(path, value)
            return
    documents: list[tuple[str, str | None, str | None]] = []
    plain: list[tuple[str, str | None, str | None]] = []
    for name, old, new in differences(before, after):
        (documents if code.is_document(old or new or "") else plain).append((name, old, new))
    with tag("section", classes="document"):
        tag("h2", path)
        if plain:
            with tag("dl", classes="facts card"):
                for name, old, new in plain:
                    tag("dt", name or "value")
                    tag("dd", f"{old or '(none)'} → {new or '(none)'}")
        for name, old, new in documents:
            policy.diff(old, new, title=name or "document", note=_note(old, new))


def _note(old: str | None, new: str | None) -> str:
    if old is None:
        return "new"
    return "removed" if new is None else "changed"


def _effect(effect: EstateDiff) -> None:
    if effect.verdict is Verdict.PROVEN:
        states.banner("ok", "Nobody gained or lost anything. This is proven.")
        return
    for each in effect.principals[:SHOWN]:
        with tag("section", classes="effect"):
            refer.refer("policies", each.principal, "mono", open=each.principal)
            if each.gains:
                meaning.change("Gains", "note", each.gains)
            if each.losses:
                meaning.change("Loses", "bad", each.losses)
    for resource in effect.resources[:SHOWN]:
        with tag("section", classes="effect"):
            refer.refer("policies", resource.resource, "mono", open=resource.resource)
            found = resource.comparison
            if found.newly_allowed:
                meaning.change("Lets in", "note", found.newly_allowed)
            if found.newly_denied:
                meaning.change("Keeps out", "bad", found.newly_denied)
    rest = len(effect.principals) + len(effect.resources) - 2 * SHOWN
    if rest > 0:
        tag("p", f"and {rest} more; `clearance history --effect` prints them all", "soft")
