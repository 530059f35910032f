"""Which records a function sees, and which of them it says it could not take."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from clearance.model.event_source import EventSourceMapping
from clearance.server.lambda_.events import failed_items, queue_record, wanted

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
MAPPING = EventSourceMapping(
    "u", "us-east-1", QUEUE, "f", datetime(2026, 1, 1, tzinfo=UTC),
    response_types=("ReportBatchItemFailures",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, frozenset()),
        ({}, frozenset()),
        ({"batchItemFailures": None}, frozenset()),
        ({"batchItemFailures": []}, frozenset()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, frozenset({"a"})),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, None),
        ({"batchItemFailures": [{"wrong": "a"}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": "z"}]}, None),
        ({"batchItemFailures": "a"}, None),
        ("text", None),
    ],
)
def test_partial_batch_responses(answer: object, failed: frozenset[str] | None) -> None:
    assert failed_items(MAPPING, json.dumps(answer).encode(), ["a", "b"]) == failed


def test_without_the_response_type_the_answer_says_nothing() -> None:
    plain = EventSourceMapping("u", "us-east-1", QUEUE, "f", MAPPING.modified)
    answer = b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'
    assert failed_items(plain, answer, ["a"]) == frozenset()


def test_a_message_as_functions_see_it() -> None:
    message = {
        "MessageId": "m",
        "ReceiptHandle": "r",
        "Body": '{"n": 1}',
        "MD5OfBody": "x",
        "Attributes": {"SentTimestamp": "1"},
        "MessageAttributes": {"a": {"StringValue": "v", "DataType": "String"}},
    }
    record = queue_record(message, MAPPING)
    assert record["messageAttributes"]["a"]["stringValue"] == "v"
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", QUEUE)
    assert record["awsRegion"] == "us-east-1"
    assert wanted(['{"body": {"n": [1]}}'], record)
    assert wanted(['{"body": {"n": [2]}}', '{"attributes": {"SentTimestamp": ["1"]}}'], record)
    assert not wanted(['{"body": {"n": [2]}}'], record)
    assert record["body"] == '{"n": 1}'  # looked into, not changed
