"""Numbers for what is equal: many columns to one, exactly, whatever their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

__all__ = ["Growing", "Ints", "Pairs", "combined", "first_of"]

Ints: TypeAlias = NDArray[np.int64]
Any_ = TypeVar("Any_", bound=np.generic)
_LARGEST: Final = 1 << 62
_HALF: Final = 1 << 31


def combined(parts: Sequence[tuple[NDArray[Any], int]], rows: int) -> tuple[NDArray[np.int32], int]:
    """Rows with equal numbers in every part get equal numbers; how many there are.

    Each part comes with its size, above all its numbers. Where the product of the sizes would not
    fit, what was combined so far is numbered anew: it has no more numbers than rows.

    >>> combined([(np.array([0, 1, 0]), 2), (np.array([5, 5, 5]), 6)], 3)
    (array([0, 1, 0], dtype=int32), 2)
    """
    found: Ints | None = None
    product = 1
    for codes, size in parts:
        if size <= 1:
            continue
        if found is None:
            found, product = codes.astype(np.int64), size
            continue
        if product * size > _LARGEST:
            numbers, product = _encoded(found)
            found = numbers.astype(np.int64)
        if product * size > _LARGEST:
            raise OverflowError(f"{product} kinds of {size} values do not fit into 62 bits")
        found = found * size
        found += codes
        product *= size
    if found is None:
        return np.zeros(rows, np.int32), min(rows, 1)
    return _encoded(found)


def _encoded(values: Ints) -> tuple[NDArray[np.int32], int]:
    """Equal values as equal numbers, in order of their first row."""
    made = pa.array(values).dictionary_encode()
    return made.indices.to_numpy(zero_copy_only=False), len(made.dictionary)


def first_of(numbers: NDArray[np.int32], count: int) -> Ints:
    """The first row of each number."""
    found = np.empty(count, np.int64)
    # Of several values for one place the last is kept: going backwards, that of the first row.
    found[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return found


class Growing(Generic[Any_]):
    """An array that grows at its end."""

    def __init__(self, kind: type[Any_]) -> None:
        self._held: NDArray[Any_] = np.zeros(1024, kind)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def array(self) -> NDArray[Any_]:
        """The values so far."""
        return self._held[: self._count]

    def extend(self, values: NDArray[Any_]) -> None:
        """More values."""
        wanted = self._count + len(values)
        if wanted > len(self._held):
            grown = np.zeros(max(wanted, 2 * len(self._held)), self._held.dtype)
            grown[: self._count] = self.array
            self._held = grown
        self._held[self._count : wanted] = values
        self._count = wanted


class Pairs:
    """A number for each pair of numbers, the same whenever the pair comes again."""

    def __init__(self) -> None:
        self._known: Growing[np.int64] = Growing(np.int64)

    def __len__(self) -> int:
        return len(self._known)

    def of(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """The number of each pair, and where new ones first are, in the order of their numbers."""
        if max(left.max(initial=0), right.max(initial=0)) >= _HALF:
            raise OverflowError("more than 2**31 kinds of calls; split the logs")
        keys = left << 32 | right
        known = len(self._known)
        held = pa.array(self._known.array)
        found = compute.fill_null(compute.index_in(pa.array(keys), value_set=held), -1)
        numbers = found.to_numpy(zero_copy_only=False).astype(np.int64)
        missing = np.flatnonzero(numbers < 0)
        if not len(missing):
            return numbers, missing
        codes, count = _encoded(keys[missing])
        fresh = missing[first_of(codes, count)]
        numbers[missing] = known + codes
        self._known.extend(keys[fresh])
        return numbers, fresh
