"""Drawings as SVG: a graph by columns, bars. What comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

__all__ = ["Arrow", "Bar", "Node", "bars_html", "graph_html", "ticks_html"]

WIDE: Final = 212
HIGH: Final = 44
ACROSS: Final = 92  # between columns
DOWN: Final = 14  # between rows
LETTERS: Final = 29  # that fit into a box


@dataclass(frozen=True, slots=True)
class Node:
    """A box: two lines of text, the column it stands in, where a click leads."""

    id: str
    name: str
    note: str
    column: int
    kind: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another; a doubtful one is dashed. ``says`` shows when one points at it."""

    source: str
    target: str
    says: str = ""
    doubtful: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``parts`` are (tone, number) beside each other."""

    label: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(number for _, number in self.parts)


def graph_html(nodes: Sequence[Node], arrows: Sequence[Arrow], label: str) -> str:
    """A graph whose boxes stand in columns, each near those it is joined with."""
    places = _places(nodes, arrows)
    width = max((x for x, _ in places.values()), default=0) + WIDE + 2
    height = max((y for _, y in places.values()), default=0) + HIGH + 2
    drawn = [_arrow(each, places) for each in arrows]
    drawn += [_node(each, *places[each.id]) for each in nodes]
    return (
        f'<div class="graph"><svg viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="group" aria-label="{escape(label)}">{"".join(drawn)}</svg></div>'
    )


def _places(nodes: Sequence[Node], arrows: Sequence[Arrow]) -> Mapping[str, tuple[int, int]]:
    columns: dict[int, list[str]] = {}
    for node in nodes:
        columns.setdefault(node.column, []).append(node.id)
    joined: dict[str, list[str]] = {}
    for arrow in arrows:
        joined.setdefault(arrow.source, []).append(arrow.target)
        joined.setdefault(arrow.target, []).append(arrow.source)
    rows = {name: row for names in columns.values() for row, name in enumerate(names)}
    for column in (*sorted(columns), *sorted(columns, reverse=True)):
        names = columns[column]
        names.sort(key=lambda name: _middle(name, joined, rows))
        rows.update({name: row for row, name in enumerate(names)})
    tallest = max((len(names) for names in columns.values()), default=0)
    found: dict[str, tuple[int, int]] = {}
    for place, column in enumerate(sorted(columns)):
        names = columns[column]
        top = (tallest - len(names)) * (HIGH + DOWN) // 2
        for row, name in enumerate(names):
            found[name] = place * (WIDE + ACROSS) + 1, top + row * (HIGH + DOWN) + 1
    return found


def _middle(name: str, joined: Mapping[str, Sequence[str]], rows: Mapping[str, int]) -> float:
    others = [rows[other] for other in joined.get(name, ()) if other in rows]
    return sum(others) / len(others) if others else rows[name]


def _node(node: Node, x: int, y: int) -> str:
    inner = (
        f"<title>{escape(node.id)}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="7"/>'
        f'<text x="{x + 12}" y="{y + 19}" class="name">{escape(_cut(node.name))}</text>'
        f'<text x="{x + 12}" y="{y + 35}" class="note">{escape(_cut(node.note))}</text>'
    )
    kind = f"node {escape(node.kind)}"
    if not node.href:
        return f'<g class="{kind}">{inner}</g>'
    return f'<a href="{escape(node.href)}" class="{kind}">{inner}</a>'


def _arrow(arrow: Arrow, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[arrow.source], places[arrow.target]
    y1, y2 = y1 + HIGH // 2, y2 + HIGH // 2
    if x1 < x2:  # from the right side of one to the left side of the other
        x1, reach = x1 + WIDE, 40
        path = f"M{x1} {y1}C{x1 + reach} {y1} {x2 - reach - 6} {y2} {x2 - 6} {y2}"
        head = f"M{x2 - 8} {y2 - 4}L{x2 - 1} {y2}L{x2 - 8} {y2 + 4}Z"
    else:  # back, or within a column: around the right side
        x1, x2, reach = x1 + WIDE, x2 + WIDE, 56
        path = f"M{x1} {y1}C{x1 + reach} {y1} {x2 + reach} {y2} {x2 + 6} {y2}"
        head = f"M{x2 + 8} {y2 - 4}L{x2 + 1} {y2}L{x2 + 8} {y2 + 4}Z"
    kind = "arrow doubtful" if arrow.doubtful else "arrow"
    label = ""
    if arrow.label:
        place = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 5}"'
        label = f'<text {place} text-anchor="middle" class="note">{escape(arrow.label)}</text>'
    says = f"<title>{escape(arrow.says)}</title>"
    return f'<g class="{kind}">{says}<path class="line" d="{path}"/><path d="{head}"/>{label}</g>'


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def bars_html(bars: Iterable[Bar], label: str) -> str:
    """Bars with a label before and the number behind each."""
    shown = list(bars)
    most = max((bar.total for bar in shown), default=0) or 1
    rows: list[str] = []
    for bar in shown:
        parts = "".join(
            f'<i class="{escape(tone)}" style="width:{100 * number / most:.2f}%"></i>'
            for tone, number in bar.parts
            if number
        )
        rows.append(
            f'<li><span class="label" title="{escape(bar.label)}">{escape(bar.label)}</span>'
            f'<span class="track">{parts}</span><b>{bar.total:,}</b></li>'
        )
    return f'<ul class="bars" aria-label="{escape(label)}">{"".join(rows)}</ul>'


def ticks_html(tones: Sequence[str], label: str) -> str:
    """One piece of a strip for each moment; pieces of one tone beside each other are joined."""
    pieces: list[tuple[str, int]] = []
    for tone in tones:
        if pieces and pieces[-1][0] == tone:
            pieces[-1] = tone, pieces[-1][1] + 1
        else:
            pieces.append((tone, 1))
    shown = "".join(f'<i class="{escape(t)}" style="flex-grow:{n}"></i>' for t, n in pieces)
    return f'<div class="ticks" role="img" aria-label="{escape(label)}">{shown}</div>'
