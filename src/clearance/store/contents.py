"""What callers put into resources (objects, messages, items …), as rows that are written over.

Unlike the journal this is no history: a place holds its last value, so the table is as large as
what there is now. Values are sealed, each to its place. Large bodies are files of their own; one
belongs to one row, and is removed some time after its row has gone or has another.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from clearance.model.errors import StoreError
from clearance.store.blobs import sync_folder
from clearance.store.seal import Sealer, Unsealable

__all__ = ["BODIES", "Bodies", "Contents", "Kept", "MemoryContents", "Piece", "Place"]

Place = tuple[str, ...]
BODIES: Final = "bodies"
log: Final = logging.getLogger("clearance.store")
_BETWEEN: Final = "\x1f"  # between the parts of a place; the next character ends what lies under it
_AFTER: Final = "\x20"
_UNDER: Final = "(place = ? OR (place >= ? AND place < ?))"
_LINGER_SECONDS: Final = 60.0  # for those who read a body while it is replaced


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to keep, or to forget with all that lies under it (``value`` is None).

    ``body`` is written to a file; with ``same_body`` the file that is there stays.
    """

    place: Place
    value: bytes | None = None
    body: bytes | None = None
    same_body: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that was kept, and the file of its body."""

    place: Place
    value: bytes
    body: Path | None = None


class MemoryContents:
    """Contents that end with the process; no body has a file, so bodies are not kept."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[Place, bytes] = {}

    def write(self, pieces: Iterable[Piece]) -> None:
        """Take pieces in their order."""
        for piece in pieces:
            if piece.value is not None:
                self._held[piece.place] = piece.value
                continue
            size = len(piece.place)
            for place in [p for p in self._held if p[:size] == piece.place]:
                del self._held[place]

    def rows(self, under: Place = ()) -> Iterator[Kept]:
        """What is kept under a place, or all of it, in the order in which it first was."""
        size = len(under)
        held = [(place, value) for place, value in self._held.items() if place[:size] == under]
        return iter([Kept(place, value) for place, value in held])


@dataclass(frozen=True, slots=True)
class Contents:
    """The rows of one database and the files beside it."""

    sealer: Sealer
    bodies: Bodies

    def write(
        self, database: sqlite3.Connection, pieces: Sequence[Piece], names: Sequence[str | None]
    ) -> list[str]:
        """Write pieces in their order, inside the caller's transaction.

        ``names`` are the files of their bodies. The answer names the files that are of no use once
        the transaction has ended well.
        """
        gone: list[str] = []
        for piece, name in zip(pieces, names, strict=True):
            place = _text(piece.place)
            if piece.value is None:
                under = (place, place + _BETWEEN, place + _AFTER)
                gone += _files(database, _UNDER, under)
                database.execute(f"DELETE FROM contents WHERE {_UNDER}", under)  # noqa: S608
                continue
            sealed = self.sealer.seal_bytes(piece.value, place.encode())
            if not piece.same_body:
                gone += _files(database, "place = ?", (place,))
            database.execute(
                "INSERT INTO contents (place, value, file) VALUES (?1, ?2, ?3) ON CONFLICT (place)"
                " DO UPDATE SET value = ?2, file = iif(?4, file, ?3)",
                (place, sealed, name, piece.same_body),
            )
        return gone

    def rows(self, database: sqlite3.Connection, under: Place = ()) -> Iterator[Kept]:
        """What is kept under a place, or all, in its first order; not what is damaged."""
        text = _text(under)
        condition, values = (_UNDER, (text, text + _BETWEEN, text + _AFTER)) if under else ("1", ())
        query = f"SELECT place, value, file FROM contents WHERE {condition} ORDER BY number"  # noqa: S608
        for place, value, name in database.execute(query, values):
            try:
                content = self.sealer.open_bytes(value, place.encode())
            except Unsealable:
                log.warning("`%s` is damaged and left out", "/".join(_place(place)))
                continue
            path = None if name is None else self.bodies.path(name)
            yield Kept(_place(place), content, path)

    def sweep(self, database: sqlite3.Connection) -> None:
        """Remove files that a crash left without a row."""
        used = {
            name for (name,) in database.execute("SELECT file FROM contents WHERE file NOTNULL")
        }
        self.bodies.sweep(used)


class Bodies:
    """A folder of files, each named by its content's hash and chance, so none is shared."""

    __slots__ = ("_folder", "_retired")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._retired: list[tuple[float, str]] = []

    def write(self, content: bytes) -> str:
        """Keep a body; it is on the disk when its name is answered."""
        name = f"{sha256(content).hexdigest()[:32]}-{secrets.token_hex(8)}"
        path = self.path(name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise StoreError(f"`{path}` cannot be written: {error.strerror}") from error
        return name

    def path(self, name: str) -> Path:
        """Where a body lies."""
        return self._folder / name[:2] / name

    def retire(self, names: Iterable[str]) -> None:
        """Let bodies go that no row will name."""
        self._retired += ((time.monotonic(), name) for name in names)

    def clear(self) -> None:
        """Remove the bodies that went some time ago."""
        limit = time.monotonic() - _LINGER_SECONDS
        while self._retired and self._retired[0][0] < limit:
            with suppress(OSError):
                self.path(self._retired.pop(0)[1]).unlink(missing_ok=True)

    def sweep(self, used: set[str]) -> None:
        """Remove every file that is not among those in use."""
        for path in self._folder.glob("*/*"):
            if path.name not in used:
                with suppress(OSError):
                    path.unlink()


def _files(database: sqlite3.Connection, condition: str, values: tuple[str, ...]) -> list[str]:
    """The files of some rows."""
    query = f"SELECT file FROM contents WHERE {condition} AND file NOTNULL"  # noqa: S608
    return [name for (name,) in database.execute(query, values)]


def _text(place: Place) -> str:
    r"""A place as its row is named; a part that holds the mark between parts is written otherwise.

    >>> _place(_text(("s3", "a\x1fb", "\x1e1"))) == ("s3", "a\x1fb", "\x1e1")
    True
    """
    return _BETWEEN.join(p.replace("\x1e", "\x1e0").replace("\x1f", "\x1e1") for p in place)


def _place(text: str) -> Place:
    parts = text.split(_BETWEEN)
    return tuple(p.replace("\x1e1", "\x1f").replace("\x1e0", "\x1e") for p in parts)
