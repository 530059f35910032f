"""The durable store: a folder with a SQLite journal, blobs, a key and a lock.

    DIR/journal.db   every accepted change, checkpoints of the estate, the audit trail
    DIR/blobs/       function packages and the like, see `blobs`
    DIR/bodies/      large objects of S3, see `contents`
    DIR/key          what secrets and session tokens are sealed with, see `seal`
    DIR/lock         held by the one process that writes, see `lock`

The estate is a fold of the journal; checkpoints only make starting fast, and a damaged one is
passed over. A change is one transaction, on the disk when `commit` returns. Audit events of calls
that changed nothing are gathered for at most 50 ms and written together.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.store import DATABASE_FILE, audit, checkpoints, events, journal, recovery
from clearance.store.audit import EventKeys
from clearance.store.blobs import Blobs
from clearance.store.changes import apply, diff
from clearance.store.codec import Codec, fingerprint
from clearance.store.contents import BODIES, Bodies, Contents, Kept, Piece, Place
from clearance.store.database import (
    Unwritable,
    connect,
    connect_reader,
    plainly,
    transaction,
)
from clearance.store.events import Retention
from clearance.store.gather import Gather
from clearance.store.journal import Head
from clearance.store.lock import FolderLock
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
from clearance.store.seal import KEY_FILE, Sealer
from clearance.store.trail import Trail

__all__ = ["DATABASE_FILE", "SqliteStore"]

_BLOBS: Final = "blobs"

# A checkpoint is due once as many bytes of changes were written as the last one had: the space for
# checkpoints stays below that of the journal, and a start reads at most twice the estate.
_CHECKPOINT_BYTES: Final = 1 << 20
_CHECKPOINT_ON_CLOSE_BYTES: Final = 1 << 16
_PRUNE_EVENTS: Final = 1_000

log: Final = logging.getLogger("clearance.store")


class SqliteStore:
    """A store in a folder; see `clearance.store.port.Store` for what it promises."""

    def __init__(
        self,
        folder: Path,
        sealer: Sealer,
        lock: FolderLock | None,
        why: str,
        retention: Retention | None = None,
    ) -> None:
        """Use `open`."""
        self.folder = folder
        self.path = folder / DATABASE_FILE
        self.sealer = sealer
        self._codec = Codec(sealer)
        self._blobs = Blobs(folder / _BLOBS)
        self._contents = Contents(sealer, Bodies(folder / BODIES))
        self._gather = Gather(self._write_contents)
        self._lock = lock
        self._why_read_only: str | None = why or None
        self._writing = RLock()
        self._database: sqlite3.Connection | None = None
        self._trail: Trail | None = None
        self._estate = Estate()
        self._head = journal.START
        self._retention = retention or Retention()
        self._written = _PRUNE_EVENTS  # events since old ones were let go; the first time soon
        self._unsaved = 0  # bytes of changes since the last checkpoint
        self._checkpoint_size = 0
        self._closed = False

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        read_only: bool = False,
        recover: bool = False,
        retention: Retention | None = None,
    ) -> Self:
        """Open a data folder, creating it if need be.

        A folder that cannot be written is opened for reading, with a warning that says why. With
        ``recover`` a damaged database is set aside and what is sound in it is carried over.
        ``retention`` says which audit events are kept.
        """
        folder = Path(folder)
        if read_only:
            return cls._read(folder, "it was opened for reading")
        lock = None
        try:
            with plainly(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = FolderLock(folder)
            return cls._write(folder, lock, recover, retention or Retention())
        except Unwritable as error:
            if lock is not None:
                lock.release()
            if not (folder / DATABASE_FILE).exists():
                raise
            log.warning("%s; the store is open for reading only, changes are refused", error)
            return cls._read(folder, str(error))
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def _write(
        cls,
        folder: Path,
        lock: FolderLock,
        recover: bool,  # noqa: FBT001
        retention: Retention,
    ) -> Self:
        path = folder / DATABASE_FILE
        fresh = not path.exists() or path.stat().st_size == 0
        sealer = Sealer.from_folder(folder, create=fresh)
        if recover and not fresh:
            saved = recovery.recover(path)
            if saved is not None:
                log.warning("%s", saved)
        store = cls(folder, sealer, lock, "", retention)
        store._database = connect(path)
        try:
            store._start(store._database)
        except BaseException:
            store._database.close()
            raise
        return store

    @classmethod
    def _read(cls, folder: Path, why: str) -> Self:
        if not (folder / DATABASE_FILE).exists():
            raise StoreError(f"no data of Clearance in `{folder}`")
        store = cls(folder, Sealer.from_folder(folder, create=False), None, why)
        with connect_reader(store.path) as database:
            store._load(database)
        return store

    # --- starting ---------------------------------------------------------------------------------

    def _start(self, database: sqlite3.Connection) -> None:
        with plainly(self.path):
            self._load(database)
            with transaction(database):
                database.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    (("key", self.sealer.key_id), ("shape", fingerprint(Estate))),
                )
            self._contents.sweep(database)
        self._trail = Trail(self._write_events, self._tend)

    def _load(self, database: sqlite3.Connection) -> None:
        with plainly(self.path):
            meta = dict(database.execute("SELECT key, value FROM meta"))
            if meta.get("key", self.sealer.key_id) != self.sealer.key_id:
                raise StoreError(
                    f"`{self.folder / KEY_FILE}` is not the key this store was written with; put "
                    "the right key back"
                )
            found = database.execute("SELECT seq, hash FROM head").fetchone()
            self._head = Head(*found) if found else journal.START
            # Written by a Clearance with other fields: what this one does not know must not be
            # dropped in silence.
            strict = meta.get("shape", fingerprint(Estate)) != fingerprint(Estate)
            codec = replace(self._codec, strict=strict)
            self._estate, start, self._checkpoint_size = checkpoints.last(
                database, self._head.seq, codec
            )
            rows = journal.verified(journal.rows_after(database, start.seq), start, self._head)
            self._estate = journal.fold(self._estate, self._counted(rows), codec)

    def _counted(self, rows: Iterator[journal.Row]) -> Iterator[journal.Row]:
        for row in rows:
            self._unsaved += len(row.changes)
            yield row

    # --- the estate -------------------------------------------------------------------------------

    @property
    def read_only(self) -> str | None:
        """Why the store takes no changes, or None when it does."""
        return "it is closed" if self._closed else self._why_read_only

    def load(self) -> Estate:
        """The current estate."""
        return self._estate

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
        self._gather.join(())()  # what was to be kept before is kept before
        with self._writing:
            database = self._open_database()
            if before is not self._estate:
                raise Conflict(
                    "the estate was changed by another call in between; nothing was kept"
                )
            keys = None if event is None else EventKeys.of(event)
            changes = diff(before, after)
            if changes:
                row = journal.make_row(self._head, entry, changes, self._codec)
                with self._keeping(database, contents):
                    journal.insert(database, row)
                    if keys is not None:
                        events.insert(database, [keys])
                self._head = Head(row.seq, row.hash)
                self._unsaved += len(row.changes)
            elif contents:
                with self._keeping(database, contents):
                    pass
            self._estate = after
            seq = self._head.seq
        # Outside the lock: the trail's thread takes its own lock first and this one second.
        if self._trail is not None and not changes and keys is not None:
            self._trail.add(keys)
        if self._trail is not None and self._is_checkpoint_due:
            self._trail.wake()
        return seq

    def at(self, time: datetime) -> Estate:
        """The estate as it was at a moment."""
        with connect_reader(self.path) as database:
            (seq,) = database.execute(
                "SELECT coalesce(max(seq), 0) FROM journal WHERE time <= ?", (audit.instant(time),)
            ).fetchone()
            estate, start, _ = checkpoints.last(database, seq, self._codec)
            rows = journal.rows_after(database, start.seq, seq)
            return journal.fold(estate, journal.verified(rows, start), self._codec)

    def history(self, query: HistoryQuery = WHOLE_HISTORY) -> Iterator[Record]:
        """The journal's records that match."""
        condition, values = journal.where(query)
        with connect_reader(self.path) as database:
            for row in journal.rows_where(
                database, condition, values, limit=query.limit, newest_first=query.newest_first
            ):
                yield journal.read_record(row, self._codec)

    def steps(self, first: int = 1) -> Iterator[tuple[Record, Estate, Estate]]:
        """Every record from this one on, oldest first, with the estate before and after it."""
        with connect_reader(self.path) as database:
            estate, start, _ = checkpoints.last(database, first - 1, self._codec)
            rows = journal.verified(journal.rows_after(database, start.seq), start)
            earlier = islice(rows, first - 1 - start.seq)
            estate = journal.fold(estate, earlier, self._codec)
            for row in rows:
                record = journal.read_record(row, self._codec)
                before, estate = estate, apply(estate, record.changes)
                yield record, before, estate

    def verify(self) -> int:
        """Check every row of the journal; answers how many there are, or raises `Damaged`."""
        with connect_reader(self.path) as database:
            found = database.execute("SELECT seq, hash FROM head").fetchone()
            head = Head(*found) if found else journal.START
            return sum(
                1 for _ in journal.verified(journal.rows_after(database), journal.START, head)
            )

    # --- contents of other services ---------------------------------------------------------------

    def keep(self, pieces: Sequence[Piece]) -> Callable[[], None]:
        """Keep contents of other services; durable when what is answered has returned."""
        self._open_database()
        return self._gather.join(pieces)

    def contents(self, under: Place = ()) -> Iterator[Kept]:
        """The contents that lie under a place, or all, in the order in which they first were."""
        with connect_reader(self.path) as database:
            yield from self._contents.rows(database, under)

    def _write_contents(self, pieces: list[Piece]) -> None:
        if pieces:
            with self._writing, self._keeping(self._open_database(), pieces):
                pass

    @contextmanager
    def _keeping(self, database: sqlite3.Connection, pieces: Sequence[Piece]) -> Iterator[None]:
        """A transaction that keeps contents and whatever else its block writes."""
        bodies = self._contents.bodies
        with plainly(self.path):
            names = [None if p.body is None else bodies.write(p.body) for p in pieces]
            with transaction(database):
                yield
                gone = self._contents.write(database, pieces, names)
        bodies.retire(gone)

    # --- the audit trail --------------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Keep an audit event of a call that changed nothing; durable within 50 ms."""
        if self._trail is not None:
            self._trail.add(EventKeys.of(event))

    def events(self, query: EventQuery = EVERY_EVENT) -> Iterator[dict[str, Any]]:
        """The audit events that match."""
        if self._trail is not None:
            self._trail.flush()
        with connect_reader(self.path) as database:
            yield from events.read(database, query)

    def _write_events(self, waiting: list[EventKeys]) -> None:
        with self._writing, plainly(self.path):
            database = self._open_database()
            with transaction(database):
                events.insert(database, waiting)
        self._written += len(waiting)

    # --- keeping house ----------------------------------------------------------------------------

    def _tend(self) -> None:
        """Write a checkpoint if one is due, let old things go; runs beside the calls."""
        self._contents.bodies.clear()
        if self._written >= _PRUNE_EVENTS:
            self._written = 0
            self._prune()
        if self._is_checkpoint_due:
            self._save_checkpoint()

    def _prune(self) -> None:
        more = True
        while more and self._database is not None:
            with self._writing, plainly(self.path):
                database = self._open_database()
                with transaction(database):
                    more = events.prune(database, self._retention)

    @property
    def _is_checkpoint_due(self) -> bool:
        return self._unsaved >= max(_CHECKPOINT_BYTES, self._checkpoint_size)

    def _save_checkpoint(self) -> None:
        with self._writing:
            estate, head, unsaved = self._estate, self._head, self._unsaved
        state = self._codec.encode(estate, Estate)
        with self._writing, plainly(self.path):
            database = self._open_database()
            with transaction(database):
                checkpoints.save(database, head, state)
            self._checkpoint_size = len(state)
            self._unsaved -= unsaved

    def _open_database(self) -> sqlite3.Connection:
        if self._database is None:
            raise ReadOnly(f"the store in `{self.folder}` takes no changes: {self.read_only}")
        return self._database

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        self._open_database()
        return self._blobs.put(content)

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""
        return self._blobs.get(name)

    def close(self) -> None:
        """Write what waits and let go of the files; closing twice is harmless."""
        if self._trail is not None:
            self._trail.close()
            self._trail = None
        with self._writing:
            if self._database is not None:
                if self._unsaved >= _CHECKPOINT_ON_CLOSE_BYTES:
                    with suppress(StoreError):
                        self._save_checkpoint()
                self._database.close()
                self._database = None
            self._closed = True
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def __enter__(self) -> Self:
        """Use the store in a ``with`` block."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it at the end."""
        self.close()
