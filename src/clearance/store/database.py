"""The SQLite file: its schema, its versions, how it is opened, and its errors in plain words."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from clearance.model.errors import StoreError

__all__ = ["SCHEMA", "Corrupt", "Unwritable", "connect", "connect_reader", "plainly", "transaction"]

# "CLRC": told apart from other SQLite files by the application ID in the header.
_APPLICATION: Final = 0x434C5243
_MAGIC: Final = b"SQLite format 3\0"
_BUSY_SECONDS: Final = 10.0

# MIGRATIONS[n] turns schema n into n + 1; an empty file is schema 0.
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        # The last row's number and hash: without it, rows cut off the end would not be missed.
        "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER, hash BLOB)",
        """CREATE TABLE journal (
             seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL,
             account TEXT NOT NULL, service TEXT NOT NULL, operation TEXT NOT NULL,
             places TEXT NOT NULL, entry BLOB NOT NULL, changes BLOB NOT NULL, hash BLOB NOT NULL)
        """,
        "CREATE INDEX journal_time ON journal (time)",
        """CREATE TABLE checkpoints (
             seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, state BLOB NOT NULL, sum BLOB NOT NULL)
        """,
        """CREATE TABLE events (
             seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
             source TEXT NOT NULL, principal TEXT NOT NULL, username TEXT NOT NULL,
             access_key TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
             read_only INTEGER NOT NULL, denied INTEGER NOT NULL, resources TEXT NOT NULL,
             types TEXT NOT NULL, body BLOB NOT NULL)
        """,
        "CREATE INDEX events_time ON events (time)",
        "CREATE INDEX events_principal ON events (principal, time)",
        "CREATE INDEX events_name ON events (name, time)",
    ),
    (
        """CREATE TABLE contents (
             number INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, value BLOB NOT NULL, file TEXT)
        """,
    ),
)
SCHEMA: Final = len(MIGRATIONS)


class Corrupt(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """The file is damaged, or no database at all."""


class Unwritable(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """The file or its disk takes no writes; it may still be read."""


# SQLite's primary result codes, the low byte of the extended ones (sqlite.org/rescode.html).
_UNWRITABLE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is not writable",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened for writing",
}
_CORRUPT: Final = {
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is not a database of Clearance, or its first page is damaged",
}
_MEND: Final = "nothing was overwritten; start with recovery to save what is sound"


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """SQLite's errors as ours, in words that say what happened to which file."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _UNWRITABLE:
            raise Unwritable(f"`{path}`: {_UNWRITABLE[code]} ({error})") from error
        if code in _CORRUPT:
            raise Corrupt(f"`{path}` {_CORRUPT[code]} ({error}); {_MEND}") from error
        raise StoreError(f"`{path}` cannot be used ({error}); nothing was overwritten") from error
    except OSError as error:
        raise Unwritable(f"`{path}`: {error.strerror or error}") from error


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # On a full disk SQLite may already have rolled back by itself.
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def connect(path: Path) -> sqlite3.Connection:
    """The database for its one writer: created if new, brought to the current schema if old."""
    with plainly(path):
        _check_magic(path)
        database = _open(path)
        try:
            version = _check_owner(database, path)
            # WAL with full sync: readers never wait, and a commit that returned is on the disk.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            for step in range(version, SCHEMA):
                with transaction(database):
                    for statement in MIGRATIONS[step]:
                        database.execute(statement)
                    database.execute(f"PRAGMA application_id = {_APPLICATION}")
                    database.execute(f"PRAGMA user_version = {step + 1}")
            with transaction(database):  # a write that changes nothing: is writing possible?
                database.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (SCHEMA,))
        except BaseException:
            database.close()
            raise
    return database


@contextmanager
def connect_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """The database for reading, also from a folder that cannot be written."""
    with plainly(path):
        if not path.exists():
            raise StoreError(f"no database at `{path}`")
        _check_magic(path)
        log = path.with_name(path.name + "-wal")
        try:
            database = _open_reader(path, "mode=ro")
        except sqlite3.OperationalError:
            if not log.exists() or log.stat().st_size == 0:
                database = _open_reader(path, "immutable=1")
            else:  # what the log holds must be seen, and reading it needs a writable folder
                with tempfile.TemporaryDirectory() as folder:
                    copy = Path(folder) / path.name
                    shutil.copyfile(path, copy)
                    shutil.copyfile(log, copy.with_name(log.name))
                    with connect_reader(copy) as database:
                        yield database
                    return
    with closing(database), plainly(path):
        version = _check_owner(database, path)
        if version < SCHEMA:
            raise StoreError(
                f"`{path}` was written by an older Clearance (schema {version}, now {SCHEMA}); "
                "start it once for writing to bring it up to date"
            )
        yield database


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _open_reader(path: Path, how: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _check_magic(path: Path) -> None:
    """A file of another kind is refused before SQLite touches it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        first = file.read(len(_MAGIC))
    if first and first != _MAGIC:
        raise Corrupt(f"`{path}` {_CORRUPT[sqlite3.SQLITE_NOTADB]}; {_MEND}")


def _check_owner(database: sqlite3.Connection, path: Path) -> int:
    """The schema version of the file, which must be ours or empty."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != _APPLICATION and (application or version or tables):
        raise StoreError(f"`{path}` belongs to another program; nothing was overwritten")
    if version > SCHEMA:
        raise StoreError(
            f"`{path}` was written by a newer Clearance (schema {version}, this one knows "
            f"{SCHEMA}); update Clearance"
        )
    return int(version)
