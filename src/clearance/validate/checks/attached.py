"""Policies on a known kind of resource: whose actions, which ARNs, which keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clearance.model.policy import PolicyType
from clearance.prove.globs import intersects
from clearance.validate.finding import Finding
from clearance.validate.places import with_stars
from clearance.validate.view import Document, Statement, found

__all__ = ["statement"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Prefixes of the actions, patterns of the ARNs, and keys that say nothing there."""

    services: tuple[str, ...]
    arns: tuple[str, ...]
    idle: tuple[str, ...] = ()


# A key that has the same value for every request to the resource tells nothing there.
_S3: Final = ("s3:resourceaccount",)
_KINDS: Final = {
    "AWS::S3::Bucket": _Kind(("s3",), ("arn:*:s3:::*",), _S3),
    "AWS::S3::AccessPoint": _Kind(("s3",), ("arn:*:s3:*:*:accesspoint/*",), _S3),
    "AWS::S3::MultiRegionAccessPoint": _Kind(("s3",), ("arn:*:s3::*:accesspoint/*",), _S3),
    "AWS::S3ObjectLambda::AccessPoint": _Kind(
        ("s3-object-lambda",), ("arn:*:s3-object-lambda:*:*:accesspoint/*",), _S3
    ),
    "AWS::S3Express::DirectoryBucket": _Kind(("s3express",), ("arn:*:s3express:*:*:bucket/*",)),
    "AWS::DynamoDB::Table": _Kind(("dynamodb",), ("arn:*:dynamodb:*:*:table/*",)),
    "AWS::KMS::Key": _Kind(("kms",), ("arn:*:kms:*:*:key/*",)),
    "AWS::SQS::Queue": _Kind(("sqs",), ("arn:*:sqs:*:*:*",)),
    "AWS::SNS::Topic": _Kind(("sns",), ("arn:*:sns:*:*:*",)),
    "AWS::SecretsManager::Secret": _Kind(
        ("secretsmanager",), ("arn:*:secretsmanager:*:*:secret:*",)
    ),
    "AWS::Lambda::Function": _Kind(("lambda",), ("arn:*:lambda:*:*:function:*",)),
    "AWS::ECR::Repository": _Kind(("ecr",), ("arn:*:ecr:*:*:repository/*",)),
    "AWS::EFS::FileSystem": _Kind(("elasticfilesystem",), ("arn:*:elasticfilesystem:*:*:*",)),
    "AWS::Kinesis::Stream": _Kind(("kinesis",), ("arn:*:kinesis:*:*:stream/*",)),
    "AWS::Events::EventBus": _Kind(("events",), ("arn:*:events:*:*:*",)),
}
_TRUST: Final = _Kind(("sts",), ())


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """One statement against the kind of resource the policy hangs on."""
    if doc.kind is PolicyType.TRUST:
        yield from _actions(doc, one, _TRUST, "role trust")
    kind = _KINDS.get(doc.resource or "")
    if kind is None or doc.kind is not PolicyType.RESOURCE:
        return
    name = doc.resource or ""
    yield from _actions(doc, one, kind, name)
    for entry in one.resources:
        text = with_stars(entry.text)
        named = entry.known and text.startswith("arn:")
        if named and not any(intersects(text, arn) for arn in kind.arns):
            details = f"`{entry.text}` is not a resource that the policy of a {name} can name"
            yield found("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", entry.place, details)
    for condition in one.conditions:
        if condition.folded in kind.idle:
            details = f"`{condition.key}` is the same for every request to this {name}"
            yield found("IRRELEVANT_CONDITION_KEY_IN_POLICY", condition.place, details)


def _actions(doc: Document, one: Statement, kind: _Kind, name: str) -> Iterator[Finding]:
    for entry in () if one.not_actions else one.actions:
        prefix, colon, _ = entry.text.lower().partition(":")
        if not entry.known or (set(entry.text) == {"*"} and kind is not _TRUST):
            continue
        if doc.catalog.service(prefix) is None and not {"*", "?"} & set(prefix):
            continue  # said already: there is no such service
        if not colon or not any(intersects(prefix, service) for service in kind.services):
            services = ", ".join(f"`{service}`" for service in kind.services)
            details = f"the policy of a {name} holds actions of {services} only"
            yield found("UNSUPPORTED_ACTION_IN_POLICY", entry.place, details)
