"""The issue codes of IAM Access Analyzer: type, status and what each means, in our words (R244).

The names and types are AWS's (access-analyzer-reference-policy-checks); the page prints
``GENERAL_WARNING`` where the API says ``WARNING`` (R242).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearance.validate.finding import FindingType
from clearance.validate.meanings import ERRORS, SECURITY_WARNINGS, SUGGESTIONS, WARNINGS

__all__ = ["CODES", "REMOVED", "Code"]

PAGE: Final = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
)
_SECTION: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "security-warning",
    FindingType.WARNING: "general-warning",
    FindingType.SUGGESTION: "suggestion",
}


@dataclass(frozen=True, slots=True)
class Code:
    """One issue code and why it matters."""

    code: str
    type: FindingType
    why: str

    @property
    def link(self) -> str:
        """AWS's paragraph about it."""
        anchor = f"{_SECTION[self.type]}-{self.code.lower().replace('_', '-')}"
        return f"{PAGE}#access-analyzer-reference-policy-checks-{anchor}"


def _table() -> Mapping[str, Code]:
    tables = {
        FindingType.ERROR: ERRORS,
        FindingType.SECURITY_WARNING: SECURITY_WARNINGS,
        FindingType.WARNING: WARNINGS,
        FindingType.SUGGESTION: SUGGESTIONS,
    }
    return {
        code: Code(code, kind, why) for kind, table in tables.items() for code, why in table.items()
    }


CODES: Final = _table()
"""Every issue code of IAM Access Analyzer that is in use, by name."""

# Organizations accepts these since 2025 and Access Analyzer no longer reports them (R85).
REMOVED: Final = (
    "SCP_SYNTAX_ERROR_ALLOW_CONDITION",
    "SCP_SYNTAX_ERROR_ALLOW_NOT_ACTION",
    "SCP_SYNTAX_ERROR_ALLOW_RESOURCE",
    "SCP_SYNTAX_ERROR_NOT_RESOURCE",
)
