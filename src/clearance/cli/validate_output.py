"""Findings on a terminal, and as GitHub annotations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearance.model.errors import Span
from clearance.parse.reading import excerpt
from clearance.validate.codes import CODES
from clearance.validate.finding import Finding, FindingType
from clearance.validate.report import Lines

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["PAGE", "Hit", "github", "show", "summary"]

# Where AWS explains every code; in a terminal that can, each code is a link to its paragraph.
PAGE: Final = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
)


_STYLE: Final = {
    FindingType.ERROR: "bold red",
    FindingType.SECURITY_WARNING: "bold magenta",
    FindingType.WARNING: "yellow",
    FindingType.SUGGESTION: "cyan",
}
_COMMAND: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "error",
    FindingType.WARNING: "warning",
    FindingType.SUGGESTION: "notice",
}
_WORDS: Final = {
    FindingType.ERROR: ("error", "errors"),
    FindingType.SECURITY_WARNING: ("security warning", "security warnings"),
    FindingType.WARNING: ("warning", "warnings"),
    FindingType.SUGGESTION: ("suggestion", "suggestions"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding in a file; ``reason`` is set when it is suppressed."""

    file: str
    text: str
    lines: Lines
    finding: Finding
    reason: str | None = None

    @property
    def span(self) -> Span:
        """Its place, counted from one; a long place ends with its first line."""
        place = self.finding.place
        line, column = self.lines.at(place.start)
        end_line, end_column = self.lines.at(max(place.start, place.end - 1))
        return Span(line, column + 1, end_line, end_column + 1)


def show(console: Console, hit: Hit) -> None:
    """One finding with its line of source."""
    from rich.style import Style
    from rich.text import Text

    finding, span = hit.finding, hit.span
    head = Text(f"{hit.file}:{span.line}:{span.column}  ")
    head.append(finding.type.value, _STYLE[finding.type])
    head.append("  ")
    head.append(finding.code, Style(bold=True, link=CODES[finding.code].link))
    console.print(head, soft_wrap=True)
    console.print(f"  {finding.details}", soft_wrap=True)
    shown = _short(excerpt(hit.text, span))
    if shown:
        console.print(shown, style="dim", soft_wrap=True)
    console.print(f"  why: {CODES[finding.code].why}", style="dim", soft_wrap=True)
    if finding.fix is not None:
        console.print(f"  fix: {finding.fix.says} (--fix)", style="green", soft_wrap=True)
    console.print()


def _short(text: str) -> str:
    """A caret line that runs on says no more than its beginning."""
    return re.sub(r"\^{41,}", "^" * 40 + "…", text)


def summary(hits: Iterable[Hit], *, policies: int, files: int) -> str:
    """``3 policies in 2 files: 1 error, 2 warnings``."""
    counts = Counter(hit.finding.type for hit in hits if hit.reason is None)
    found = ", ".join(
        f"{counts[kind]} {_WORDS[kind][counts[kind] != 1]}" for kind in FindingType if counts[kind]
    )
    what = f"{policies} {'policy' if policies == 1 else 'policies'}"
    where = f"{files} {'file' if files == 1 else 'files'}"
    return f"{what} in {where}: {found or 'nothing to report'}"


def github(hit: Hit) -> str:
    """A workflow command that GitHub shows beside the line."""
    finding, span = hit.finding, hit.span
    data = (
        f"file={_property(hit.file)},line={span.line},endLine={span.end_line},"
        f"col={span.column},endColumn={span.end_column},title={_property(finding.code)}"
    )
    said = finding.details if finding.details.endswith("?") else f"{finding.details}."
    return f"::{_COMMAND[finding.type]} {data}::{_data(f'{said} {CODES[finding.code].why}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
