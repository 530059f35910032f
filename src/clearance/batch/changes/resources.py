"""Recorded changes of resource policies, made on an estate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.batch.changes.events import Done
from clearance.explain.evidence import items_of, text_of
from clearance.model.estate import Account, Estate, Resource, VpcEndpoint

__all__ = ["RESOURCES", "arn_of"]

Step = Callable[[Estate, Done], Estate | None]


def arn_of(done: Done) -> str | None:
    """The ARN of the resource whose policy changed."""
    find = _ARNS.get(done.service)
    return find(done) if find is not None else None


def _at(done: Done, tail: str | None, service: str) -> str | None:
    if tail is None:
        return None
    if tail.startswith("arn:"):
        return tail
    return f"arn:aws:{service}:{done.region}:{done.account}:{tail}"


def _key(done: Done) -> str | None:
    named = [text_of(each, "ARN") for each in items_of({"r": done.resources}, "r")]
    told = done.text("KeyId")
    known = next((arn for arn in named if arn and ":key/" in arn), None)
    return known or _at(done, told if told is None or ":" in told else f"key/{told}", "kms")


def _bucket(done: Done) -> str | None:
    name = done.text("Bucket", "bucketName")
    return None if name is None else f"arn:aws:s3:::{name}"


_ARNS: Final[Mapping[str, Callable[[Done], str | None]]] = {
    "s3": _bucket,
    "kms": _key,
    "sqs": lambda done: _at(done, (done.text("QueueUrl") or "").rpartition("/")[2] or None, "sqs"),
    "sns": lambda done: done.text("TopicArn"),
    "secretsmanager": lambda done: (
        text_of(done.answer, "aRN") or text_of(done.answer, "arn") or _secret(done)
    ),
    "dynamodb": lambda done: done.text("ResourceArn"),
    "ecr": lambda done: _at(done, f"repository/{done.text('RepositoryName')}", "ecr"),
}


def _secret(done: Done) -> str | None:
    told = done.text("SecretId")
    return (
        told
        if told is None or told.startswith("arn:")
        else _at(done, f"secret:{told}", "secretsmanager")
    )


def _document(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """A policy's text; S3 records it as an object."""
    if isinstance(value, str) and value:
        return value
    return json.dumps(value) if isinstance(value, dict) else None


def _puts(name: str) -> Step:
    def step(estate: Estate, done: Done) -> Estate | None:
        text = _document(done.value(name))
        return None if text is None else _with_policy(estate, done, text)

    return step


def _removes(estate: Estate, done: Done) -> Estate | None:
    return _with_policy(estate, done, None)


def _with_policy(estate: Estate, done: Done, text: str | None) -> Estate | None:
    arn = arn_of(done)
    if arn is None:
        return None
    account = estate.account(done.account) or Account(done.account)
    known = account.resources.get(arn) or Resource(arn)
    resources = {**account.resources, arn: replace(known, policy=text)}
    return estate.with_account(replace(account, resources=resources))


def _topic(estate: Estate, done: Done) -> Estate | None:
    if done.text("AttributeName") != "Policy":
        return estate
    return _puts("AttributeValue")(estate, done)


def _queue(estate: Estate, done: Done) -> Estate | None:
    attributes = done.value("Attributes")
    if not isinstance(attributes, dict):
        return None
    if "Policy" not in attributes:
        return estate
    text = attributes["Policy"]
    return _with_policy(estate, done, text if isinstance(text, str) and text else None)


def _endpoint(estate: Estate, done: Done) -> Estate | None:
    name = done.text("VpcEndpointId")
    if name is None:
        return None
    text = done.text("PolicyDocument")
    if text is None and done.text("ResetPolicy") != "true":
        return estate
    account = estate.account(done.account) or Account(done.account)
    known = account.vpc_endpoints.get(name) or VpcEndpoint(name)
    changed = {**account.vpc_endpoints, name: replace(known, policy=text)}
    return estate.with_account(replace(account, vpc_endpoints=changed))


RESOURCES: Final[Mapping[tuple[str, str], Step]] = {
    ("s3", "PutBucketPolicy"): _puts("bucketPolicy"),
    ("s3", "DeleteBucketPolicy"): _removes,
    ("kms", "PutKeyPolicy"): _puts("Policy"),
    ("sqs", "SetQueueAttributes"): _queue,
    ("sns", "SetTopicAttributes"): _topic,
    ("secretsmanager", "PutResourcePolicy"): _puts("ResourcePolicy"),
    ("secretsmanager", "DeleteResourcePolicy"): _removes,
    ("dynamodb", "PutResourcePolicy"): _puts("Policy"),
    ("dynamodb", "DeleteResourcePolicy"): _removes,
    ("ecr", "SetRepositoryPolicy"): _puts("PolicyText"),
    ("ecr", "DeleteRepositoryPolicy"): _removes,
    ("ec2", "ModifyVpcEndpoint"): _endpoint,
}
