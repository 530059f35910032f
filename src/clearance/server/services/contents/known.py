"""What the store holds already, so that only what differs is written."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from clearance.server.services.contents.freeze import Unreadable
from clearance.store.contents import Piece, Place

__all__ = ["Known", "Look", "Row", "Tail"]

LOG: Final = logging.getLogger("clearance.server.services")
_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class Row:
    """A thing as it is now: its bytes, and how to see that it changed without making them.

    ``body`` gives bytes for a file of their own; they are ``owner``'s and never change.
    """

    value: Callable[[], bytes]
    stamp: object = None
    body: Callable[[], bytes] | None = None
    owner: Any = None


@dataclass(frozen=True, slots=True)
class Look:
    """The rows under one place: all of them, or only those ``among`` the names."""

    parent: Place
    rows: Mapping[str, Row]
    among: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """A list that grows at its end; ``value`` makes the bytes of a part of it."""

    parent: Place
    length: int
    value: Callable[[int, int], bytes]


@dataclass(slots=True)
class _Entry:
    stamp: object
    owner: weakref.ref[Any] | None = None


@dataclass(slots=True)
class Known:
    """The rows of one root, by the place they lie under."""

    _under: dict[Place, dict[str, _Entry]] = field(default_factory=dict)
    _lengths: dict[Place, int] = field(default_factory=dict)

    def learn(self, place: Place, value: bytes) -> None:
        """Take a row as read from the store."""
        self._under.setdefault(place[:-1], {})[place[-1]] = _Entry(_digest(value))

    def adopt(self, looks: Iterable[Look | Tail]) -> None:
        """Take what is looked at as being in the store."""
        for look in looks:
            if isinstance(look, Tail):
                self._lengths[look.parent] = look.length
                continue
            known = self._under.setdefault(look.parent, {})
            for name, row in look.rows.items():
                owner = weakref.ref(row.owner) if row.owner is not None else None
                known[name] = _Entry(row.stamp, owner)

    def pieces(self, looks: Iterable[Look | Tail]) -> list[Piece]:
        """What must be written for the store to hold what was looked at."""
        found: list[Piece] = []
        try:
            for look in looks:
                if isinstance(look, Tail):
                    self._tail(look, found)
                else:
                    self._look(look, found)
        except BaseException:
            self.doubt(found)
            raise
        return found

    def doubt(self, pieces: Sequence[Piece]) -> None:
        """Forget what was said to be written: it was not. The next look writes it."""
        for piece in pieces:
            self._lengths.pop(piece.place[:-1], None)
            self._under.setdefault(piece.place[:-1], {})[piece.place[-1]] = _Entry(_GONE)

    def _look(self, look: Look, found: list[Piece]) -> None:
        known = self._under.setdefault(look.parent, {})
        names = known.keys() - look.rows.keys()
        for name in names if look.among is None else names & look.among:
            del known[name]
            found.append(self._forgotten((*look.parent, name)))
        for name, row in look.rows.items():
            was = known.get(name)
            if was is not None and row.stamp is not None and was.stamp == row.stamp:
                continue
            try:
                value = row.value()
            except Unreadable as error:
                LOG.error("%s; a restart will not bring it back", error)  # noqa: TRY400
                continue
            stamp = row.stamp if row.stamp is not None else _digest(value)
            if was is not None and was.stamp == stamp:
                continue
            owned = was.owner() if was is not None and was.owner is not None else None
            same = owned is not None and owned is row.owner
            body = row.body() if row.body is not None and not same else None
            owner = weakref.ref(row.owner) if row.owner is not None else None
            known[name] = _Entry(stamp, owner)
            found.append(Piece((*look.parent, name), value, body, same_body=same))
        if not known:
            del self._under[look.parent]

    def _tail(self, tail: Tail, found: list[Piece]) -> None:
        was = self._lengths.get(tail.parent)
        if was is None or tail.length < was:
            if was is not None or tail.length:
                found.append(Piece(tail.parent))
            was = 0
        if tail.length > was:
            value = tail.value(was, tail.length)
            found.append(Piece((*tail.parent, f"{was:012d}"), value))
        self._lengths[tail.parent] = tail.length

    def _forgotten(self, place: Place) -> Piece:
        """A place goes with all that lies under it."""
        size = len(place)
        for parent in [p for p in self._under if p[:size] == place]:
            del self._under[parent]
        for parent in [p for p in self._lengths if p[:size] == place]:
            del self._lengths[parent]
        return Piece(place)


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=16).digest()
