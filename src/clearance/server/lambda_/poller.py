"""Event source mappings at work: one task for each enabled mapping, with its role's permissions.

Reading goes through our own endpoint, so it is authorized and recorded. To not fill the audit
trail with looks into empty queues, a source that was read once is asked again only when it holds
something, or when reading failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.event_source import EventSourceMapping
from clearance.server.lambda_.pace import Pace
from clearance.server.lambda_.role_calls import CallFailed, RoleCalls
from clearance.server.lambda_.sources import SOURCES, Length, Run, Source, position_of
from clearance.server.world import World
from clearance.store.contents import Piece

__all__ = ["Poller"]

LOG: Final = logging.getLogger("clearance.server")
_LONGEST: Final = 12
_NOTHING_YET: Final = "No records processed"


@dataclass(slots=True)
class Poller:
    """The mappings of one endpoint.

    ``run`` runs a function once, ``length`` tells how much a source holds.
    """

    world: World
    calls: RoleCalls
    pace: Pace
    run: Run
    length: Length = lambda _: None
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _known: dict[str, EventSourceMapping] = field(default_factory=dict)
    _results: dict[str, str] = field(default_factory=dict)

    async def watch(self) -> None:
        """Start and stop tasks as mappings come, change and go; for ever."""
        seen: Estate | None = None
        while True:
            if self.world.estate is not seen:
                seen = self.world.estate
                self._follow(seen)
            await asyncio.sleep(self.pace.poll / 2)

    async def close(self) -> None:
        """Read no more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def shown(self, output: Mapping[str, Any]) -> Mapping[str, Any]:
        """An answer with what became of each mapping's last batch."""
        if "EventSourceMappings" in output:
            listed = [self.shown(mapping) for mapping in output["EventSourceMappings"]]
            return {**output, "EventSourceMappings": listed}
        if "EventSourceMappingArn" in output:
            result = self._results.get(output["UUID"], _NOTHING_YET)
            return {**output, "LastProcessingResult": result}
        return output

    def _follow(self, estate: Estate) -> None:
        wanted = {
            mapping.uuid: mapping
            for account in estate.accounts.values()
            for mapping in account.event_sources.values()
            if mapping.enabled
        }
        for uuid in [u for u, known in self._known.items() if wanted.get(u) is not known]:
            self._tasks.pop(uuid).cancel()
            known = self._known.pop(uuid)
            there = (uuid in account.event_sources for account in estate.accounts.values())
            if not any(there) and not self.world.store.read_only:
                self.world.store.keep([Piece(position_of(known))])  # with whatever comes next
        for uuid, mapping in wanted.items():
            if uuid not in self._known:
                self._known[uuid] = mapping
                self._tasks[uuid] = asyncio.create_task(self._read(mapping))

    async def _read(self, mapping: EventSourceMapping) -> None:
        """Read one source for ever."""
        kind = SOURCES.get(mapping.source.split(":")[2])
        if kind is None:
            served = ", ".join(SOURCES)
            self._note(mapping, f"PROBLEM: this endpoint reads events only from {served}")
            return
        source: Source = kind(self.world, self.calls, self.run, mapping, self.length)
        refused = 0
        while True:
            pause = self.pace.poll
            try:
                if await source.waits():
                    result = await source.batch()
                    refused = 0
                    if result is not None:
                        self._note(mapping, result)
                        pause = 0.0 if result == "OK" else self.pace.failed
            except CallFailed as error:
                self._note(mapping, f"PROBLEM: {error}" if str(error) else f"PROBLEM: {error.code}")
                # Each refusal is in the audit trail: not one every few seconds for days.
                pause = self.pace.failed * min(2**refused, _LONGEST)
                refused = min(refused + 1, _LONGEST)
            except Exception:  # one bad source must not keep the others waiting
                LOG.exception("the event source `%s` failed", mapping.source)
                self._note(mapping, "PROBLEM: internal error")
                pause = self.pace.failed
            await asyncio.sleep(pause)

    def _note(self, mapping: EventSourceMapping, result: str) -> None:
        if result != "OK" and self._results.get(mapping.uuid) != result:
            LOG.warning("event source mapping %s: %s", mapping.uuid, result)
        self._results[mapping.uuid] = result
