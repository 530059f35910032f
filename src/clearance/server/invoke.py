"""Lambda's Invoke: from the call to a process that runs the function, and back."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import FunctionConfiguration
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.execution_role import trusts_lambda
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.operations.sts import execution_session
from clearance.server.runtime.pool import Pool
from clearance.server.runtime.spec import (
    Credentials,
    FunctionSpec,
    InvocationRefused,
    Outcome,
    Throttled,
)
from clearance.server.world import World

__all__ = ["Functions"]

SYNCHRONOUS_LIMIT: Final = 6 * 1024 * 1024
ASYNCHRONOUS_LIMIT: Final = 1024 * 1024
RETRIES: Final = 2
LOG: Final = logging.getLogger("clearance.server")
TYPES: Final = ("RequestResponse", "Event", "DryRun")


@dataclass(slots=True)
class Functions:
    """The functions of one endpoint, running."""

    world: World
    pool: Pool
    endpoint_url: str = ""
    on_outcome: Callable[[FunctionSpec, Outcome], None] | None = None
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    async def invoke(self, estate: Estate, call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke's answer, by member name.

        Raises:
            OperationError: the function was not run; as Lambda words it.
        """
        kind = given.get("InvocationType") or "RequestResponse"
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
        if kind == "DryRun":
            return {"StatusCode": 204}
        _refuse_untrusted(estate, found, call)
        if kind == "Event":
            task = asyncio.create_task(self._run_later(estate, call, found, payload))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
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
        spec = self._spec(found)
        now = self.world.now

        def credentials() -> Credentials:
            issued = execution_session(
                estate, spec.role, spec.unqualified_arn, ports=self.world.ports, now=now()
            )
            return Credentials(
                issued.access_key_id,
                issued.secret_access_key,
                issued.session_token,
                issued.expiration,
            )

        try:
            outcome = await self.pool.invoke(
                spec,
                payload,
                credentials_for=credentials,
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

    async def _run_later(
        self, estate: Estate, call: Call, found: ResolvedFunction, payload: bytes
    ) -> None:
        """An asynchronous call: tried again twice when the function fails, then dropped."""
        for attempt in range(RETRIES + 1):
            try:
                outcome = await self.run(estate, call, found, payload)
            except OperationError:
                outcome = None
            if outcome is not None and outcome.function_error is None:
                return
            await asyncio.sleep(2**attempt)

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

    def _spec(self, found: ResolvedFunction) -> FunctionSpec:
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
            code_sha256=configuration.code_sha256,
            code=self.world.store.get_blob(configuration.code),
            timeout=configuration.timeout,
            memory_mb=configuration.memory,
            environment=configuration.environment,
            log_group=f"/aws/lambda/{name}",
            reserved_concurrency=found.function.reserved_concurrency,
        )

    def retire(self, before: Estate, after: Estate) -> None:
        """End the environments of functions that changed or whose role did."""
        self.pool.retire(lambda spec: _differs(spec, before, after))

    async def close(self) -> None:
        """Stop everything that runs."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
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
