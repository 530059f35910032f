"""Findings as values of JSON: Access Analyzer's ``ValidatePolicy``, and SARIF."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.validate.codes import CODES
from clearance.validate.finding import AtKey, Finding, FindingType, Place, Step, Within

__all__ = ["Lines", "finding_json", "findings_json", "sarif"]


@dataclass(frozen=True, slots=True)
class Lines:
    """Where lines begin in a text."""

    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Lines:
        """The lines of a text."""
        return cls((0, *(at + 1 for at, c in enumerate(text) if c == "\n")))

    def at(self, offset: int) -> tuple[int, int]:
        """Line from one, column from zero."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1]


def findings_json(text: str, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The ``findings`` of ValidatePolicy (R241-R243)."""
    lines = Lines.of(text)
    return [finding_json(lines, finding) for finding in findings]


def finding_json(lines: Lines, finding: Finding) -> dict[str, Any]:
    """One of them."""
    return {
        "findingDetails": _sentence(finding),
        "findingType": finding.type.value,
        "issueCode": finding.code,
        "learnMoreLink": CODES[finding.code].link,
        "locations": [_location(lines, place) for place in (finding.place, *finding.others)],
    }


def _sentence(finding: Finding) -> str:
    end = "" if finding.details.endswith("?") else "."
    return f"{finding.details[:1].upper()}{finding.details[1:]}{end}"


def _location(lines: Lines, place: Place) -> dict[str, Any]:
    return {
        "path": [_step(step) for step in place.path],
        "span": {"start": _position(lines, place.start), "end": _position(lines, place.end)},
    }


def _step(step: Step) -> dict[str, Any]:
    if isinstance(step, AtKey):
        return {"key": step.key}
    if isinstance(step, Within):
        return {"substring": {"start": step.start, "length": step.length}}
    return {"index": step} if isinstance(step, int) else {"value": step}


def _position(lines: Lines, offset: int) -> dict[str, int]:
    line, column = lines.at(offset)
    return {"line": line, "column": column, "offset": offset}


_LEVEL: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "error",
    FindingType.WARNING: "warning",
    FindingType.SUGGESTION: "note",
}


def sarif(
    results: Iterable[tuple[str, Lines, Finding, str | None]], *, version: str
) -> Mapping[str, Any]:
    """SARIF 2.1.0; each result is (file, its lines, finding, reason if suppressed)."""
    listed = list(results)
    used = sorted({finding.code for _, _, finding, _ in listed})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].why},
            "helpUri": CODES[code].link,
            "defaultConfiguration": {"level": _LEVEL[CODES[code].type]},
            "properties": {"findingType": CODES[code].type.value},
        }
        for code in used
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "clearance", "version": version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(used, *entry) for entry in listed],
            }
        ],
    }


def _result(
    used: list[str], file: str, lines: Lines, finding: Finding, reason: str | None
) -> dict[str, Any]:
    start, end = lines.at(finding.place.start), lines.at(finding.place.end)
    region = {
        "startLine": start[0],
        "startColumn": start[1] + 1,
        "endLine": end[0],
        "endColumn": end[1] + 1,
    }
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": used.index(finding.code),
        "level": _LEVEL[finding.type],
        "message": {"text": f"{_sentence(finding)} {CODES[finding.code].why}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": file}, "region": region},
                "logicalLocations": [{"fullyQualifiedName": finding.place.text}],
            }
        ],
    }
    if reason is not None:
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result
