"""What only the whole document shows: its size, and statements that stand there twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from clearance.model.policy import PolicyType
from clearance.validate.finding import Finding
from clearance.validate.source import Kind, Node
from clearance.validate.view import Document, Statement, found

__all__ = ["document"]


@dataclass(frozen=True, slots=True)
class _Quota:
    code: str
    most: int
    spaces: bool = False


# Characters (R11). IAM does not count white space; the others do.
_QUOTAS: Final = {
    PolicyType.IDENTITY: _Quota("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 6144),
    PolicyType.BOUNDARY: _Quota("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 6144),
    PolicyType.SESSION: _Quota("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 2048, spaces=True),
    PolicyType.TRUST: _Quota("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", 2048),
    PolicyType.RESOURCE: _Quota("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", 20480, spaces=True),
    PolicyType.VPC_ENDPOINT: _Quota(
        "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", 20480, spaces=True
    ),
    # 10,240 since May 2026 for SCPs (Organizations quotas).
    PolicyType.SCP: _Quota("POLICY_SIZE_EXCEEDS_SCP_QUOTA", 10240, spaces=True),
    PolicyType.RCP: _Quota("POLICY_SIZE_EXCEEDS_RCP_QUOTA", 5120, spaces=True),
}
_BY_RESOURCE: Final = {
    "AWS::KMS::Key": 32768,
    "AWS::SNS::Topic": 30720,
    "AWS::SQS::Queue": 20480,
    "AWS::S3::Bucket": 20480,
}


def document(doc: Document) -> Iterator[Finding]:
    """Size and repetition."""
    yield from _size(doc)
    seen: dict[str, Statement] = {}
    for one in doc.statements:
        words = _words(one.node)
        first = seen.setdefault(words, one)
        if first is not one:
            details = f"this is statement {first.index + 1} once more"
            yield found("REDUNDANT_STATEMENT", one.place, details, None, (first.place,))


def _size(doc: Document) -> Iterator[Finding]:
    quota = _QUOTAS[doc.kind]
    text = doc.text[doc.root.start : doc.root.end]
    size = len(text) if quota.spaces else sum(1 for c in text if not c.isspace())
    most = _BY_RESOURCE.get(doc.resource or "", quota.most)
    if size > most:
        counted = "" if quota.spaces else ", white space not counted"
        details = f"the policy has {size} characters of {most}{counted}; split it"
        yield found(quota.code, doc.place, details)


def _words(node: Node) -> str:
    return json.dumps(_value(node, top=True), sort_keys=True)


def _value(node: Node, *, top: bool = False) -> Any:  # noqa: ANN401 - as JSON goes
    if node.kind is Kind.OBJECT:
        return {m.key: _value(m.value) for m in node.members if not (top and m.key == "Sid")}
    if node.kind is Kind.ARRAY:
        values = [_value(item) for item in node.items]
        if all(isinstance(value, str) for value in values):
            values = sorted(set(values))
        return values[0] if len(values) == 1 else values
    return f"{node.start}:{node.text}" if node.kind is Kind.OPAQUE else node.text
