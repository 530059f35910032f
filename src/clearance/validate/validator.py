"""All checks of one document, in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.policy import PolicyType
from clearance.validate.checks import (
    actions,
    attached,
    conditions,
    grants,
    organizations,
    principals,
    resources,
    services,
    structure,
    tags,
    values,
    variables,
    whole,
)
from clearance.validate.finding import Finding, Place, Step
from clearance.validate.source import Fault, Kind, Node, read
from clearance.validate.view import Document, Statement, found, view

__all__ = ["syntax", "validate", "validate_node"]

DOCUMENT: Final[tuple[Callable[[Document], Iterator[Finding]], ...]] = (
    structure.document,
    variables.document,
    whole.document,
)
STATEMENT: Final[tuple[Callable[[Document, Statement], Iterator[Finding]], ...]] = (
    structure.statement,
    principals.statement,
    actions.statement,
    resources.statement,
    conditions.statement,
    values.statement,
    variables.statement,
    grants.statement,
    tags.statement,
    services.statement,
    organizations.statement,
    attached.statement,
)


def validate(
    text: str, kind: PolicyType, *, catalog: Catalog, resource: str | None = None
) -> tuple[Finding, ...]:
    """Everything there is to say about a policy of one type.

    ``resource`` is the CloudFormation type of what a resource-based policy hangs on.
    """
    root, faults = read(text)
    findings = [_fault(text, fault) for fault in faults]
    if root.kind is not Kind.BROKEN:
        findings += validate_node(text, root, kind, catalog=catalog, resource=resource)
    return tuple(sorted(findings, key=_order))


def syntax(text: str, faults: Iterable[Fault]) -> tuple[Finding, ...]:
    """The faults of a text as findings."""
    return tuple(_fault(text, fault) for fault in faults)


def validate_node(
    text: str,
    root: Node,
    kind: PolicyType,
    *,
    catalog: Catalog,
    resource: str | None = None,
    prefix: tuple[Step, ...] = (),
) -> tuple[Finding, ...]:
    """The same for a policy that is a part of a larger text."""
    doc = view(text, root, kind, catalog, resource, prefix)
    findings = _twice(root, prefix)
    findings += [hit for check in DOCUMENT for hit in check(doc)]
    findings += [hit for one in doc.statements for check in STATEMENT for hit in check(doc, one)]
    unique = {(f.code, f.place.start, f.place.end, f.details): f for f in findings}
    return tuple(sorted(unique.values(), key=_order))


def _order(finding: Finding) -> tuple[int, int, int, str]:
    return finding.place.start, finding.type.rank, finding.place.end, finding.code


def _fault(text: str, fault: Fault) -> Finding:
    line = text.count("\n", 0, fault.start) + 1
    place = Place((), fault.start, fault.end)
    fix = (fault.fix.says, fault.fix.edits) if fault.fix else None
    return found("JSON_SYNTAX_ERROR", place, f"{fault.problem} (line {line})", fix)


def _twice(node: Node, path: tuple[Step, ...]) -> list[Finding]:
    """Keys that occur twice in one object: readers would keep either (R1)."""
    findings: list[Finding] = []
    seen: dict[str, Place] = {}
    for member in node.members:
        place = Place((*path, member.key), member.start, member.end)
        if member.key in seen:
            details = f"the key `{member.key}` occurs twice in one object"
            findings.append(found("JSON_SYNTAX_ERROR", place, details, None, (seen[member.key],)))
        seen.setdefault(member.key, place)
        findings += _twice(member.value, (*path, member.key))
    for index, item in enumerate(node.items):
        findings += _twice(item, (*path, index))
    return findings
