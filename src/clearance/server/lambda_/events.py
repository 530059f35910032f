"""What a function is told about messages of a queue and records of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clearance.model.event_source import EventSourceMapping
from clearance.operations.lambda_.filters import matches

__all__ = ["failed_items", "queue_record", "stream_record", "wanted"]


def queue_record(message: Mapping[str, Any], mapping: EventSourceMapping) -> dict[str, Any]:
    """One message of ReceiveMessage, as functions see it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "messageId": message.get("MessageId"),
        "receiptHandle": message.get("ReceiptHandle"),
        "body": message.get("Body"),
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "binaryValue": value.get("BinaryValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.get("DataType"),
            }
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source,
        "awsRegion": mapping.source.split(":")[3],
    }


def stream_record(record: Mapping[str, Any], mapping: EventSourceMapping) -> dict[str, Any]:
    """One record of GetRecords, as functions see it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    return {
        "eventID": record.get("eventID"),
        "eventName": record.get("eventName"),
        "eventVersion": record.get("eventVersion") or "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": mapping.source.split(":")[3],
        "dynamodb": record.get("dynamodb") or {},
        "eventSourceARN": mapping.source,
    }


def wanted(filters: Sequence[str], record: Mapping[str, Any]) -> bool:
    """True when one of the filters takes the record; a body that is JSON is looked into."""
    if not filters:
        return True
    seen = dict(record)
    if isinstance(record.get("body"), str):
        try:
            seen["body"] = json.loads(record["body"])
        except ValueError:
            seen["body"] = record["body"]
    return any(matches(json.loads(pattern), seen) for pattern in filters)


def failed_items(
    mapping: EventSourceMapping, payload: bytes, known: Iterable[str]
) -> frozenset[str] | None:
    """The items a function says it could not take; None when all must be taken as failed.

    "Lambda treats a batch as a complete failure if your function returns … an empty string
    itemIdentifier, a null itemIdentifier, an itemIdentifier with a bad key name" and takes an empty
    or null list for success (Lambda Developer Guide, services-sqs-errorhandling).
    """
    if "ReportBatchItemFailures" not in mapping.response_types:
        return frozenset()
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        return None
    if answer is None:
        return frozenset()
    if not isinstance(answer, Mapping):
        return None
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return None
    names = [f.get("itemIdentifier") if isinstance(f, Mapping) else None for f in failures]
    if not set(names) <= set(known):
        return None
    return frozenset(str(name) for name in names)
