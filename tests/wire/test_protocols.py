"""Two ways to one answer: what botocore writes we read, what we write botocore reads."""

from functools import cache
from typing import Any

import pytest
from botocore.eventstream import EventStream
from tests.wire.values import Plausible, as_message, model, parsed

from clearance.facts.services import service
from clearance.wire import protocols
from clearance.wire.route import Route, route
from clearance.wire.shapes import Protocol

SERVICES = (
    "accessanalyzer",
    "cloudtrail",
    "dynamodb",
    "ec2",
    "iam",
    "iam-toolbox",
    "kms",
    "lambda",
    "networkmanager",
    "organizations",
    "s3",
    "s3control",
    "secretsmanager",
    "sns",
    "sqs",
    "sts",
)

# Deprecated S3 operations share method and URI with the ones that replaced them, and directory
# buckets are listed like buckets at another endpoint: on the wire they are the same request.
SAME_REQUEST = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}

# botocore reads these by a hand-written handler, not from the model.
UNMODELLED_OUTPUT = {("s3", "GetBucketNotification")}


@cache
def plausible(name: str) -> Plausible:
    return Plausible(service(name))


@pytest.mark.parametrize("name", SERVICES)
def test_what_botocore_sends_is_read(name: str) -> None:
    found, values = service(name), plausible(name)
    for operation in found.operations.values():
        expected = values.of(operation.input)
        message = as_message(model(name).operation_model(operation.name), expected, found.protocol)
        routed = route((found,), message)
        assert routed.operation.name == SAME_REQUEST.get(operation.name, operation.name)
        if operation.name not in SAME_REQUEST:
            assert protocols.parse(routed, message) == expected, operation.name


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_answered_botocore_reads(name: str) -> None:
    found, values = service(name), plausible(name)
    for operation in found.operations.values():
        if (name, operation.name) in UNMODELLED_OUTPUT:
            continue
        output = values.of(operation.output)
        answer = protocols.serialize(output, found, operation, "an-id")
        shape = model(name).operation_model(operation.name).output_shape
        read = parsed(answer, shape, found.protocol)
        metadata: dict[str, Any] = read.pop("ResponseMetadata")
        read = {k: v for k, v in read.items() if not isinstance(v, EventStream)}
        assert metadata["RequestId"] == "an-id"
        assert read == {k: as_botocore_reads(v) for k, v in output.items()}, operation.name


def as_botocore_reads(value: object) -> object:
    """botocore's parser decodes a whole-body blob to text; its client would stream it."""
    return value.decode() if isinstance(value, bytes) and value.endswith(WHOLE) else value


WHOLE = (b"Body", b"Payload")


@pytest.mark.parametrize("name", ["sqs", "cloudwatch"])
def test_query_compatible_services_speak_query_too(name: str) -> None:
    found = service(name)
    assert Protocol.QUERY in found.protocols
    for operation in found.operations.values():
        assert isinstance(
            protocols.serialize({}, found, operation, "id", protocol=Protocol.QUERY).body, bytes
        )


def routed_by(name: str, operation: str) -> Route:
    found = service(name)
    return Route(found, found.operations[operation], found.protocol)


def test_absent_members_are_left_out() -> None:
    found = routed_by("lambda", "GetFunction")
    answer = protocols.serialize({"Tags": None}, found.service, found.operation, "id")
    assert answer.body == b"{}"
