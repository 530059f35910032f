"""The table of audit events: written, read, and cut at its old end.

The journal of changes is never cut: its rows carry the hash of those before. Events stand for
themselves, so the oldest may go. How old an event is, is measured by the newest one: an endpoint
that was off for a year does not wake up to an empty trail.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from clearance.store import audit
from clearance.store.audit import EventKeys
from clearance.store.port import EventQuery

__all__ = ["Retention", "insert", "prune", "read"]

_BATCH: Final = 2_000  # rows a transaction removes, so that no call waits long for it
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are kept, and how many; None is for ever.

    CloudTrail's own event history goes back 90 days. A million events take about 2 GB.
    """

    age: timedelta | None = timedelta(days=90)
    most: int | None = 1_000_000


def insert(database: sqlite3.Connection, events: Iterable[EventKeys]) -> None:
    """Write events, inside the caller's transaction."""
    marks = ", ".join("?" * len(audit.COLUMNS))
    database.executemany(
        f"INSERT INTO events ({', '.join(audit.COLUMNS)}) VALUES ({marks})",  # noqa: S608
        [keys.row for keys in events],
    )


def read(database: sqlite3.Connection, query: EventQuery) -> Iterator[dict[str, Any]]:
    """The events that match."""
    condition, values = audit.where(query)
    order = "DESC" if query.newest_first else "ASC"
    statement = (
        f"SELECT body FROM events WHERE {condition} "  # noqa: S608 (SQL of `audit.where`)
        f"ORDER BY time {order}, seq {order} LIMIT ? OFFSET ?"
    )
    limit = -1 if query.limit is None else query.limit
    for (body,) in database.execute(statement, (*values, limit, query.offset)):
        yield msgspec.json.decode(body)


def prune(database: sqlite3.Connection, retention: Retention) -> bool:
    """Remove some of the events that are too old or too many; True when there may be more."""
    first, last = database.execute("SELECT min(seq), max(seq) FROM events").fetchone()
    if first is None:
        return False
    removed = 0
    if retention.most is not None:
        # Rows go from the front only, so that the numbers count what is there.
        end = min(last - retention.most, first + _BATCH)
        removed += database.execute("DELETE FROM events WHERE seq <= ?", (end,)).rowcount
    if retention.age is not None:
        seconds = retention.age.days * 86_400 + retention.age.seconds
        removed += database.execute(
            "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE time < "
            "(SELECT max(time) FROM events) - ? ORDER BY time LIMIT ?)",
            (seconds * _MICROSECONDS, _BATCH),
        ).rowcount
    return removed >= _BATCH
