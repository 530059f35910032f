"""The policies in a larger document: a template, a plan, an answer of AWS, a text in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from clearance.model.policy import PolicyType
from clearance.validate.finding import Step
from clearance.validate.source import Kind, Member, Node, read

__all__ = ["Policy", "discover", "guess", "is_policy", "opaque"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy somewhere in a document.

    ``inner`` is its own text where it stands inside a JSON string; ``offsets`` then says for each
    of its characters where that one stands in the document.
    """

    path: tuple[Step, ...]
    node: Node
    kind: PolicyType
    resource: str | None = None
    inner: str | None = None
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known from the words around a policy."""

    type: str = ""
    key: str = ""
    org: str = ""


Where = tuple[PolicyType, str | None]
_BUCKET: Final[Where] = (PolicyType.RESOURCE, "AWS::S3::Bucket")
_KEY: Final[Where] = (PolicyType.RESOURCE, "AWS::KMS::Key")
_QUEUE: Final[Where] = (PolicyType.RESOURCE, "AWS::SQS::Queue")
_TOPIC: Final[Where] = (PolicyType.RESOURCE, "AWS::SNS::Topic")
_SECRET: Final[Where] = (PolicyType.RESOURCE, "AWS::SecretsManager::Secret")
_TABLE: Final[Where] = (PolicyType.RESOURCE, "AWS::DynamoDB::Table")
_IDENTITY: Final[Where] = (PolicyType.IDENTITY, None)
_TRUST: Final[Where] = (PolicyType.TRUST, None)
_ENDPOINT: Final[Where] = (PolicyType.VPC_ENDPOINT, None)

# Types of CloudFormation and of Terraform's AWS provider.
_BY_TYPE: Final[Mapping[str, Where]] = {
    "AWS::S3::BucketPolicy": _BUCKET,
    "AWS::KMS::Key": _KEY,
    "AWS::KMS::ReplicaKey": _KEY,
    "AWS::SQS::QueuePolicy": _QUEUE,
    "AWS::SNS::TopicPolicy": _TOPIC,
    "AWS::SecretsManager::ResourcePolicy": _SECRET,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::EC2::VPCEndpoint": _ENDPOINT,
    "AWS::ECR::Repository": (PolicyType.RESOURCE, "AWS::ECR::Repository"),
    "AWS::S3::AccessPoint": (PolicyType.RESOURCE, "AWS::S3::AccessPoint"),
    "AWS::EFS::FileSystem": (PolicyType.RESOURCE, "AWS::EFS::FileSystem"),
    "AWS::Events::EventBusPolicy": (PolicyType.RESOURCE, "AWS::Events::EventBus"),
    "aws_s3_bucket": _BUCKET,
    "aws_s3_bucket_policy": _BUCKET,
    "aws_kms_key": _KEY,
    "aws_kms_key_policy": _KEY,
    "aws_sqs_queue": _QUEUE,
    "aws_sqs_queue_policy": _QUEUE,
    "aws_sns_topic": _TOPIC,
    "aws_sns_topic_policy": _TOPIC,
    "aws_secretsmanager_secret": _SECRET,
    "aws_secretsmanager_secret_policy": _SECRET,
    "aws_dynamodb_resource_policy": _TABLE,
    "aws_vpc_endpoint": _ENDPOINT,
    "aws_vpc_endpoint_policy": _ENDPOINT,
    "aws_ecr_repository_policy": (PolicyType.RESOURCE, "AWS::ECR::Repository"),
    "aws_s3_access_point": (PolicyType.RESOURCE, "AWS::S3::AccessPoint"),
}
_BY_KEY: Final[Mapping[str, Where]] = {
    "assumerolepolicydocument": _TRUST,
    "assume_role_policy": _TRUST,
    "keypolicy": _KEY,
}
_ORGANIZATION: Final = {
    "SERVICE_CONTROL_POLICY": PolicyType.SCP,
    "RESOURCE_CONTROL_POLICY": PolicyType.RCP,
}
_IAM: Final = re.compile(r"AWS::IAM::|aws_iam_|AWS::Serverless::|AWS::SSO::|aws_ssoadmin_")
_LOOKS: Final = re.compile(r'\s*\{.*"Statement"\s*:', re.DOTALL)


def discover(root: Node, text: str) -> Iterator[Policy]:
    """Every policy in a document, outermost first."""
    yield from _walk(root, (), _Place(), text)


def is_policy(node: Node) -> bool:
    """True for an object with statements that have effects."""
    statement = node.get("Statement") if node.kind is Kind.OBJECT else None
    if statement is None:
        return False
    items = statement.items if statement.kind is Kind.ARRAY else (statement,)
    return any(
        member.key in {"Effect", "Principal"} for item in items for member in item.members
    ) or (node.get("Version") is not None and statement.kind is Kind.ARRAY)


def _walk(node: Node, path: tuple[Step, ...], at: _Place, text: str) -> Iterator[Policy]:
    if is_policy(node):
        kind, resource = guess(node, at.type, at.key, at.org)
        yield Policy(path, node, kind, resource)
        return
    if node.kind is Kind.STRING:
        yield from _inner(node, path, at, text)
        return
    if node.kind is Kind.OBJECT:
        at = _enter(node, at)
    for member in node.members:
        here = replace(at, key=member.key)
        yield from _walk(member.value, (*path, member.key), here, text)
    for index, item in enumerate(node.items):
        yield from _walk(item, (*path, index), at, text)


def _enter(node: Node, at: _Place) -> _Place:
    """What an object tells of the policies in it."""
    for name in ("Type", "type"):
        value = node.get(name)
        if value is not None and value.kind is Kind.STRING:
            if value.text.startswith(("AWS::", "aws_")):
                return replace(at, type=value.text)
            if value.text in _ORGANIZATION:
                return replace(at, org=value.text)
    return at


def _inner(node: Node, path: tuple[Step, ...], at: _Place, text: str) -> Iterator[Policy]:
    if not _LOOKS.match(node.text):
        return
    offsets = _offsets(text, node)
    if len(offsets) != len(node.text):
        return
    inner, _ = read(node.text)
    if is_policy(inner):
        kind, resource = guess(inner, at.type, at.key, at.org)
        yield Policy(path, inner, kind, resource, node.text, offsets)


def _offsets(text: str, node: Node) -> tuple[int, ...]:
    """Where each character of a JSON string's value stands in the text."""
    found: list[int] = []
    at, end = node.start + 1, node.end - 1
    while at < end:
        found.append(at)
        if text[at] != "\\":
            at += 1
        elif text[at + 1 : at + 2] != "u":
            at += 2
        elif re.match(r"\\ud[89ab]..\\ud[c-f]", text[at : at + 10], re.IGNORECASE):
            at += 12
        else:
            at += 6
    return tuple(found)


