"""Which vectors hold which rule of ``docs/rules.md``; run as a module, it writes the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.cases import files

__all__ = ["COVERAGE", "covered", "elsewhere", "rules", "table"]

DOCS = Path(__file__).parent.parent / "docs"
COVERAGE = DOCS / "coverage.md"
TOPICS = ("parse", "principals", "resources", "conditions", "decide", "estates")
_ROW = re.compile(r"^\| (R\d+[a-c]?) \|", re.MULTILINE)
_APART = "## Rules without vectors here"


def rules() -> tuple[str, ...]:
    """Every rule of the rule book."""
    return tuple(_ROW.findall((DOCS / "rules.md").read_text("utf-8").split(_APART)[0]))


def elsewhere() -> frozenset[str]:
    """The rules that other tests hold; the rule book says why."""
    return frozenset(_ROW.findall((DOCS / "rules.md").read_text("utf-8").split(_APART)[1]))


def covered() -> Mapping[str, Mapping[str, int]]:
    """How many vectors each rule has, by file."""
    found: dict[str, dict[str, int]] = {}
    for topic in TOPICS:
        for stem, content in files(topic):
            for case in content["cases"]:
                for rule in case["rules"]:
                    counts = found.setdefault(rule, {})
                    name = f"{topic}/{stem}"
                    counts[name] = counts.get(name, 0) + 1
    return found


def table() -> str:
    """The coverage table as Markdown."""
    found = covered()
    total = sum(len(content["cases"]) for topic in TOPICS for _, content in files(topic))
    held = [rule for rule in rules() if rule in found]
    lines = [
        "# Which vectors hold which rule",
        "",
        f"{total} vectors hold {len(held)} of {len(rules())} rules.",
        "`python -m tests.coverage` writes this page.",
        "",
        "| rule | vectors | files |",
        "| --- | --- | --- |",
    ]
    for rule in rules():
        counts = found.get(rule, {})
        names = ", ".join(f"{name} ({count})" for name, count in counts.items())
        lines.append(f"| {rule} | {sum(counts.values())} | {names or 'elsewhere'} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    COVERAGE.write_text(table(), "utf-8")
