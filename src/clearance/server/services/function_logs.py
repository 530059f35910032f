"""What functions print, in CloudWatch Logs: if their execution roles may write it there."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from clearance.model.principal import Session
from clearance.operations.permissions.permission import Permission
from clearance.operations.sts.assume_role import find_role, session_of
from clearance.server.authorize import decide_all
from clearance.server.runtime.spec import FunctionSpec, LogEvent, Outcome
from clearance.server.services.behind import Behind, backend
from clearance.server.services.contents.keeper import Keeper
from clearance.server.services.deliver import Run
from clearance.server.services.mirror import mirrored
from clearance.server.services.reading import read
from clearance.server.world import World
from clearance.store.port import Entry

__all__ = ["FunctionLogs"]

LOG: Final = logging.getLogger("clearance.server.services")
# As many invocations are remembered until somebody first asks for one of the services.
_WAITING: Final = 1000


@dataclass(frozen=True, slots=True)
class _Page:
    """What one invocation printed."""

    account: str
    region: str
    role: str
    function: str
    group: str
    stream: str
    events: Sequence[LogEvent]

    @property
    def arn(self) -> str:
        """The log group."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.group}"


@dataclass(slots=True)
class FunctionLogs:
    """The function logs of one endpoint."""

    world: World
    behind: Behind
    run: Run
    keeper: Keeper
    _waiting: deque[_Page] = field(default_factory=lambda: deque(maxlen=_WAITING))
    _writing: asyncio.Task[None] | None = None

    def keep(self, spec: FunctionSpec, outcome: Outcome) -> None:
        """Keep what an invocation printed; it is written beside the calls."""
        if not outcome.log_events or not self.behind.installed():
            return
        stream = outcome.log_stream
        self._waiting.append(
            _Page(
                spec.account, spec.region, spec.role, spec.unqualified_arn,
                spec.log_group, stream, outcome.log_events,
            )
        )  # fmt: skip
        self.flush()

    def flush(self) -> None:
        """Write what waits, once moto is there."""
        if self.behind.held and self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Stop writing."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self) -> None:
        while self._waiting:
            page = self._waiting.popleft()
            try:
                await self._page(page)
            except Exception:  # logs must not take anything along
                LOG.exception("the log of `%s` could not be written", page.function)

    async def _page(self, page: _Page) -> None:
        groups = await self.run(read, "logs", page.account, page.region)
        if page.arn not in groups:
            if not self._may(page, "logs:CreateLogGroup", page.arn):
                return
            await self._make(page)
        stream = f"{page.arn}:log-stream:{page.stream}"
        if self._may(page, "logs:CreateLogStream", page.arn) and self._may(
            page, "logs:PutLogEvents", stream
        ):
            given = {"logGroupName": page.group, "logStreamName": page.stream}
            place = ("logs", page.account, page.region, "PutLogEvents", given)
            await self.run(self.keeper.acting, *place, lambda: _put(page))

    async def _make(self, page: _Page) -> None:
        """Make the log group, and keep that it is there."""
        async with self.world.lock:
            before = self.world.estate
            held = await self.run(read, "logs", page.account, page.region)
            await self.run(_group, page)
            holds = await self.run(read, "logs", page.account, page.region)
            after = mirrored(before, page.account, held, holds)
            entry = Entry(
                self.world.now(), page.function, page.account, page.region, "logs", "CreateLogGroup"
            )
            pieces = await self.run(self.keeper.changed, "logs", page.account)
            await self.world.commit(after, entry=entry, contents=pieces)

    def _may(self, page: _Page, action: str, resource: str) -> bool:
        estate, now = self.world.estate, self.world.now()
        found = find_role(estate, page.role)
        if found is None:
            return False
        account, role = found
        session = Session(issued=now, mfa=False, source_function_arn=page.function)
        who = session_of(account, role, page.function.rsplit(":", 1)[-1], session)
        permission = Permission(action, resource, resource_account=page.account)
        (answer,) = decide_all(estate, who, [permission], {}, now)
        return answer.decision.allowed


def _group(page: _Page) -> None:
    held = backend("logs", page.account, page.region)
    if page.group not in held.groups:
        held.create_log_group(page.group, {})


def _put(page: _Page) -> None:
    held: Any = backend("logs", page.account, page.region)
    if page.stream not in held.groups[page.group].streams:
        held.create_log_stream(page.group, page.stream)
    events = [{"timestamp": _milliseconds(e.timestamp), "message": e.message} for e in page.events]
    held.put_log_events(page.group, page.stream, events)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
