"""Asynchronous invocations: accepted, tried, tried again, and their results sent on.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from clearance.model.errors import StoreError
from clearance.model.function import EventInvokeConfig
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.resolve import LATEST, ResolvedFunction, resolve
from clearance.server.lambda_.destinations import Result, record_of, send_dead_letter, send_record
from clearance.server.lambda_.pace import Pace
from clearance.server.lambda_.queue import Pending, Queue
from clearance.server.lambda_.role_calls import CallFailed, RoleCalls, Runner
from clearance.server.runtime.spec import Outcome
from clearance.server.world import World

__all__ = ["Later", "Run"]

Run: TypeAlias = Callable[[ResolvedFunction, bytes, str], Awaitable[Outcome]]
LOG: Final = logging.getLogger("clearance.server")
RETRIES: Final = 2
MAXIMUM_AGE: Final = 21600
AT_ONCE: Final = 32
_THROTTLED: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(slots=True)
class Later:
    """The asynchronous invocations of one endpoint; ``run`` runs a function once."""

    world: World
    calls: RoleCalls
    queue: Queue
    pace: Pace
    run: Run
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def accept(self, function: str, event: bytes, request_id: str) -> None:
        """Take an event; it is not lost when this returns.

        Raises:
            OperationError: it could not be kept.
        """
        pending = Pending(request_id, function, event, self.world.now())
        try:
            await asyncio.to_thread(self.queue.put, pending)
        except StoreError as error:
            raise OperationError("ServiceException", str(error), 500) from error
        self._start(pending)

    async def resume(self) -> None:
        """Take up what an earlier process left."""
        for pending in await asyncio.to_thread(lambda: list(self.queue.left())):
            self._start(pending)

    async def close(self) -> None:
        """Stop; what is not settled stays in the queue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, pending: Pending) -> None:
        task = asyncio.create_task(self._work(pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, pending: Pending) -> None:
        try:
            await self._settle(pending)
        except Exception:  # one bad event must not keep the others waiting
            LOG.exception("the event %s of `%s` failed", pending.request_id, pending.function)
        await asyncio.to_thread(self.queue.remove, pending)

    async def _settle(self, pending: Pending) -> None:
        """Try until the function takes the event, or its attempts or its time are used up."""
        throttled, outcome = self.pace.throttled, None
        while True:
            found = self._found(pending)
            if found is None:
                return  # deleted meanwhile, and its settings with it
            settings = _settings(found)
            # "Lambda sends any events … without retries" when nothing may run (the page above).
            stopped = found.function.reserved_concurrency == 0
            age = (self.world.now() - pending.accepted).total_seconds()
            if age > _age(settings) or stopped:
                why = "RetriesExhausted" if stopped else "EventAgeExceeded"
                await self._tell(found, pending, why, outcome)
                return
            try:
                async with self._room:
                    outcome = await self.run(found, pending.event, pending.request_id)
            except OperationError as error:
                if error.status == _THROTTLED or error.status >= _SERVER_ERROR:
                    await asyncio.sleep(throttled)
                    throttled = min(2 * throttled, self.pace.throttled_most)
                    continue
                LOG.warning("`%s` could not be run: %s", pending.function, error.message)
                outcome = None
            pending = replace(pending, attempts=pending.attempts + 1)
            if outcome is not None and outcome.function_error is None:
                await self._tell(found, pending, "Success", outcome)
                return
            if pending.attempts > _retries(settings):
                await self._tell(found, pending, "RetriesExhausted", outcome)
                return
            await asyncio.to_thread(self.queue.put, pending)
            waits = self.pace.retries
            await asyncio.sleep(waits[min(pending.attempts, len(waits)) - 1] if waits else 0)

    def _found(self, pending: Pending) -> ResolvedFunction | None:
        parts = pending.function.split(":")
        try:
            return resolve(
                self.world.estate,
                parts[4],
                parts[3],
                pending.function,
                draw=random.random(),  # noqa: S311 - a share of traffic, not a secret
            )
        except OperationError:
            return None

    async def _tell(
        self, found: ResolvedFunction, pending: Pending, condition: str, outcome: Outcome | None
    ) -> None:
        """Send the result to the destination, and a failed event to the dead-letter queue."""
        settings, configuration = _settings(found), found.configuration
        result = Result(
            condition,
            pending.request_id,
            pending.function if found.qualifier else f"{found.unqualified_arn}:{LATEST}",
            pending.attempts,
            pending.event,
            outcome,
        )
        who = Runner(configuration.role, found.unqualified_arn)
        target = None
        if settings is not None:
            target = settings.on_success if result.succeeded else settings.on_failure
        try:
            if target:
                record = record_of(result, self.world.now())
                await send_record(self.calls, who, target, record, succeeded=result.succeeded)
            if configuration.dead_letter_arn and not result.succeeded:
                await send_dead_letter(self.calls, who, configuration.dead_letter_arn, result)
        except CallFailed as error:
            LOG.warning(
                "the result of `%s` could not be sent on: %s: %s",
                pending.function,
                error.code,
                error,
            )


def _settings(found: ResolvedFunction) -> EventInvokeConfig | None:
    """What is set for the function, version or alias that was invoked."""
    qualifier = "" if found.qualifier == LATEST else found.qualifier
    return found.function.event_invoke.get(qualifier)


def _retries(settings: EventInvokeConfig | None) -> int:
    wanted = settings.maximum_retry_attempts if settings else None
    return RETRIES if wanted is None else wanted


def _age(settings: EventInvokeConfig | None) -> int:
    wanted = settings.maximum_event_age if settings else None
    return MAXIMUM_AGE if wanted is None else wanted
