"""What a change would have done: figures, charts, the changes one by one, reports to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nicegui import ui

from clearance.batch.replay import Change, Kind, Mismatch
from clearance.server.console.pages.replay.work import Done
from clearance.server.console.parts import badge, drawing, refer, states
from clearance.server.console.parts.filtering import filter_box
from clearance.server.console.parts.table import Column, table
from clearance.server.console.parts.text import tag

__all__ = ["bars_of", "show", "wanted"]

BARS: Final = 10
SHOWN: Final = 500
TONES: Final[Mapping[Kind, str]] = {
    Kind.DENIED: "bad",
    Kind.PERHAPS_DENIED: "warn",
    Kind.ALLOWED: "note",
    Kind.PERHAPS_ALLOWED: "none",
}
_BREAKS: Final = (Kind.DENIED, Kind.PERHAPS_DENIED)
_OPENS: Final = (Kind.ALLOWED, Kind.PERHAPS_ALLOWED)
_COLUMNS: Final = (
    Column("kind", "What", tones={kind.value: tone for kind, tone in TONES.items()}, words={}),
    Column("count", "Events", right=True),
    Column("who", "Principal"),
    Column("action", "Action"),
    Column("what", "Resource"),
)


def show(done: Done) -> None:
    """All of it."""
    _verdict(done)
    with tag("div", classes="bar"):
        tag("h2", done.title, "whole")
        tag("span", classes="rest")
        with tag("div"):
            _download("HTML report", done.html, "clearance-replay.html", "text/html")
            _download("CSV", done.csv, "clearance-replay.csv", "text/csv")
            _download("JSON", done.json, "clearance-replay.json", "application/json")
    _figures(done)
    with tag("div", classes="twins"):
        _chart("What would break, by action", done.replay.changes, _BREAKS, lambda c: c.action)
        _chart("What would break, by principal", done.replay.changes, _BREAKS, _who)
        _chart("What would be newly allowed, by action", done.replay.changes, _OPENS, _action)
        _chart("What would be newly allowed, by principal", done.replay.changes, _OPENS, _who)
    _changes(done.replay.of(*Kind))
    _mismatches(done.replay.mismatches)
    _left_out(done)


def _verdict(done: Done) -> None:
    broken, perhaps = done.replay.broken, done.replay.of(Kind.PERHAPS_DENIED)
    if broken:
        says = "1 recorded call" if broken == 1 else f"{broken:,} recorded calls"
        states.banner("bad", f"{says} would have been denied.")
    elif perhaps:
        states.banner("warn", "Nothing breaks for certain; some calls hang on keys not recorded.")
    else:
        states.banner("ok", "No recorded call would have been denied.")


def _download(label: str, make: Callable[[], str], name: str, kind: str) -> None:
    with tag("button", label, "button quiet") as button:
        button.props["type"] = "button"
        button.on("click", lambda: ui.download.content(make(), name, kind))


def _figures(done: Done) -> None:
    replay, sights = done.replay, done.sights
    with tag("dl", classes="figures"):
        for label, number in (
            ("events read", sights.events),
            ("decided again", sights.decided),
            ("would be denied", replay.broken),
            ("newly allowed", replay.opened),
            ("AWS and estate agree", replay.agreed),
            ("they disagree", replay.disagreed),
        ):
            with tag("div"):
                tag("dd", f"{number:,}")
                tag("dt", label)


def _who(change: Change) -> str:
    account, _, name = refer.short(change.principal).partition(" ")
    return f"{name}  {account}" if name else account


def _action(change: Change) -> str:
    return change.action


def bars_of(
    changes: Iterable[Change], kinds: tuple[Kind, ...], of: Callable[[Change], str]
) -> list[drawing.Bar]:
    """The largest sums of events, each with a part for every kind."""
    sums: dict[str, Counter[Kind]] = {}
    for each in changes:
        if each.kind in kinds:
            sums.setdefault(of(each), Counter())[each.kind] += each.tally.count
    most = sorted(sums.items(), key=lambda item: (-item[1].total(), item[0]))[:BARS]
    return [
        drawing.Bar(name, tuple((TONES[kind], parts[kind]) for kind in kinds))
        for name, parts in most
    ]


def _chart(
    title: str,
    changes: Iterable[Change],
    kinds: tuple[Kind, ...],
    of: Callable[[Change], str],
) -> None:
    bars = bars_of(changes, kinds, of)
    if bars:
        with tag("section", classes="card"):
            tag("h2", title)
            ui.html(drawing.bars_html(bars, title))


def wanted(changes: Iterable[Change], search: str, kind: str) -> list[tuple[int, Change]]:
    """The changes of a kind that hold all of some words, with their places."""
    words = search.lower().split()
    return [
        (place, each)
        for place, each in enumerate(changes)
        if (not kind or each.kind.value == kind)
        and all(
            word in f"{each.principal} {each.action} {each.resource} {each.because}".lower()
            for word in words
        )
    ]


def _changes(changes: list[Change]) -> None:
    if not changes:
        return
    with tag("div", classes="bar"):
        box = filter_box("Filter by principal, action, resource or cause", "Filter the changes")
        kinds = ["", *dict.fromkeys(each.kind.value for each in changes)]
        which = ui.toggle({kind: kind or "all" for kind in kinds}, value="")
        which.props("no-caps unelevated dense padding='6px 12px'")
    place = tag("div", classes="stack")

    def again() -> None:
        found = wanted(changes, box.value or "", str(which.value or ""))
        place.clear()
        with place:
            if not found:
                states.empty("No change fits", "None holds all of these words.")
                return
            rows = [_row(number, each) for number, each in found[:SHOWN]]
            label = "What the change does"
            table(_COLUMNS, rows, key="key", label=label, on_open=lambda k: _open(changes[int(k)]))
            refer.more(len(found) - SHOWN)

    box.on_value_change(again)
    which.on_value_change(again)
    again()


def _row(place: int, change: Change) -> dict[str, Any]:
    return {
        "key": str(place),
        "kind": change.kind.value,
        "count": change.tally.count,
        "who": _who(change),
        "action": change.action,
        "what": refer.short(change.resource),
    }


def _open(change: Change) -> None:
    tally = change.tally
    with ui.dialog() as dialog, tag("section", classes="card dialog"):
        with tag("div", classes="bar"):
            badge.badge(change.kind.value, TONES[change.kind])
            tag("h2", change.action)
        with tag("dl", classes="facts"):
            for label, text in (
                ("By", change.principal),
                ("On", change.resource),
                ("How often", f"{tally.count:,} times"),
                ("First", str(tally.first)),
                ("Last", str(tally.last)),
                ("Because", change.because),
                *(("Not told", key) for key in (*change.keys, *change.gaps)),
            ):
                tag("dt", label)
                tag("dd", text)
        with tag("div", classes="bar end"):
            refer.refer(
                "simulator",
                "Open in the simulator",
                "button quiet",
                principal=change.principal,
                action=change.action,
                resource=change.resource,
            )
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _mismatches(found: list[Mismatch]) -> None:
    if not found:
        return
    with tag("details", classes="card"):
        tag("summary", f"Where AWS decided otherwise than this estate ({len(found):,})")
        with tag("ul", classes="plain"):
            for each in found[:SHOWN]:
                who = f"{each.tally.count:,} × {each.observed} by AWS: {each.action}"  # noqa: RUF001
                what = f"by {each.principal} on {each.resource}; here {each.because}"
                tag("li", f"{who} {what}")


def _left_out(done: Done) -> None:
    reasons = [*done.sights.skipped.most_common(), *done.sights.gaps.most_common(20)]
    problems = done.found.problems
    if not reasons and not problems:
        return
    with tag("details", classes="card"):
        tag("summary", "What the logs do not tell")
        with tag("ul", classes="plain"):
            for reason, number in reasons:
                tag("li", f"{number:,} × {reason}")  # noqa: RUF001 - a times sign
            for problem in problems:
                tag("li", problem)
