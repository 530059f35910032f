"""Outcomes as JUnit XML, which CI systems show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from clearance.suite.outcome import Outcome, Standing

__all__ = ["junit"]

# Characters that XML 1.0 cannot hold.
_FOREIGN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENT: Final = {Standing.FAILED: "failure", Standing.ERROR: "error"}


def junit(files: Mapping[str, Sequence[Outcome]]) -> str:
    """One ``testsuite`` a file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    everything = [outcome for outcomes in files.values() for outcome in outcomes]
    lines.append(f"<testsuites {_counts(everything)}>")
    for file, outcomes in files.items():
        lines.append(f"  <testsuite name={_attribute(file)} {_counts(outcomes)}>")
        for one in outcomes:
            place = f"file={_attribute(file)} line={_attribute(str(one.line))}"
            head = f"    <testcase name={_attribute(one.name)} classname={_attribute(file)} {place}"
            element = _ELEMENT.get(one.standing)
            if element is None:
                lines.append(f"{head}/>")
                continue
            first = one.lines[0] if one.lines else one.standing.value
            body = escape(_FOREIGN.sub("?", "\n".join(one.lines)))
            lines += [
                f"{head}>",
                f"      <{element} message={_attribute(first)}>{body}</{element}>",
                "    </testcase>",
            ]
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _counts(outcomes: Sequence[Outcome]) -> str:
    failed = sum(o.standing is Standing.FAILED for o in outcomes)
    errors = sum(o.standing is Standing.ERROR for o in outcomes)
    return f'tests="{len(outcomes)}" failures="{failed}" errors="{errors}"'


def _attribute(text: str) -> str:
    return quoteattr(_FOREIGN.sub("?", text))
