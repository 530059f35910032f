"""A store that ends with the process: for tests, examples and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from threading import RLock
from typing import Any, Self

import msgspec

from clearance.model.estate import Estate
from clearance.store import journal
from clearance.store.audit import EventKeys, instant, matches
from clearance.store.blobs import MemoryBlobs
from clearance.store.changes import diff
from clearance.store.contents import Kept, MemoryContents, Piece, Place
from clearance.store.port import (
    EVERY_EVENT,
    WHOLE_HISTORY,
    Conflict,
    Entry,
    Event,
    EventQuery,
    HistoryQuery,
    ReadOnly,
    Record,
)

__all__ = ["MemoryStore"]


class MemoryStore:
    """A store in memory; see `clearance.store.port.Store` for what it promises."""

    def __init__(self, estate: Estate | None = None) -> None:
        self._states: list[Estate] = [estate or Estate()]
        self._records: list[Record] = []
        self._events: list[EventKeys] = []
        self._blobs = MemoryBlobs()
        self._contents = MemoryContents()
        self._writing = RLock()
        self._closed = False

    @property
    def read_only(self) -> str | None:
        """Why the store takes no changes, or None when it does."""
        return "it is closed" if self._closed else None

    def load(self) -> Estate:
        """The current estate."""
        return self._states[-1]

    def commit(
        self,
        before: Estate,
        after: Estate,
        *,
        entry: Entry,
        event: Event | None = None,
        contents: Sequence[Piece] = (),
    ) -> int:
        """Keep a change, its audit event and contents together; answers the journal's number."""
        with self._writing:
            if self._closed:
                raise ReadOnly("the store takes no changes: it is closed")
            if before is not self._states[-1]:
                raise Conflict(
                    "the estate was changed by another call in between; nothing was kept"
                )
            instant(entry.when)
            changes = diff(before, after)
            if event is not None:
                self.record(event)
            self._contents.write(contents)
            if changes:
                self._records.append(Record(len(self._records) + 1, entry, changes))
                self._states.append(after)
            else:
                self._states[-1] = after
            return len(self._records)

    def keep(self, pieces: Sequence[Piece]) -> Callable[[], None]:
        """Keep contents of other services."""
        with self._writing:
            if self._closed:
                raise ReadOnly("the store takes no changes: it is closed")
            self._contents.write(pieces)
        return lambda: None

    def contents(self, under: Place = ()) -> Iterator[Kept]:
        """The contents that lie under a place, or all, in the order in which they first were."""
        return self._contents.rows(under)

    def record(self, event: Event) -> None:
        """Keep an audit event of a call that changed nothing."""
        self._events.append(EventKeys.of(event))

    def events(self, query: EventQuery = EVERY_EVENT) -> Iterator[dict[str, Any]]:
        """The audit events that match."""
        found = [
            (keys.time, i, keys) for i, keys in enumerate(self._events) if matches(keys, query)
        ]
        found.sort(key=lambda item: item[:2], reverse=query.newest_first)
        end = None if query.limit is None else query.offset + query.limit
        for _, _, keys in islice(found, query.offset, end):
            yield msgspec.json.decode(keys.body)

    def history(self, query: HistoryQuery = WHOLE_HISTORY) -> Iterator[Record]:
        """The journal's records that match."""
        records = reversed(self._records) if query.newest_first else iter(self._records)
        yield from islice((r for r in records if _wanted(r, query)), query.limit)

    def steps(self, first: int = 1) -> Iterator[tuple[Record, Estate, Estate]]:
        """Every record from this one on, oldest first, with the estate before and after it."""
        for record in self._records[max(first, 1) - 1 :]:
            yield record, self._states[record.seq - 1], self._states[record.seq]

    def at(self, time: datetime) -> Estate:
        """The estate as it was at a moment."""
        return self._states[max((r.seq for r in self._records if r.entry.when <= time), default=0)]

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        return self._blobs.put(content)

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""
        return self._blobs.get(name)

    def close(self) -> None:
        """Take no more changes."""
        self._closed = True

    def __enter__(self) -> Self:
        """Use the store in a ``with`` block."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it at the end."""
        self.close()


def _wanted(record: Record, query: HistoryQuery) -> bool:
    entry = record.entry
    return (
        (query.since is None or entry.when >= query.since)
        and (query.until is None or entry.when < query.until)
        and query.principal in {None, entry.who}
        and query.account in {None, entry.account}
        and query.service in {None, entry.service}
        and query.operation in {None, entry.operation}
        and (
            query.resource is None
            or f"\n{query.resource}\n" in journal.places(entry, record.changes)
        )
    )
