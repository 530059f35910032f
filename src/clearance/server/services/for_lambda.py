"""What Lambda needs of the other services: code in buckets, and how much a source holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Estate
from clearance.operations.lambda_.faults import invalid
from clearance.server.services.behind import backend
from clearance.server.services.lookup import owner_of
from clearance.wire.route import Route

__all__ = ["fetched", "in_bucket", "length_of"]

# Where an operation's input says which package it means.
_SOURCES: Final[Mapping[str, str | None]] = {
    "CreateFunction": "Code",
    "PublishLayerVersion": "Content",
    "UpdateFunctionCode": None,
}


def in_bucket(found: Route, given: Mapping[str, Any]) -> bool:
    """True when a function's code must be read from S3 before the operation."""
    if found.service.name != "lambda":
        return False
    return bool(_source(found.operation.name, given).get("S3Bucket"))


async def fetched(estate: Estate, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input with the package in place of where it lies; that it may be read was decided.

    Raises:
        OperationError: it is not there.
    """
    source = _source(operation, given)
    bucket, key = str(source["S3Bucket"]), str(source.get("S3Key") or "")
    place = owner_of(estate, bucket)
    if place is None:
        raise invalid(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The"
            " specified bucket does not exist"
        )
    content = await asyncio.to_thread(_read, place, bucket, key, source.get("S3ObjectVersion"))
    if content is None:
        raise invalid(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The"
            " specified key does not exist."
        )
    member = _SOURCES[operation]
    return {**given, member: {"ZipFile": content}} if member else {**given, "ZipFile": content}


def _source(operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    if operation not in _SOURCES:
        return {}
    member = _SOURCES[operation]
    found = given.get(member) if member else given
    return found if isinstance(found, Mapping) else {}


def _read(place: tuple[str, str], bucket: str, key: str, version: str | None) -> bytes | None:
    held = backend("s3", *place)
    found = held.get_object(bucket, key, version_id=version) if bucket in held.buckets else None
    return bytes(found.value) if found is not None else None


def length_of(source: Arn) -> int | None:
    """How much a queue or stream holds; None when it is not there."""
    if source.service == "sqs":
        queue = backend("sqs", source.account, source.region).queues.get(source.resource)
        return None if queue is None else int(queue.approximate_number_of_messages)
    name = source.resource.split("/")[1]
    table = backend("dynamodb", source.account, source.region).tables.get(name)
    shard = getattr(table, "stream_shard", None)
    return None if shard is None else len(shard.items)
