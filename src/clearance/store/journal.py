"""The journal: one row for each accepted change, each carrying a hash of all rows before it.

The hash finds rows that were torn, edited, removed or put in between. It is not a signature: who
can write the file and knows this code can forge a whole chain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.store.audit import instant
from clearance.store.changes import ABSENT, Change, apply, type_at
from clearance.store.codec import Codec
from clearance.store.port import Entry, HistoryQuery, Record

__all__ = [
    "START",
    "Damaged",
    "Head",
    "Row",
    "fold",
    "insert",
    "make_row",
    "places",
    "read_record",
    "rows_after",
    "rows_where",
    "verified",
    "where",
]

_COLUMNS: Final = "seq, time, who, account, service, operation, places, entry, changes, hash"

_LAST: Final = (1 << 63) - 1


class Damaged(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """A row is not what was written; ``seq`` is its number."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(
            f"row {seq} of the journal {why}; the rows before it are sound. Start with recovery "
            "to go on from there: the damaged file is kept beside the new one"
        )
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Head:
    """The last row's number and hash."""

    seq: int
    hash: bytes


START: Final = Head(0, b"")


class _StoredChange(msgspec.Struct, omit_defaults=True):
    path: tuple[str, ...]
    before: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    after: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_changes_decoder: Final = msgspec.json.Decoder(tuple[_StoredChange, ...])
_entry_decoder: Final = msgspec.json.Decoder(Entry)
_msgpack: Final = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is stored."""

    seq: int
    time: int
    who: str
    account: str
    service: str
    operation: str
    places: str
    entry: bytes
    changes: bytes
    hash: bytes

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of the columns but the hash."""
        return (
            self.seq,
            self.time,
            self.who,
            self.account,
            self.service,
            self.operation,
            self.places,
            self.entry,
            self.changes,
        )


def make_row(head: Head, entry: Entry, changes: Iterable[Change], codec: Codec) -> Row:
    """The row that follows another."""
    changes = tuple(changes)
    values = (
        head.seq + 1,
        instant(entry.when),
        entry.who,
        entry.account,
        entry.service,
        entry.operation,
        places(entry, changes),
        msgspec.json.encode(entry),
        msgspec.json.encode([_stored(change, codec) for change in changes]),
    )
    return Row(*values, hash=_hash(head.hash, values))


def insert(database: sqlite3.Connection, row: Row) -> None:
    """Write a row and move the head to it."""
    marks = ", ".join("?" * (len(row.values) + 1))
    database.execute(f"INSERT INTO journal ({_COLUMNS}) VALUES ({marks})", (*row.values, row.hash))  # noqa: S608
    database.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (row.seq, row.hash))


def rows_after(database: sqlite3.Connection, seq: int = 0, until: int = _LAST) -> Iterator[Row]:
    """The rows after one number and up to another, in order."""
    return rows_where(database, "seq > ? AND seq <= ?", (seq, until), newest_first=False)


def rows_where(
    database: sqlite3.Connection,
    condition: str,
    values: Iterable[Any],
    *,
    newest_first: bool,
    limit: int | None = None,
) -> Iterator[Row]:
    """The rows that meet a condition, which is SQL of this package and no text of a caller."""
    order = "DESC" if newest_first else "ASC"
    query = f"SELECT {_COLUMNS} FROM journal WHERE {condition} ORDER BY seq {order} LIMIT ?"  # noqa: S608
    for found in database.execute(query, (*values, -1 if limit is None else limit)):
        yield Row(*found)


def verified(rows: Iterable[Row], after: Head, until: Head | None = None) -> Iterator[Row]:
    """The same rows, each checked against the one before it; the last one must be the head."""
    last = after
    for row in rows:
        if row.seq != last.seq + 1:
            raise Damaged(last.seq + 1, "is missing")
        try:
            intact = row.hash == _hash(last.hash, row.values)
        except (TypeError, ValueError):
            intact = False
        if not intact:
            raise Damaged(row.seq, "is damaged: it is not what was written")
        last = Head(row.seq, row.hash)
        yield row
    if until is not None and last != until:
        raise Damaged(last.seq + 1, "is missing, and all rows after it")


def fold(estate: Estate, rows: Iterable[Row], codec: Codec) -> Estate:
    """The estate after the changes of all rows."""
    return apply(estate, (change for row in rows for change in _changes(row, codec, before=False)))


def read_record(row: Row, codec: Codec) -> Record:
    """The row as callers see it."""
    try:
        entry = _entry_decoder.decode(row.entry)
    except msgspec.MsgspecError as error:
        raise Damaged(row.seq, "cannot be read") from error
    return Record(row.seq, entry, tuple(_changes(row, codec)))


def places(entry: Entry, changes: Iterable[Change]) -> str:
    """What a search by resource finds: paths, entity names and ARNs, one a line."""
    names = [
        name
        for change in changes
        for name in ("/".join(change.path), change.path[-1], change.path[-1].rpartition("/")[2])
    ]
    return "".join(f"\n{name}" for name in dict.fromkeys([*names, *entry.resources])) + "\n"


def where(query: HistoryQuery) -> tuple[str, list[Any]]:
    """The query as an SQL condition and its arguments."""
    resource = None if query.resource is None else f"\n{query.resource}\n"
    wanted = (
        ("time >= ?", None if query.since is None else instant(query.since)),
        ("time < ?", None if query.until is None else instant(query.until)),
        ("who = ?", query.principal),
        ("account = ?", query.account),
        ("service = ?", query.service),
        ("operation = ?", query.operation),
        ("instr(places, ?)", resource),
    )
    parts = [condition for condition, value in wanted if value is not None]
    return " AND ".join(parts) or "1", [value for _, value in wanted if value is not None]


def _hash(before: bytes, values: tuple[Any, ...]) -> bytes:
    return sha256(before + _msgpack.encode(values)).digest()


def _stored(change: Change, codec: Codec) -> _StoredChange:
    kind = type_at(change.path)
    keep: Callable[[object], msgspec.Raw | msgspec.UnsetType] = lambda value: (  # noqa: E731
        msgspec.UNSET if value is ABSENT else msgspec.Raw(codec.encode(value, kind))
    )
    return _StoredChange(change.path, keep(change.before), keep(change.after))


def _changes(row: Row, codec: Codec, *, before: bool = True) -> Iterator[Change]:
    try:
        for stored in _changes_decoder.decode(row.changes):
            kind = type_at(stored.path)
            yield Change(
                stored.path,
                codec.decode(stored.before, kind)
                if before and isinstance(stored.before, msgspec.Raw)
                else ABSENT,
                codec.decode(stored.after, kind)
                if isinstance(stored.after, msgspec.Raw)
                else ABSENT,
            )
    except msgspec.MsgspecError as error:
        raise Damaged(row.seq, "cannot be read") from error
