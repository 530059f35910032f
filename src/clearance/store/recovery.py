"""Setting a damaged database aside and carrying over what is sound in it.

The journal is carried over up to the first row that is missing or not what was written, since each
change rests on the ones before it; audit events and what other services hold are carried over one
by one. Nothing is deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from clearance.model.errors import StoreError
from clearance.store import audit, journal
from clearance.store.database import Corrupt, connect, connect_reader, plainly, transaction

__all__ = ["damage", "recover"]

_SIDES = ("", "-wal", "-shm")


def recover(path: Path) -> str | None:
    """Mend a database if it is damaged; answers what was done, or None if it is sound."""
    problem = _problem(path)
    if problem is None:
        return None
    draft = path.with_name(path.name + ".recovered")
    for side in _SIDES:
        draft.with_name(draft.name + side).unlink(missing_ok=True)
    with plainly(draft), closing(connect(draft)) as target:
        rows, events, contents = _carry(path, target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = _free_name(path)
    with plainly(path):
        for side in _SIDES:
            with suppress(FileNotFoundError):
                path.with_name(path.name + side).replace(aside.with_name(aside.name + side))
        draft.replace(path)
    return (
        f"{problem} -- carried over {rows} changes, {events} audit events and {contents} contents "
        f"of other services to a new `{path}`; the damaged file is now `{aside}`"
    )


def _problem(path: Path) -> str | None:
    try:
        connect(path).close()
    except Corrupt as error:
        return str(error)
    return damage(path)


def damage(path: Path) -> str | None:
    """What is wrong with a database, found by reading all of it; it is not written."""
    try:
        with connect_reader(path) as database:
            found = database.execute("SELECT seq, hash FROM head").fetchone()
            head = journal.Head(*found) if found else journal.START
            for _ in journal.verified(journal.rows_after(database), journal.START, head):
                pass
            for (line,) in database.execute("PRAGMA quick_check"):
                if line != "ok":
                    return f"`{path}` is damaged ({line})"
    except (Corrupt, journal.Damaged) as error:
        return str(error)
    return None


def _carry(path: Path, target: sqlite3.Connection) -> tuple[int, int, int]:
    rows = events = contents = 0
    with suppress(StoreError, sqlite3.Error), connect_reader(path) as source:
        with suppress(sqlite3.Error), transaction(target):
            for key in _each(source, "SELECT key, value FROM meta"):
                target.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", key)
        with transaction(target):
            with suppress(StoreError, sqlite3.Error):
                for row in journal.verified(journal.rows_after(source), journal.START):
                    journal.insert(target, row)
                    rows += 1
            names = ", ".join(audit.COLUMNS)
            marks = ", ".join("?" * len(audit.COLUMNS))
            for event in _each(source, f"SELECT {names} FROM events ORDER BY seq"):  # noqa: S608
                target.execute(f"INSERT INTO events ({names}) VALUES ({marks})", event)  # noqa: S608
                events += 1
            for kept in _each(source, "SELECT place, value, file FROM contents ORDER BY number"):
                target.execute("INSERT INTO contents (place, value, file) VALUES (?, ?, ?)", kept)
                contents += 1
    return rows, events, contents


def _each(source: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    """The rows of a table up to the first that cannot be read."""
    with suppress(sqlite3.Error):
        yield from source.execute(query)


def _free_name(path: Path) -> Path:
    number = 1
    while path.with_name(f"{path.name}.damaged-{number}").exists():
        number += 1
    return path.with_name(f"{path.name}.damaged-{number}")
