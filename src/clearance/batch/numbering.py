"""Numbers for what is equal: many columns to one, exactly, whatever their sizes."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "Growing",
    "Ids",
    "Ints",
    "Keys",
    "Pairs",
    "Parts",
    "Places",
    "combined",
    "first_of",
]

Ints: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[Any]  # where something is, in whole numbers of any width
Parts: TypeAlias = list[tuple[NDArray[Any], int]]  # numbers, and a size above them all
Any_ = TypeVar("Any_", bound=np.generic)
_LARGEST: Final = 1 << 62
_HALF: Final = 1 << 31
SMALLEST: Final = 20  # bits of the number of places of a new table; they cost nothing till used
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # mixes keys that follow one another


def combined(parts: Parts, rows: int) -> tuple[NDArray[np.int32], int]:
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


class Keys:
    """A number for each key of 64 bits, the same whenever the key comes again.

    A table with a place for each key: where that is taken, the next one that is free.
    """

    def __init__(self) -> None:
        self._count = 0
        self._clear(SMALLEST)

    def _clear(self, bits: int) -> None:
        self._bits = bits
        self._held = np.zeros(1 << bits, np.uint64)
        self._numbers = np.zeros(1 << bits, np.int32)  # from 1: 0 says that nothing is held

    def __len__(self) -> int:
        return self._count

    def of(self, keys: NDArray[Any]) -> tuple[Ints, Ints]:
        """The number of each key, and where new ones first are, in the order of their numbers."""
        keys = keys.astype(np.uint64, copy=False)
        numbers = self._found(keys)
        missing = np.flatnonzero(numbers < 0)
        if not len(missing):
            return numbers, missing
        codes, count = _encoded(keys[missing])
        fresh = missing[first_of(codes, count)]
        numbers[missing] = self._count + codes
        begin = self._count + 1
        self._learn(keys[fresh], np.arange(begin, begin + count, dtype=np.int32))
        return numbers, fresh

    def _places(self, keys: NDArray[np.uint64]) -> Ints:
        mixed = keys * _ODD >> np.uint64(64 - self._bits)
        return mixed.astype(np.int64)

    def _found(self, keys: NDArray[np.uint64]) -> Ints:
        """The number of each key; -1 of those that are new."""
        places = self._places(keys)
        numbers = self._numbers[places].astype(np.int64)
        others = np.flatnonzero((numbers > 0) & (self._held[places] != keys))
        while len(others):
            places[others] = self._next(places[others])
            numbers[others] = self._numbers[places[others]]
            taken = (numbers[others] > 0) & (self._held[places[others]] != keys[others])
            others = others[taken]
        numbers -= 1
        return numbers

    def _next(self, places: Ints) -> Ints:
        return (places + 1) & ((1 << self._bits) - 1)

    def _learn(self, keys: NDArray[np.uint64], numbers: NDArray[np.int32]) -> None:
        self._count += len(keys)
        if self._count > 1 << (self._bits - 1):
            known = self._numbers > 0
            keys = np.concatenate([self._held[known], keys])
            numbers = np.concatenate([self._numbers[known], numbers])
            self._clear(self._count.bit_length() + 2)
        self._put(keys, numbers)

    def _put(self, keys: NDArray[np.uint64], numbers: NDArray[np.int32]) -> None:
        """Hold keys that are not held; of several that want one place one gets it."""
        places = self._places(keys)
        left = np.arange(len(keys))
        while len(left):
            wanted = places[left]
            free = self._numbers[wanted] == 0
            self._numbers[wanted[free]] = numbers[left[free]]
            got = free & (self._numbers[wanted] == numbers[left])
            self._held[wanted[got]] = keys[left[got]]
            left = left[~got]
            places[left] = self._next(places[left])


class Pairs(Keys):
    """A number for each pair of numbers, the same whenever the pair comes again."""

    def at(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """The number of each pair, and where new ones first are, in the order of their numbers."""
        if max(left.max(initial=0), right.max(initial=0)) >= _HALF:
            raise OverflowError("more than 2**31 kinds of calls; split the logs")
        return self.of(left << 32 | right)


class Ids:
    """A number for each id of 128 bits, the same whenever the id comes again.

    The first halves are nearly always enough to tell ids apart; that they are is checked.
    """

    def __init__(self) -> None:
        self._keys = Keys()
        self._second: Growing[np.uint64] = Growing(np.uint64)
        self._numbers: Growing[np.int64] = Growing(np.int64)  # of the ids, by those of the halves
        self._alike: dict[tuple[int, int], int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> tuple[Ints, Ints]:
        """The number of each id, and where new ones first are, in the order of their numbers."""
        places, new = self._keys.of(first)
        self._second.extend(second[new])
        self._numbers.extend(self._count + np.arange(len(new), dtype=np.int64))
        self._count += len(new)
        numbers = self._numbers.array[places]
        odd = np.flatnonzero(self._second.array[places] != second)
        if not len(odd):
            return numbers, new
        more = []
        for at in odd.tolist():
            key = (int(first[at]), int(second[at]))
            if key not in self._alike:
                self._alike[key] = self._count
                self._count += 1
                more.append(at)
            numbers[at] = self._alike[key]
        return numbers, np.concatenate([new, np.array(more, np.int64)])
