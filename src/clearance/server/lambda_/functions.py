"""Lambda's Invoke and its kin: from the call to a process that runs the function, and back."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from clearance.model.estate import Account, Estate
from clearance.model.function import FunctionConfiguration
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.execution_role import trusts_lambda
from clearance.operations.lambda_.layers import find_version
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.provisioned import unreserved
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.operations.sts import execution_session
from clearance.server.lambda_.code_link import linked
from clearance.server.lambda_.later import Later
from clearance.server.lambda_.pace import Pace
from clearance.server.lambda_.poller import Poller
from clearance.server.lambda_.provisioned import Provisioned
from clearance.server.lambda_.queue import Queue
from clearance.server.lambda_.role_calls import RoleCalls
from clearance.server.runtime.pool import Pool
from clearance.server.runtime.spec import (
    Credentials,
    FunctionSpec,
    InvocationRefused,
    Outcome,
    Package,
    Throttled,
)
from clearance.server.world import World
from clearance.wire import event_stream

__all__ = ["Functions"]

SYNCHRONOUS_LIMIT: Final = 6 * 1024 * 1024
ASYNCHRONOUS_LIMIT: Final = 1024 * 1024
CHUNK: Final = 64 * 1024
LAMBDA: Final = Principal(PrincipalKind.SERVICE, "lambda.amazonaws.com")
LOG: Final = logging.getLogger("clearance.server")
TYPES: Final = ("RequestResponse", "Event", "DryRun")


@dataclass(slots=True)
class Functions:
    """The functions of one endpoint, running.

    ``pending`` is the folder of asynchronous events that wait; without one they end with the
    process.
    """

    world: World
    pool: Pool
    endpoint_url: str = ""
    on_outcome: Callable[[FunctionSpec, Outcome], None] | None = None
    pace: Pace = field(default_factory=Pace)
    pending: Path | None = None
    calls: RoleCalls = field(init=False)
    later: Later = field(init=False)
    poller: Poller = field(init=False)
    provisioned: Provisioned = field(init=False)
    _limits: dict[tuple[str, str], tuple[Account, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.calls = RoleCalls(self.world)
        queue = Queue(self.pending, self.world.sealer)
        self.later = Later(self.world, self.calls, queue, self.pace, self._run_by_lambda)
        self.poller = Poller(self.world, self.calls, self.pace, self._run_by_lambda)
        self.provisioned = Provisioned(
            self.world, self.pool, self.pace, self._spec, self._credentials_of
        )

    async def operate(
        self, operation: str, estate: Estate, call: Call, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer of one of the operations that run functions, by member name.

        Raises:
            OperationError: the function was not run; as Lambda words it.
        """
        if operation == "InvokeAsync":
            return await self._invoke_async(estate, call, given)
        if operation == "InvokeWithResponseStream":
            return await self._invoke_streaming(estate, call, given)
        return await self.invoke(estate, call, given)

    async def invoke(self, estate: Estate, call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke's answer, by member name.

        Raises:
            OperationError: the function was not run; as Lambda words it.
        """
        kind = given.get("InvocationType") or "RequestResponse"
        found, payload = self._meant(estate, call, given, kind)
        if kind == "DryRun":
            return {"StatusCode": 204}
        _refuse_untrusted(estate, found, call)
        if kind == "Event":
            await self.later.accept(found.arn, payload, call.request_id)
            return {"StatusCode": 202, "Payload": b""}
        outcome = await self.run(estate, call, found, payload, given.get("ClientContext"))
        answer: dict[str, Any] = {
            "StatusCode": 200,
            "Payload": outcome.payload,
            "ExecutedVersion": outcome.executed_version,
        }
        if outcome.function_error:
            answer["FunctionError"] = outcome.function_error
        if given.get("LogType") == "Tail":
            answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
        return answer

    async def _invoke_async(
        self, estate: Estate, call: Call, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The old way to invoke asynchronously; AWS keeps it for old programs."""
        event = {"FunctionName": given["FunctionName"], "Payload": given.get("InvokeArgs")}
        await self.invoke(estate, call, {**event, "InvocationType": "Event"})
        return {"Status": 202}

    async def _invoke_streaming(
        self, estate: Estate, call: Call, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer as a stream of events; the function's response is complete by then."""
        kind = given.get("InvocationType") or "RequestResponse"
        found, payload = self._meant(estate, call, given, kind)
        if kind == "DryRun":
            return {"StatusCode": 204}
        _refuse_untrusted(estate, found, call)
        outcome = await self.run(estate, call, found, payload, given.get("ClientContext"))
        chunks = (outcome.payload[i : i + CHUNK] for i in range(0, len(outcome.payload), CHUNK))
        end: dict[str, str] = {}
        if outcome.function_error:
            end["ErrorCode"] = outcome.function_error
            end["ErrorDetails"] = outcome.payload.decode("utf-8", "replace")
        if given.get("LogType") == "Tail":
            end["LogResult"] = base64.b64encode(outcome.log_tail).decode()
        stream = [event_stream.binary_event("PayloadChunk", chunk) for chunk in chunks]
        stream.append(event_stream.json_event("InvokeComplete", end))
        return {
            "StatusCode": 200,
            "ExecutedVersion": outcome.executed_version,
            "EventStream": b"".join(stream),
            "ResponseStreamContentType": event_stream.CONTENT_TYPE,
        }

    def _meant(
        self, estate: Estate, call: Call, given: Mapping[str, Any], kind: str
    ) -> tuple[ResolvedFunction, bytes]:
        """The function, and an event it could be given."""
        if kind not in TYPES:
            raise OperationError(
                "ValidationException",
                f"1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy"
                " constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            )
        payload: bytes = given.get("Payload") or b""
        _refuse_large(payload, kind)
        _refuse_malformed(payload)
        found = resolve(
            estate,
            call.account,
            call.region,
            given["FunctionName"],
            given.get("Qualifier"),
            draw=random.random(),  # noqa: S311 - a share of traffic, not a secret
        )
        return found, payload

    def shown(
        self, call: Call, operation: str, given: Mapping[str, Any], output: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """An answer of Lambda's with what only the running server can add to it."""
        if "ProvisionedConcurrency" in operation:
            name = read_name(
                given.get("FunctionName"),
                given.get("Qualifier"),
                account=call.account,
                region=call.region,
            )
            arn = f"arn:aws:lambda:{name.region}:{name.account}:function:{name.name}"
            return self.provisioned.shown(operation, output, f"{arn}:{name.qualifier}")
        return self.poller.shown(linked(self.world, output, self.endpoint_url))

    async def tend(self) -> None:
        """What is done beside the calls: accepted events, event sources, a warm interpreter."""
        await self.later.resume()
        await self.prepare()
        self.provisioned.endpoint_url = self.endpoint_url
        await asyncio.gather(self.poller.watch(), self.provisioned.watch())

    async def open(
        self, estate: Estate, call: Call, found: ResolvedFunction, event: bytes
    ) -> Outcome:
        """Run a function for a request to its URL."""
        _refuse_large(event, "RequestResponse")
        _refuse_untrusted(estate, found, call)
        return await self.run(estate, call, found, event)

    async def run(
        self,
        estate: Estate,
        call: Call,
        found: ResolvedFunction,
        payload: bytes,
        client_context: str | None = None,
    ) -> Outcome:
        """Run a function once with its execution role's own credentials."""
        spec = self._spec(estate, found)
        try:
            outcome = await self.pool.invoke(
                spec,
                payload,
                credentials_for=self._credentials_of(estate, spec),
                endpoint_url=self.endpoint_url,
                request_id=call.request_id,
                invoked_arn=spec.arn,
                client_context=client_context,
            )
        except Throttled as refusal:
            members = {"Type": "User", "Reason": refusal.reason}
            raise OperationError(refusal.code, str(refusal), refusal.status, members) from None
        except InvocationRefused as refusal:
            raise OperationError(
                refusal.code, str(refusal), refusal.status, {"Type": "User"}
            ) from None
        if self.on_outcome is not None:
            self.on_outcome(spec, outcome)
        return outcome

    def _credentials_of(self, estate: Estate, spec: FunctionSpec) -> Callable[[], Credentials]:
        """What gives the execution role's credentials, once they are needed."""
        world = self.world

        def credentials() -> Credentials:
            issued = execution_session(
                estate, spec.role, spec.unqualified_arn, ports=world.ports, now=world.now()
            )
            return Credentials(
                issued.access_key_id,
                issued.secret_access_key,
                issued.session_token,
                issued.expiration,
            )

        return credentials

    async def _run_by_lambda(
        self, found: ResolvedFunction, payload: bytes, request_id: str
    ) -> Outcome:
        """Run a function that Lambda itself calls: for an accepted event, for a queue."""
        account = found.account.id
        region, world = found.function.region, self.world
        call = Call(LAMBDA, account, region, world.now(), world.ports, request_id)
        _refuse_untrusted(world.estate, found, call)
        return await self.run(world.estate, call, found, payload)

    async def prepare(self) -> None:
        """Have an interpreter ready for the runtime most functions of this estate use."""
        runtimes = Counter(
            function.latest.runtime
            for account in self.world.estate.accounts.values()
            for function in account.functions.values()
        )
        if not runtimes:
            return
        runtime = runtimes.most_common(1)[0][0]
        try:
            await self.pool.start(runtime)
        except InvocationRefused as refusal:
            LOG.warning("no process could be prepared for %s: %s", runtime, refusal)

    def _spec(self, estate: Estate, found: ResolvedFunction) -> FunctionSpec:
        configuration: FunctionConfiguration = found.configuration
        name = found.function.name
        return FunctionSpec(
            arn=found.arn,
            unqualified_arn=found.unqualified_arn,
            name=name,
            version=configuration.version,
            account=found.account.id,
            region=found.function.region,
            role=configuration.role,
            runtime=configuration.runtime,
            handler=configuration.handler,
            code=self._package(configuration.code, configuration.code_sha256),
            layers=tuple(self._layer(estate, arn) for arn in configuration.layers),
            timeout=configuration.timeout,
            memory_mb=configuration.memory,
            environment=configuration.environment,
            log_group=configuration.logging.get("LogGroup") or f"/aws/lambda/{name}",
            reserved_concurrency=found.function.reserved_concurrency,
            account_concurrency=self._shared(found),
            log_format=configuration.logging.get("LogFormat") or "Text",
            log_level=configuration.logging.get("ApplicationLogLevel"),
        )

    def _shared(self, found: ResolvedFunction) -> int:
        """Executions that functions of the account without a reservation share in this Region."""
        account, region = found.account, found.function.region
        known = self._limits.get((account.id, region))
        if known is None or known[0] is not account:
            known = self._limits[account.id, region] = (account, unreserved(account, region))
        return known[1]

    def _layer(self, estate: Estate, arn: str) -> Package:
        layer = find_version(estate, arn)
        if layer is None:
            raise OperationError(
                "ServiceException",
                f"The layer {arn} is not in the estate.",
                500,
                {"Type": "Server"},
            )
        return self._package(layer.version.code, layer.version.code_sha256)

    def _package(self, code: str, sha256: str) -> Package:
        return Package(sha256, partial(self.world.store.get_blob, code))

    def retire(self, before: Estate, after: Estate) -> None:
        """End the environments of functions that changed or whose role did."""
        self.pool.retire(lambda spec: _differs(spec, before, after))

    async def rest(self) -> None:
        """Stop what Lambda does by itself; events that are not settled stay in their queue."""
        await self.poller.close()
        await self.later.close()

    async def close(self) -> None:
        """Stop everything that runs."""
        await self.rest()
        await self.pool.close()


def _differs(spec: FunctionSpec, before: Estate, after: Estate) -> bool:
    old, new = before.account(spec.account), after.account(spec.account)
    if old is new or old is None:
        return False
    key = f"{spec.region}/{spec.name}"
    if new is None or new.functions.get(key) is not old.functions.get(key):
        return True
    role = spec.role.rsplit("/", 1)[-1]
    mine, now = old.roles.get(role), new.roles.get(role)
    return mine is not None and (now is None or now.id != mine.id)


def _refuse_large(payload: bytes, kind: str) -> None:
    limit = ASYNCHRONOUS_LIMIT if kind == "Event" else SYNCHRONOUS_LIMIT
    if len(payload) > limit:
        name = "InvokeAsync" if kind == "Event" else "InvokeFunction"
        raise OperationError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the {name} operation",
            413,
            {"Type": "User"},
        )


def _refuse_malformed(payload: bytes) -> None:
    if not payload:
        return
    try:
        json.loads(payload)
    except ValueError as error:
        raise OperationError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
            400,
            {"Type": "User"},
        ) from None


def _refuse_untrusted(estate: Estate, found: ResolvedFunction, call: Call) -> None:
    configuration = found.configuration
    if not trusts_lambda(estate, configuration.role, found.unqualified_arn, call.now):
        raise OperationError(
            "AccessDeniedException",
            "The role defined for the function cannot be assumed by Lambda.",
            403,
            {"Type": "User"},
        )
