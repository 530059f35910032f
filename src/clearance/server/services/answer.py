"""A call to another service: decided on our estate, operated by moto, its change kept by us."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from clearance.facts import services
from clearance.model.arn import Arn
from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.operations.permissions.ask import Lookup, NothingKnown
from clearance.server import audit
from clearance.server.calls import changes_nothing
from clearance.server.lambda_.functions import Functions
from clearance.server.services.address import bucket_of
from clearance.server.services.behind import SERVED, Behind, Unavailable
from clearance.server.services.closed import refuse_closed
from clearance.server.services.contents.keeper import Keeper
from clearance.server.services.deliver import Deliveries
from clearance.server.services.function_logs import FunctionLogs
from clearance.server.services.hooks import Delivery
from clearance.server.services.lookup import MotoLookup, owner_of
from clearance.server.services.mirror import mirrored
from clearance.server.services.notify import destinations
from clearance.server.services.policies import refuse_policy
from clearance.server.services.reading import read
from clearance.server.services.restore import adopted, restore
from clearance.server.services.rewrite import asked_as, rewritten, translated
from clearance.server.world import World
from clearance.store.port import Entry
from clearance.store.summary import HIDDEN, summarize
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.route import Route
from clearance.wire.shapes import Service

__all__ = ["Services"]

Authorize: TypeAlias = Callable[[Estate, Lookup], None]
LOG: Final = logging.getLogger("clearance.server.services")
THREADS: Final = 16  # a long poll of a queue holds one
_FAILED: Final = 400
# What callers put into a service is theirs: it is neither in the journal nor in the audit trail.
_CONTENTS: Final[Mapping[str, frozenset[str]]] = {
    "dynamodb": frozenset({"ExpressionAttributeValues", "Item", "RequestItems", "TransactItems"}),
    "events": frozenset({"Entries"}),
    "logs": frozenset({"logEvents"}),
    "sns": frozenset({"Message", "MessageAttributes", "PublishBatchRequestEntries"}),
    "sqs": frozenset({"Entries", "MessageAttributes", "MessageBody"}),
    "ssm": frozenset({"Value"}),
}
# AWS answers these without content; moto with a word.
_NO_CONTENT: Final = frozenset({("s3", "PutBucketPolicy")})
_DIGITS: Final = re.compile(r"\d{12}")
_CODE: Final = re.compile(rb"<Code>([^<]{1,100})</Code>")
_TEXT: Final = re.compile(rb"<Message>([^<]{0,1000})</Message>")

# Calls that change what moto holds but no resource of the estate: they need not wait for others.
_CONTENT: Final[Mapping[str, str]] = {
    "cloudwatch": "PutMetricData",
    "dynamodb": """BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement
        ExecuteTransaction PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem""",
    "events": "PutEvents TestEventPattern",
    "kms": """Decrypt Encrypt GenerateDataKey GenerateDataKeyPair
        GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac
        GenerateRandom ReEncrypt Sign Verify VerifyMac""",
    "logs": "CreateLogStream DeleteLogStream FilterLogEvents PutLogEvents StartQuery",
    "s3": """AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload
        DeleteObject DeleteObjectTagging DeleteObjects HeadBucket HeadObject PutObject
        PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging RestoreObject
        SelectObjectContent UploadPart UploadPartCopy""",
    "secretsmanager": "BatchGetSecretValue",
    "sns": "Publish PublishBatch",
    "sqs": """ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage
        DeleteMessageBatch PurgeQueue ReceiveMessage SendMessage SendMessageBatch""",
}


@dataclass(slots=True)
class Services:
    """The other services of one endpoint. moto is loaded by the first call that may be made."""

    world: World
    functions: Functions
    behind: Behind = field(default_factory=Behind)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, "clearance-services")
    )
    keeper: Keeper = field(init=False)
    _deliveries: Deliveries = field(init=False)
    _logs: FunctionLogs = field(init=False)

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.world.store)
        self._deliveries = Deliveries(self.world, self.functions, self._run, self.keeper)
        self._logs = FunctionLogs(self.world, self.behind, self._run, self.keeper)
        self.functions.on_outcome = self._logs.keep

    @staticmethod
    def serves(service: str) -> bool:
        """True for services that moto has behind the gate."""
        return service in SERVED

    def open_to_all(self, message: Message) -> Service | None:
        """S3, if an unsigned request names a bucket that exists; its policy will be asked."""
        bucket = bucket_of(message)
        if bucket is None or owner_of(self.world.estate, bucket) is None:
            return None
        return services.service("s3")

    async def answer(
        self,
        call: Call,
        found: Route,
        given: Mapping[str, Any],
        message: Message,
        seen: audit.Seen,
        authorize: Authorize,
    ) -> HttpAnswer:
        """The answer to a call, as its service gives it.

        Raises:
            FaultError: the call is denied, or moto has no such operation.
        """
        try:
            await self._hold()
        except Unavailable as error:
            authorize(self.world.estate, NothingKnown())
            name = f"{found.service.name}:{found.operation.name}"
            raise FaultError(
                Fault("NotImplemented", f"{name} is not available: {error}", 501)
            ) from None
        asked = _Asked(call, found, given, message, seen, authorize)
        seen.given = _shown(found.service.name, given)
        if _changes(found.service.name, found.operation.name):
            async with self.world.lock:
                answer, outbox = await self._change(asked)
        else:
            authorize(self.world.estate, self._lookup(call))
            refuse_closed(found.service.name, found.operation.name, given)
            account, region = self._place(asked)
            answer, outbox = await self._ask(asked, account, region)
            _note(answer, seen)
            self.world.store.record(audit.event(seen))
        await self._deliveries.accept(outbox)
        told = translated(answer, found, seen.request_id)
        return _ours(told, found.service.name, found.operation.name, seen.request_id)

    async def resume(self) -> None:
        """Deliver what an earlier server accepted and did not come to."""
        if self._deliveries.waiting():
            try:
                await self._hold()
            except Unavailable as error:
                LOG.warning("accepted deliveries wait: %s", error)
            else:
                self._deliveries.resume()

    async def close(self) -> None:
        """Stop delivering and let go of moto."""
        await self._deliveries.close()
        await self._logs.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.behind.release()

    async def ready(self) -> None:
        """Have the services at hand, also for reading what they hold; not with the lock held.

        Raises:
            Unavailable: they cannot be had.
        """
        await self._hold()

    async def _hold(self) -> None:
        if self.behind.held:
            return

        before = after = self.world.estate

        def fill() -> None:
            nonlocal before, after
            before = self.world.estate
            after = adopted(before, self.keeper.fill())
            restore(after)

        # Nothing may change the estate between its restoration and the first call.
        async with self.world.lock:
            await self._run(self.behind.hold, fill)
            if after is not before and not self.world.store.read_only:
                entry = Entry(self.world.now(), "clearance", "", "", "clearance", "AdoptContents")
                await self.world.commit(after, entry=entry)
        self._logs.flush()

    async def _run(self, function: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
        """Run something of moto's in a thread of its own, with this call's context."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, context.run, function, *given)

    def _lookup(self, call: Call) -> MotoLookup:
        return MotoLookup(self.world.estate, call.account, call.region)

    def _place(self, asked: _Asked) -> tuple[str, str]:
        """The account and Region in which moto shall act: the resource owner's."""
        call, given = asked.call, asked.given
        if asked.service == "s3":
            bucket = given.get("Bucket")
            if not isinstance(bucket, str) or asked.operation == "CreateBucket":
                return call.account, call.region
            place = owner_of(self.world.estate, bucket)
            if place is None:
                message = "The specified bucket does not exist"
                members = {"BucketName": bucket}
                raise FaultError(Fault("NoSuchBucket", message, 404, members=members))
            return place
        permission = asked.seen.answers[0].permission if asked.seen.answers else None
        arn = Arn.find(permission.resource) if permission else None
        if arn is not None and _DIGITS.fullmatch(arn.account):
            return arn.account, call.region
        return call.account, call.region

    async def _ask(
        self, asked: _Asked, account: str, region: str
    ) -> tuple[HttpAnswer, list[Delivery]]:
        message = rewritten(asked_as(asked.found, asked.given), asked.given, asked.message)
        service, operation = asked.service, asked.operation

        def act() -> tuple[HttpAnswer, list[Delivery]]:
            return self.behind.call(service, account, region, message, message.path)

        def kept() -> tuple[HttpAnswer, list[Delivery]]:
            if operation not in _CONTENT.get(service, "").split():
                return act()
            return self.keeper.acting(service, account, region, operation, asked.given, act)

        try:
            found: tuple[HttpAnswer, list[Delivery]] = await self._run(kept)
        except NotImplementedError:
            name = f"{asked.service}:{asked.operation}"
            raise FaultError(
                Fault("NotImplemented", f"{name} is not implemented by this endpoint", 501)
            ) from None
        return found

    async def _change(self, asked: _Asked) -> tuple[HttpAnswer, list[Delivery]]:
        """Operate and keep what changed; the lock is held."""
        before, call, seen = self.world.estate, asked.call, asked.seen
        asked.authorize(before, self._lookup(call))
        refuse_closed(asked.service, asked.operation, asked.given)
        refuse_policy(before, call, asked.service, asked.operation, asked.given)
        account, region = self._place(asked)
        self._refuse_destinations(asked, account)
        self.keeper.refuse_changes()
        held = await self._run(read, asked.service, account, region)
        answer, outbox = await self._ask(asked, account, region)
        holds = await self._run(read, asked.service, account, region)
        after = mirrored(before, account, held, holds)
        _note(answer, seen)
        entry = Entry(
            when=seen.when,
            who=call.principal.display,
            account=call.account,
            region=call.region,
            service=asked.service,
            operation=asked.operation,
            request_id=seen.request_id,
            source_ip=seen.source_ip,
            input=summarize(seen.given),
            resources=audit.resources(seen.answers),
        )
        pieces = await self._run(self.keeper.changed, asked.service, account)
        try:
            await self.world.commit(after, entry=entry, event=audit.event(seen), contents=pieces)
        except StoreError:
            self.keeper.doubt(pieces)
            raise
        return answer, outbox

    def _refuse_destinations(self, asked: _Asked, account: str) -> None:
        """S3 saves a notification only if it may reach the destination."""
        if (asked.service, asked.operation) != ("s3", "PutBucketNotificationConfiguration"):
            return
        bucket = f"arn:{asked.call.principal.partition}:s3:::{asked.given.get('Bucket')}"
        for target in destinations(asked.given):
            answer = self._deliveries.may(Delivery("s3", bucket, account, target, ""))
            if answer is None or not answer.decision.allowed:
                raise OperationError(
                    "InvalidArgument",
                    "Unable to validate the following destination configurations",
                )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call on its way."""

    call: Call
    found: Route
    given: Mapping[str, Any]
    message: Message
    seen: audit.Seen
    authorize: Authorize

    @property
    def service(self) -> str:
        """The name of the service's model."""
        return self.found.service.name

    @property
    def operation(self) -> str:
        """The name of the operation."""
        return self.found.operation.name


