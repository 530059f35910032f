"""Calls: what was asked by whom, apart from when, from where and in which session.

Rows of the logs repeat themselves; their calls are far fewer. A call is everything of a row that
does not change from one call of a caller to the next like it. Those of a row group are kept beside
it, each once (``folder/_calls/part.parquet`` beside ``folder/part.parquet``, a row group for each
of its own), with an id that is the same wherever the call comes again: whoever has met it before
need not look at it. A file without its calls, or with those of another, is read as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from clearance.batch.dataset import Asked
from clearance.batch.numbering import Ints, Parts, Places, combined, first_of

__all__ = [
    "ASKED",
    "SELDOM_SHARED",
    "START",
    "Calls",
    "Coded",
    "Halves",
    "Texts",
    "Told",
    "halves",
    "ids_of",
    "numbered",
    "start_of",
]

# The columns of a call. ``requested_region`` follows from others, and rides along.
ASKED: Final = ("caller", *Asked._fields)
# Of texts that few calls share, a dictionary costs more to read than the texts.
SELDOM_SHARED: Final = frozenset({"resource", "parameters", "resources"})
START: Final = "start"  # how the resource's name begins: see `start_of`
_ORDER: Final = ("resource", "action", "caller")  # the last first: so they lie in the file
_SIZE: Final = 16

# The two halves of each call's id.
Halves: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint64]]


class Texts(Protocol):
    """A text column: a number for each row, and the texts they stand for."""

    @property
    def codes(self) -> NDArray[np.int32]:
        """A number for each row."""

    @property
    def size(self) -> int:
        """A size above all numbers."""

    @property
    def texts(self) -> list[str | None]:
        """What the numbers stand for."""


class Coded(NamedTuple):
    """Some values of a text column: numbers, a size above them all, and what they stand for."""

    codes: NDArray[np.int32]
    size: int
    texts: list[str | None]

    def at(self, places: Places) -> Coded:
        """Some of them."""
        return Coded(self.codes[places], self.size, self.texts)

    def told(self) -> list[str | None]:
        """The values."""
        texts = self.texts
        return [texts[code] for code in self.codes.tolist()]


class Told(Protocol):
    """Whatever has columns of texts."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def texts(self, name: str) -> Texts:
        """A column of texts."""


class Calls(Protocol):
    """The calls of some rows, numbered from 0; ``len`` says how many there are."""

    @property
    def numbers(self) -> NDArray[np.int32]:
        """The number of each row's call."""

    def __len__(self) -> int: ...

    def fetch(self, names: Iterable[str]) -> None:
        """Read some columns at once, before they are asked for."""

    def ids(self) -> Halves:
        """Equal calls have equal ids, in whichever file they are."""

    def column(self, name: str, calls: Places) -> Coded:
        """One of the ``ASKED`` columns of some calls, or ``START``."""


def numbered(columns: Told) -> tuple[NDArray[np.int32], Ints]:
    """The number of each row's call, and the first row of each call."""
    read = [columns.texts(name) for name in ASKED]
    parts: Parts = [(text.codes, text.size) for text in read]
    numbers, count = combined(parts, columns.rows)
    first = first_of(numbers, count)
    # Callers lie together, then their actions: most columns of the file are runs.
    order = np.lexsort([read[ASKED.index(name)].codes[first] for name in _ORDER])
    places = np.empty(count, np.int32)
    places[order] = np.arange(count, dtype=np.int32)
    return places[numbers], first[order]


def ids_of(told: Iterable[Sequence[str | None]]) -> bytes:
    """The ids of some calls, one after another; ``told`` are their texts, column by column.

    A cryptographic hash: who can choose what is logged cannot choose two calls with one id.
    """
    encode, digest = msgspec.msgpack.Encoder().encode, hashlib.blake2b
    return b"".join(
        [digest(encode(call), digest_size=_SIZE).digest() for call in zip(*told, strict=True)]
    )


def start_of(resource: str) -> str:
    """How a resource's name begins: to its first slash, if no colon follows; else all of it.

    Few policies tell resources apart that begin alike.

    >>> start_of("arn:aws:s3:::photos/2026/cat.jpg"), start_of("arn:aws:sns:us-east-1:1:t")
    ('arn:aws:s3:::photos/', 'arn:aws:sns:us-east-1:1:t')
    """
    cut = resource.find("/") + 1
    return resource[:cut] if cut and resource.find(":", cut) < 0 else resource


def halves(ids: Any) -> Halves:  # noqa: ANN401 - a buffer
    """Ids as numbers."""
    found = np.frombuffer(ids, np.uint64).reshape(-1, 2)
    return np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1])
