"""All that a page may look at: snapshots of what is in force, and the trail of what happened.

Nothing here changes anything; that is what ``acting`` is for. What takes long runs in threads of
the console's own, so that calls are answered meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final, ParamSpec, TypeVar

from clearance.decide.compile import Engine
from clearance.decide.who import AccessIndex
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.server.console.feed import Feed
from clearance.server.console.turns import giving_way
from clearance.server.world import World
from clearance.store.port import Event, EventQuery, HistoryQuery, Record

__all__ = ["View"]

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = 2
_REMEMBERED: Final = 8


@dataclass(slots=True)
class View:
    """What is, for pages: the estate, the catalog, the clock, events, history, past estates.

    ``region`` is the one that hints name, ``folder`` that of the store.
    An estate is a value: a page that took one may keep it, it will not change under its hands.
    """

    _world: World
    feed: Feed
    region: str
    folder: Path
    _threads: ThreadPoolExecutor = field(init=False)
    _patient: ThreadPoolExecutor = field(init=False)
    _engine: tuple[Estate, Engine] | None = None
    _past: dict[datetime, Estate] = field(default_factory=dict)
    _names: tuple[Estate, tuple[str, ...]] | None = None
    _derived: dict[str, tuple[Estate, Any]] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)
    _guard: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="clearance-console")
        self._patient = ThreadPoolExecutor(THREADS, thread_name_prefix="clearance-console-long")

    @property
    def estate(self) -> Estate:
        """What is in force now."""
        return self._world.estate

    @property
    def catalog(self) -> Catalog:
        """AWS's actions, resource types and condition keys."""
        return self._world.catalog

    @property
    def now(self) -> datetime:
        """The time."""
        return self._world.now()

    @property
    def read_only(self) -> str | None:
        """Why nothing can be changed, or None when it can."""
        return self._world.store.read_only

    @property
    def audit_only(self) -> bool:
        """True when nothing is denied and denials are only recorded."""
        return self._world.manner.audit_only

    def engine(self) -> Engine:
        """A compiled engine of what is in force; made anew only after a change."""
        estate = self.estate
        if self._engine is None or self._engine[0] is not estate:
            self._engine = estate, Engine(estate, catalog=self.catalog)
        return self._engine[1]

    def index(self) -> AccessIndex:
        """What is in force, indexed for questions about everybody. Takes long: use `aside`."""
        return self.derived("index", lambda estate: AccessIndex(estate, catalog=self.catalog))

    def derived(self, name: str, make: Callable[[Estate], R]) -> R:
        """Something made of what is in force, under a name; made anew only after a change."""
        with self._guard:
            lock = self._locks.setdefault(name, Lock())
        with lock:  # two pages that ask for the same wait for one of them to make it
            estate = self.estate
            held = self._derived.get(name)
            if held is None or held[0] is not estate:
                held = self._derived[name] = estate, make(estate)
        made: R = held[1]
        return made

    def events(self, query: EventQuery) -> list[Event]:
        """Audit events; give a limit. Reads the disk: call it through `aside`."""
        return list(self._world.store.events(query))

    def stream(self, query: EventQuery) -> Iterator[Event]:
        """The same one by one, for who stops early."""
        return self._world.store.events(query)

    def trail(self, query: EventQuery) -> Iterator[Event]:
        """The same one by one, for those who want many."""
        return self._world.store.events(query)

    def history(self, query: HistoryQuery) -> list[Record]:
        """Journal records; give a limit. Reads the disk: call it through `aside`."""
        return list(self._world.store.history(query))

    def journal(self, query: HistoryQuery) -> Iterator[Record]:
        """The same one by one, for those who stop when they have enough."""
        return self._world.store.history(query)

    def steps(self, first: int) -> Iterator[tuple[Record, Estate, Estate]]:
        """Records from one on with the estates around them. Reads the disk: use `aside`."""
        return self._world.store.steps(first)

    def at(self, time: datetime) -> Estate:
        """The estate as it was. Reads the disk: call it through `aside`."""
        found = self._past.get(time)
        if found is None:
            found = self._world.store.at(time)
            while len(self._past) >= _REMEMBERED:
                self._past.pop(next(iter(self._past)), None)
            self._past[time] = found
        return found

    def principals(self) -> tuple[str, ...]:
        """The ARNs of every root user, user and role, sorted by account and name."""
        estate = self.estate
        if self._names is None or self._names[0] is not estate:
            self._names = estate, tuple(_principals(estate))
        return self._names[1]

    async def aside(self, work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """Do something that takes a while in a thread; the event loop goes on."""
        return await _in(self._threads, partial(work, *args, **named))

    async def at_length(self, work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """The same for what may take minutes: it keeps no page from what is soon done."""
        return await _in(self._patient, partial(work, *args, **named))

    def close(self) -> None:
        """Let go of the threads."""
        for threads in (self._threads, self._patient):
            threads.shutdown(wait=False, cancel_futures=True)


async def _in(threads: ThreadPoolExecutor, work: Callable[[], R]) -> R:
    def gently() -> R:
        with giving_way():
            return work()

    return await asyncio.get_running_loop().run_in_executor(threads, gently)


def _principals(estate: Estate) -> Iterable[str]:
    for account in estate.accounts.values():
        yield account.root_arn
        yield from sorted(account.user_arn(user) for user in account.users.values())
        yield from sorted(account.role_arn(role) for role in account.roles.values())
