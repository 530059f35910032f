"""SQS: the queue's URL names its account and queue; batches ask for the single action."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import key_of, via
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    on,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE", "queue_arn"]

_REGION: Final = re.compile(r"(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.")


def queue_arn(ask: Ask, url: str | None) -> str | None:
    """``https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`` as an ARN; a bare name is the caller's."""
    if not url:
        return None
    if url.startswith("arn:"):
        return url
    if "/" not in url:
        return ask.arn(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = [part for part in parts.path.split("/") if part]
    if not path:
        return None
    account = path[-2] if len(path) > 1 and path[-2].isdigit() else None
    region = _REGION.match(parts.netloc)
    return ask.arn(path[-1], account=account, region=region[1] if region else None)


def _queue(ask: Ask) -> str | None:
    return queue_arn(ask, ask.text("QueueUrl"))


def _named(ask: Ask) -> str | None:
    name = ask.text("QueueName")
    return name and ask.arn(name, account=ask.text("QueueOwnerAWSAccountId"))


def _task(ask: Ask) -> str | None:
    """The handle of a move task is JSON in base64 that names its source."""
    handle = ask.text("TaskHandle") or ""
    try:
        found = json.loads(base64.b64decode(handle + "=" * (-len(handle) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    source = found.get("sourceArn") if isinstance(found, dict) else None
    return source if isinstance(source, str) else None


def _kms(actions: str) -> Row:
    def row(ask: Ask) -> Iterable[Permission]:
        queue = _queue(ask)
        if queue is not None:
            yield from via(ask, "sqs", key_of(ask, queue), actions, {"aws:sqs:arn": queue})

    return row


def _source(ask: Ask) -> str | None:
    return ask.text("SourceArn")


_SEND: Final = all_of(on(_queue, action="sqs:SendMessage"), _kms("GenerateDataKey Decrypt"))

TABLE: Final[Mapping[str, Row]] = {
    **same(
        "AddPermission ChangeMessageVisibility DeleteMessage DeleteQueue GetQueueAttributes "
        "ListDeadLetterSourceQueues ListQueueTags PurgeQueue RemovePermission SetQueueAttributes "
        "TagQueue UntagQueue",
        on(_queue),
    ),
    "ReceiveMessage": all_of(on(_queue), _kms("Decrypt")),
    **same("SendMessage SendMessageBatch", _SEND),
    "ChangeMessageVisibilityBatch": on(_queue, action="sqs:ChangeMessageVisibility"),
    "DeleteMessageBatch": on(_queue, action="sqs:DeleteMessage"),
    # "To be able to tag a queue on creation, you must have the sqs:CreateQueue and sqs:TagQueue
    # permissions" (SQS API Reference, CreateQueue).
    "CreateQueue": all_of(
        on(_named), when(request_tags, beside("sqs:TagQueue", _named, tagged=True))
    ),
    "GetQueueUrl": on(_named),
    "ListQueues": on(anything),
    "ListMessageMoveTasks": on(_source),
    "CancelMessageMoveTask": on(_task),
    "StartMessageMoveTask": all_of(
        on(_source),
        beside("sqs:ReceiveMessage", _source),
        beside("sqs:DeleteMessage", _source),
        beside("sqs:GetQueueAttributes", _source),
        beside("sqs:SendMessage", lambda ask: ask.text("DestinationArn")),
    ),
}
