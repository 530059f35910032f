"""What validation finds in a document, at its place in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.policy import PolicyType
from clearance.parse.reading import Path
from clearance.server.console.parts import badge, code, policy
from clearance.server.console.parts.text import tag
from clearance.validate import Finding, FindingType, validate
from clearance.validate.finding import AtKey, Step, Within

__all__ = ["found_in", "marks_of", "summary", "viewer"]

KINDS: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "warn",
    FindingType.WARNING: "warn",
    FindingType.SUGGESTION: "note",
}
_WORDS: Final = {
    FindingType.ERROR: ("error", "bad"),
    FindingType.SECURITY_WARNING: ("security warning", "warn"),
    FindingType.WARNING: ("warning", "warn"),
    FindingType.SUGGESTION: ("suggestion", "note"),
}


def found_in(text: str, kind: PolicyType, catalog: Catalog) -> tuple[Finding, ...]:
    """The findings of a document as it is shown, the worst first."""
    findings = validate(code.readable(text), kind, catalog=catalog)
    return tuple(sorted(findings, key=lambda each: (each.type.rank, each.place.start)))


def marks_of(findings: Iterable[Finding]) -> tuple[code.Mark, ...]:
    """The findings as marks of a viewer."""
    return tuple(
        code.Mark(_path(each.place.path), KINDS[each.type], each.details) for each in findings
    )


def _path(steps: Iterable[Step]) -> Path:
    """Where a reader of JSON finds the place: characters within a text are the text."""
    path: list[str | int] = []
    for step in steps:
        if isinstance(step, AtKey):
            path += ["", step.key]
        elif not isinstance(step, Within):
            path.append(step)
    return tuple(path)


def viewer(text: str, findings: Sequence[Finding], *, title: str, note: str = "") -> None:
    """A document with its findings beside the lines they are about."""
    with tag("div", classes="found"):
        summary(findings)
        policy.viewer(text, marks_of(findings), title=title, note=note)


def summary(findings: Sequence[Finding]) -> None:
    """How many findings there are of each type, as badges; nothing for none."""
    with tag("div", classes="bar"):
        for kind in FindingType:
            number = sum(1 for each in findings if each.type is kind)
            if number:
                word, tone = _WORDS[kind]
                badge.badge(f"{number} {word}{'' if number == 1 else 's'}", tone)