_TRUST_ACTION: Final = re.compile(r"sts:(?:AssumeRole|TagSession|SetSourceIdentity)", re.IGNORECASE)


def guess(node: Node, kind: str = "", key: str = "", org: str = "") -> Where:
    """What type of policy this is, by the words around it and by what it says."""
    if org:
        return _ORGANIZATION[org], None
    if (known := _BY_KEY.get(key.lower())) is not None:
        return known
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if _IAM.match(kind):
        return _IDENTITY
    raw = node.get("Statement")
    items = () if raw is None else (raw.items if raw.kind is Kind.ARRAY else (raw,))
    names = {member.key for item in items for member in item.members}
    if not names & {"Principal", "NotPrincipal"}:
        return _IDENTITY
    if not names & {"Resource", "NotResource"} and _all_trust(items):
        return _TRUST
    return PolicyType.RESOURCE, None


def _all_trust(items: tuple[Node, ...]) -> bool:
    actions = [value for item in items if (value := item.get("Action")) is not None]
    texts = [n.text for a in actions for n in (a.items if a.kind is Kind.ARRAY else (a,))]
    return bool(texts) and all(_TRUST_ACTION.match(text) for text in texts)


def opaque(node: Node) -> Node:
    """The document with CloudFormation's functions as values that only deployment knows."""
    if node.kind is Kind.OBJECT:
        if len(node.members) == 1 and (
            node.members[0].key in {"Ref", "Condition"} or node.members[0].key.startswith("Fn::")
        ):
            inner = node.members[0]
            if inner.key != "Condition" or inner.value.kind is Kind.STRING:
                return Node(Kind.OPAQUE, node.start, node.end)
        members = tuple(Member(m.key, m.start, m.end, opaque(m.value)) for m in node.members)
        return replace(node, members=members)
    if node.kind is Kind.ARRAY:
        items = tuple(opaque(item) for item in node.items)
        return replace(node, items=items)
    return node
