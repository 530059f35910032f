"""Paths as drawings: Mermaid and DOT."""

from __future__ import annotations

import json
from collections.abc import Iterable

from clearance.reach.methods import ADMIN, Edge
from clearance.reach.paths import Goal, Path

__all__ = ["dot", "mermaid"]


def mermaid(paths: Iterable[Path], goal: Goal) -> str:
    """A flowchart; steps under a condition are dotted."""
    numbers: dict[str, str] = {}
    lines = ["flowchart LR"]
    for edge in _edges(paths):
        for name in (edge.source, edge.target):
            if name not in numbers:
                numbers[name] = f"n{len(numbers)}"
                label = _label(name).replace('"', "#quot;")
                shape = ("([", "])") if name in goal.there else ("[", "]")
                lines.append(f'  {numbers[name]}{shape[0]}"{label}"{shape[1]}')
        arrow = "-->" if edge.certain else "-.->"
        source, target = numbers[edge.source], numbers[edge.target]
        lines.append(f'  {source} {arrow}|"{edge.method.id}"| {target}')
    return "\n".join(lines) + "\n"


def dot(paths: Iterable[Path], goal: Goal) -> str:
    """A directed graph for Graphviz; steps under a condition are dashed."""
    lines = ["digraph escalations {", "  rankdir=LR;", "  node [shape=box];"]
    edges = list(_edges(paths))
    for name in dict.fromkeys(n for e in edges for n in (e.source, e.target)):
        shape = " shape=doubleoctagon" if name in goal.there else ""
        lines.append(f"  {json.dumps(name)} [label={json.dumps(_label(name))}{shape}];")
    for edge in edges:
        style = "" if edge.certain else " style=dashed"
        ends = f"{json.dumps(edge.source)} -> {json.dumps(edge.target)}"
        lines.append(f"  {ends} [label={json.dumps(edge.method.id)}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _edges(paths: Iterable[Path]) -> Iterable[Edge]:
    return dict.fromkeys(edge for path in paths for edge in path.edges)


def _label(name: str) -> str:
    if name == ADMIN:
        return name
    return name.split(":", 4)[-1] if name.startswith("arn:") else name
