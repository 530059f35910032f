"""Findings that somebody looked at and accepted, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from clearance.model.errors import UsageError
from clearance.model.policy import PolicyType
from clearance.validate.codes import CODES
from clearance.validate.finding import Finding, FindingType

__all__ = ["KINDS", "Settings", "Suppression", "Typed", "finding_type", "settings"]

KINDS: Final = {
    "identity": PolicyType.IDENTITY,
    "resource": PolicyType.RESOURCE,
    "trust": PolicyType.TRUST,
    "scp": PolicyType.SCP,
    "rcp": PolicyType.RCP,
    "boundary": PolicyType.BOUNDARY,
    "session": PolicyType.SESSION,
    "vpc-endpoint": PolicyType.VPC_ENDPOINT,
}


@dataclass(frozen=True, slots=True)
class Suppression:
    """Do not report ``code`` in ``file`` at ``path`` (both globs)."""

    code: str
    reason: str
    file: str = "*"
    path: str = "*"

    def covers(self, file: str, finding: Finding) -> bool:
        """True when it speaks about the finding."""
        where = finding.place.text
        path_fits = self.path in {"*", where} or fnmatchcase(where, _plain(self.path))
        return self.code in {finding.code, "*"} and fnmatchcase(file, self.file) and path_fits


def _plain(path: str) -> str:
    """Brackets of a JSON path are meant as they stand."""
    return path.replace("[", "[[]")


@dataclass(frozen=True, slots=True)
class Typed:
    """Files whose policies are of one type."""

    file: str
    kind: PolicyType | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The ``[validate]`` table of ``.clearance.toml``."""

    suppressions: tuple[Suppression, ...] = ()
    files: tuple[Typed, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: FindingType | None = None

    def typed(self, file: str) -> Typed | None:
        """What the file's policies are said to be."""
        return next((t for t in self.files if fnmatchcase(file, t.file)), None)


_KEYS: Final = frozenset({"suppress", "files", "exclude", "fail-on"})


def settings(table: Mapping[str, Any]) -> Settings:
    """Read the table.

    Raises:
        UsageError: it says what is wrong.
    """
    if not isinstance(table, Mapping):
        raise UsageError("`validate` is a table: `[validate]`")
    _known(table, _KEYS, "validate")
    fail_on = table.get("fail-on")
    return Settings(
        tuple(_suppression(entry) for entry in _tables(table, "suppress")),
        tuple(_typed(entry) for entry in _tables(table, "files")),
        tuple(_texts(table.get("exclude", []), "exclude")),
        finding_type(str(fail_on)) if fail_on is not None else None,
    )


def finding_type(text: str) -> FindingType:
    """``security_warning`` or ``security-warning`` as a type."""
    try:
        return FindingType(text.upper().replace("-", "_"))
    except ValueError:
        known = ", ".join(kind.value.lower() for kind in FindingType)
        raise UsageError(f"`{text}` is not a type of finding; use one of {known}") from None


def _tables(table: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    entries = table.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise UsageError(f"`validate.{name}` is a list of tables: `[[validate.{name}]]`")
    return entries


def _texts(value: Any, name: str) -> list[str]:  # noqa: ANN401
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"`validate.{name}` is a list of texts")
    return value


def _suppression(entry: Mapping[str, Any]) -> Suppression:
    _known(entry, frozenset({"code", "reason", "file", "path"}), "validate.suppress")
    code, reason = str(entry.get("code", "")), str(entry.get("reason", "")).strip()
    if code != "*" and code not in CODES:
        raise UsageError(f"`{code}` is not an issue code")
    if not reason:
        raise UsageError(f"the suppression of `{code}` needs a `reason`")
    return Suppression(code, reason, str(entry.get("file", "*")), str(entry.get("path", "*")))


def _typed(entry: Mapping[str, Any]) -> Typed:
    _known(entry, frozenset({"file", "type", "resource-type"}), "validate.files")
    kind = entry.get("type")
    if kind is not None and kind not in KINDS:
        raise UsageError(f"`{kind}` is not a type of policy; use one of {', '.join(KINDS)}")
    resource = entry.get("resource-type")
    return Typed(
        str(entry.get("file", "*")),
        KINDS[kind] if kind is not None else None,
        str(resource) if resource is not None else None,
    )


def _known(table: Mapping[str, Any], keys: frozenset[str], name: str) -> None:
    for key in table:
        if key not in keys:
            raise UsageError(f"`{name}` has no setting `{key}`; it has {', '.join(sorted(keys))}")
