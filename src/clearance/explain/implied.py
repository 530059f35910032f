"""The action behind a call that an error names by its operation alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from clearance.explain.case import Knowledge
from clearance.explain.denial import Form
from clearance.explain.evidence import Evidence
from clearance.model.catalog import Catalog

__all__ = ["with_implied_action"]

# Where the wrapper does not name the service, the operation must belong to one of these alone.
_COMMON: Final = (
    "s3", "sts", "iam", "lambda", "dynamodb", "sqs", "sns", "kms", "secretsmanager", "ssm",
    "ec2", "organizations", "logs", "ecr", "ecs", "cloudformation", "events", "states",
)  # fmt: skip
# Sentences that say nothing; the others are about an action of their own.
_SILENT: Final = frozenset({Form.BARE, Form.S3_BARE})
# How SDKs name services whose actions have another prefix.
_NAMES: Final = {"stepfunctions": "states", "eventbridge": "events", "cloudwatchlogs": "logs"}


def with_implied_action(evidence: Evidence, knowledge: Knowledge) -> Evidence:
    """The evidence with the action its operation is authorized as, if exactly one fits."""
    operation = evidence.denial.api_operation
    if evidence.action is not None or operation is None or knowledge.catalog is None:
        return evidence
    if evidence.denial.form not in _SILENT:
        return evidence
    for prefixes in _services(evidence):
        found = {
            action
            for prefix in prefixes
            if (action := _action(prefix, operation, knowledge, knowledge.catalog)) is not None
        }
        if found:
            return replace(evidence, implied_action=found.pop()) if len(found) == 1 else evidence
    return evidence


def _services(evidence: Evidence) -> tuple[tuple[str, ...], ...]:
    """The prefixes to look under, the likely ones first."""
    named = (evidence.denial.service or evidence.event_source or "").lower()
    for word in ("amazon", "aws", " ", ".com"):
        named = named.replace(word, "")
    if named:
        return ((_NAMES.get(named, named.partition(".")[0]),),)
    return (("s3",), _COMMON) if evidence.denial.form is Form.S3_BARE else (_COMMON,)


def _action(prefix: str, operation: str, knowledge: Knowledge, catalog: Catalog) -> str | None:
    meant = knowledge.meant(f"{prefix}:{operation}")
    if meant:
        return meant[0]
    facts = catalog.action(f"{prefix}:{operation}")
    return f"{prefix}:{facts.name}" if facts is not None else None
