"""Queues and streams as Lambda reads them: batches in, what the function did with them out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from clearance.model.arn import Arn
from clearance.model.event_source import EventSourceMapping
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.server.lambda_.destinations import send_record
from clearance.server.lambda_.events import failed_items, queue_record, stream_record, wanted
from clearance.server.lambda_.role_calls import CallFailed, RoleCalls, Runner, queue_url
from clearance.server.runtime.spec import Outcome
from clearance.server.world import World
from clearance.store.contents import Piece, Place

__all__ = ["SOURCES", "Length", "QueueSource", "Run", "Source", "StreamSource", "position_of"]

Run: TypeAlias = Callable[[ResolvedFunction, bytes, str], Awaitable[Outcome]]
Length: TypeAlias = Callable[[Arn], int | None]
_AT_A_TIME: Final = 10
_CREATED: Final = "ApproximateCreationDateTime"
_FAILED: Final = "PROBLEM: Function call failed"


def position_of(mapping: EventSourceMapping) -> Place:
    """Where is kept how far a stream was read."""
    parts = mapping.function.split(":")
    return ("lambda", parts[4], parts[3], "position", mapping.uuid)


class Source(Protocol):
    """What a mapping reads."""

    async def waits(self) -> bool:
        """True when there may be something to read."""

    async def batch(self) -> str | None:
        """Read a batch and run the function; the result in Lambda's words, None for no batch.

        Raises:
            CallFailed: the source could not be read.
        """


@dataclass(slots=True)
class _Base:
    world: World
    calls: RoleCalls
    run: Run
    mapping: EventSourceMapping
    length: Length
    _read: bool = False

    @property
    def arn(self) -> Arn:
        return Arn.of(self.mapping.source)

    async def held(self) -> int | None:
        """How much the source holds."""
        return await asyncio.to_thread(self.length, self.arn)

    def function(self) -> ResolvedFunction:
        parts = self.mapping.function.split(":")
        try:
            return resolve(self.world.estate, parts[4], parts[3], self.mapping.function)
        except OperationError as error:
            raise CallFailed(error.code, error.message) from None

    async def invoke(
        self, found: ResolvedFunction, records: Sequence[Mapping[str, Any]]
    ) -> Outcome | None:
        """What the function did with the records; None when it could not be run."""
        event = json.dumps({"Records": list(records)}).encode()
        try:
            return await self.run(found, event, self.world.ports.uuid())
        except OperationError as error:
            raise CallFailed(error.code, error.message) from None


def _who(found: ResolvedFunction) -> Runner:
    return Runner(found.configuration.role, found.unqualified_arn)


@dataclass(slots=True)
class QueueSource(_Base):
    """An SQS queue; a message the function fails on is left to the queue and its redrive policy."""

    async def waits(self) -> bool:
        """True for the first look, then when messages can be received."""
        return not self._read or await self.held() != 0

    async def batch(self) -> str | None:
        """Receive, run, delete what was taken."""
        found = self.function()
        messages = await self._receive(found)
        if not messages:
            return None
        records = [queue_record(message, self.mapping) for message in messages]
        good = [record for record in records if wanted(self.mapping.filters, record)]
        done = [r for r in records if r not in good]  # "deleted from the queue" (event filtering)
        result = "OK"
        if good:
            outcome = await self.invoke(found, good)
            names = [record["messageId"] for record in good]
            failed = None
            if outcome is not None and outcome.function_error is None:
                failed = failed_items(self.mapping, outcome.payload, names)
            if failed is None:
                failed = frozenset(names)
            done += [record for record in good if record["messageId"] not in failed]
            result = _FAILED if failed else "OK"
        await self._delete(found, [record["receiptHandle"] for record in done])
        return result

    async def _receive(self, found: ResolvedFunction) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < self.mapping.batch_size:
            most = min(_AT_A_TIME, self.mapping.batch_size - len(messages))
            given = {
                "QueueUrl": queue_url(self.arn),
                "MaxNumberOfMessages": most,
                "MessageAttributeNames": ["All"],
                "MessageSystemAttributeNames": ["All"],
                "AttributeNames": ["All"],
                "WaitTimeSeconds": 0,
            }
            region = self.arn.region
            answer = await self.calls.json(_who(found), "sqs", "ReceiveMessage", region, given)
            self._read = True
            more = answer.get("Messages") or []
            messages += more
            if len(more) < most:
                break
        return messages

    async def _delete(self, found: ResolvedFunction, receipts: Sequence[str]) -> None:
        for start in range(0, len(receipts), _AT_A_TIME):
            part = receipts[start : start + _AT_A_TIME]
            given = {
                "QueueUrl": queue_url(self.arn),
                "Entries": [{"Id": str(n), "ReceiptHandle": r} for n, r in enumerate(part)],
            }
            region = self.arn.region
            await self.calls.json(_who(found), "sqs", "DeleteMessageBatch", region, given)


@dataclass(slots=True)
class StreamSource(_Base):
    """A DynamoDB stream, read from where it was read to, also after a restart."""

    _iterators: dict[str, str] = field(default_factory=dict)
    _pending: list[dict[str, Any]] = field(default_factory=list)
    _attempts: int = 0
    _seen: int | None = None
    _read_to: str = ""
    _kept: str | None = None

    async def waits(self) -> bool:
        """True for the first look, while a batch is unfinished, and when the stream has grown."""
        if not self._read or self._pending:
            return True
        return await self.held() != self._seen

    async def batch(self) -> str | None:
        """Read, run, try again from the first record that failed."""
        found = self.function()
        if not self._pending:
            length = await self.held()
            self._pending = await self._records(found)
            self._seen, self._attempts, self._read = length, 0, True
        self._pending = [record for record in self._pending if self.takes(record)]
        if not self._pending:
            if self._read_to:
                await self._done(self._read_to)
            return None
        size = self.mapping.batch_size
        if self._attempts and self.mapping.bisect:
            size = max(1, min(size, len(self._pending)) // 2**self._attempts)
        part = self._pending[:size]
        outcome = await self.invoke(found, part)
        names = [record["dynamodb"].get("SequenceNumber", "") for record in part]
        failed = None
        if outcome is not None and outcome.function_error is None:
            failed = failed_items(self.mapping, outcome.payload, names)
        if failed is not None and not failed:
            self._pending, self._attempts = self._pending[len(part) :], 0
            await self._done(names[-1])
            return "OK"
        if failed:  # "Lambda uses the lowest sequence number as the checkpoint" (with-ddb)
            first = min(i for i, name in enumerate(names) if name in failed)
            self._pending = self._pending[first:]
            part = part[first:]
            if first:
                await self._done(names[first - 1])
        self._attempts += 1
        most = self.mapping.maximum_retry_attempts
        if 0 <= most < self._attempts:
            await self._give_up(found, part)
            self._pending, self._attempts = self._pending[len(part) :], 0
            await self._done(part[-1]["dynamodb"].get("SequenceNumber", ""))
        return _FAILED

    async def _records(self, found: ResolvedFunction) -> list[dict[str, Any]]:
        who, region, records = _who(found), self.arn.region, list[dict[str, Any]]()
        stream = {"StreamArn": self.mapping.source}
        about = await self.calls.json(who, "dynamodbstreams", "DescribeStream", region, stream)
        for shard in about.get("StreamDescription", {}).get("Shards") or ():
            name = shard["ShardId"]
            if name not in self._iterators:
                given = {**stream, "ShardId": name, **await self._start(shard)}
                answer = await self.calls.json(
                    who, "dynamodbstreams", "GetShardIterator", region, given
                )
                self._iterators[name] = answer["ShardIterator"]
            given = {"ShardIterator": self._iterators[name]}
            answer = await self.calls.json(who, "dynamodbstreams", "GetRecords", region, given)
            if answer.get("NextShardIterator"):
                self._iterators[name] = answer["NextShardIterator"]
            read = answer.get("Records") or ()
            records += [stream_record(r, self.mapping) for r in read]
            if read:
                self._read_to = read[-1]["dynamodb"].get("SequenceNumber", "")
        return [record for record in records if wanted(self.mapping.filters, record)]

    async def _start(self, shard: Mapping[str, Any]) -> dict[str, str]:
        """Where to begin: behind what was dealt with, or where the mapping says."""
        kept = await asyncio.to_thread(lambda: list(self.world.store.contents(self._place)))
        if not kept and self.mapping.starting_position == "LATEST":
            first = int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
            held = await self.held() or 0
            # From now on this is the position, though nothing may happen before a restart.
            await self._done(str(first + held - 1) if held else "")
            return {"ShardIteratorType": "LATEST"}
        number = kept[0].value.decode() if kept else ""
        if not number:
            return {"ShardIteratorType": "TRIM_HORIZON"}
        return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}

    async def _done(self, number: str) -> None:
        """Keep that records up to this one were dealt with."""
        number = self._read_to if not self._pending and self._read_to else number
        if number != self._kept and not self.world.store.read_only:
            await asyncio.to_thread(self.world.store.keep([Piece(self._place, number.encode())]))
            self._kept = number

    @property
    def _place(self) -> Place:
        return position_of(self.mapping)

    def takes(self, record: Mapping[str, Any]) -> bool:
        """False for a record that is older than the mapping takes."""
        most, made = self.mapping.maximum_record_age, record["dynamodb"].get(_CREATED)
        if most < 0 or not isinstance(made, int | float):
            return True
        return self.world.now().timestamp() - made <= most

    async def _give_up(self, found: ResolvedFunction, part: Sequence[Mapping[str, Any]]) -> None:
        """Tell the destination which records were discarded, not what was in them."""
        target, now = self.mapping.on_failure, self.world.now()
        if target is None or not part:
            return
        numbers = [record["dynamodb"].get("SequenceNumber") for record in part]
        record = {
            "requestContext": {
                "requestId": self.world.ports.uuid(),
                "functionArn": found.arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": self._attempts,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": found.configuration.version,
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "DDBStreamBatchInfo": {
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
                "batchSize": len(part),
                "streamArn": self.mapping.source,
            },
        }
        await send_record(self.calls, _who(found), target, record, succeeded=False)


SOURCES: Final[Mapping[str, type[QueueSource | StreamSource]]] = {
    "sqs": QueueSource,
    "dynamodb": StreamSource,
}
