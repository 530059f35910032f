"""Fixes applied to the text they were found in."""

from __future__ import annotations

from collections.abc import Iterable

from clearance.validate.finding import Edit, Finding

__all__ = ["fixed"]


def fixed(text: str, findings: Iterable[Finding]) -> tuple[str, tuple[Finding, ...]]:
    """The text with all fixes that do not touch each other, and the findings they belong to."""
    taken: list[Edit] = []
    used: list[Finding] = []
    for finding in findings:
        if finding.fix is None or any(_touch(e, t) for e in finding.fix.edits for t in taken):
            continue
        taken.extend(finding.fix.edits)
        used.append(finding)
    for edit in sorted(taken, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, tuple(used)


def _touch(one: Edit, other: Edit) -> bool:
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end