def _changes(service: str, operation: str) -> bool:
    """True when a resource of the estate may be different afterwards."""
    return not changes_nothing(operation) and operation not in _CONTENT.get(service, "").split()


def _shown(service: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input without what is stored or sent with it."""
    hidden = _CONTENTS.get(service, frozenset())
    return {name: HIDDEN if name in hidden else value for name, value in given.items()}


def _note(answer: HttpAnswer, seen: audit.Seen) -> None:
    """Write an error of the service down in the call's event."""
    if answer.status < _FAILED:
        return
    code, text = _CODE.search(answer.body), _TEXT.search(answer.body)
    seen.error_code = code[1].decode("utf-8", "replace") if code else str(answer.status)
    seen.error_message = text[1].decode("utf-8", "replace") if text else ""
    if code is None and answer.body.startswith(b"{"):
        try:
            said = json.loads(answer.body)
        except ValueError:
            return
        headers = {name.lower(): value for name, value in answer.headers}
        kind = said.get("__type") or headers.get("x-amzn-errortype") or seen.error_code
        seen.error_code = str(kind).rpartition("#")[2].partition(":")[0]
        seen.error_message = str(said.get("message") or said.get("Message") or "")


def _ours(answer: HttpAnswer, service: str, operation: str, request_id: str) -> HttpAnswer:
    """The answer under our own request id."""
    if (service, operation) in _NO_CONTENT and answer.status == HTTPStatus.OK:
        answer = replace(answer, status=204, body=b"")
    name = "x-amz-request-id" if service == "s3" else "x-amzn-requestid"
    ids = {"x-amzn-requestid", "x-amz-request-id"}
    kept = tuple((key, value) for key, value in answer.headers if key.lower() not in ids)
    return replace(answer, headers=(*kept, (name, request_id)))
