"""Rows to kinds: a group, and under it only what matters to the group, as one small number.

A group's kinds are numbers one after another, its first circumstance counting slowest; what does
not matter to it counts nothing. So there are few kinds, and a table over them is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.numbering import Ints, Places

__all__ = ["Kinds"]

TABLE: Final = 1 << 23  # kinds of rows of which a table is quicker than a search
_HALF: Final = 1 << 31


class Kinds:
    """The kinds of rows in some groups.

    ``sizes``: how many classes each circumstance has; ``matter``: circumstances by groups.

    >>> kinds = Kinds([3, 2], np.array([[False, True], [False, True]]), 2)
    >>> kinds.keys(np.array([0, 1]), np.array([0, 1, 1]), [(np.array([2, 2, 0]), None),
    ...                                                    (np.array([1, 0]), np.array([0, 1, 1]))])
    array([0, 5, 1], dtype=int32)
    """

    def __init__(self, sizes: Sequence[int], matter: NDArray[np.bool_], groups: int) -> None:
        matter = matter.reshape(len(sizes), groups)
        # What one step of each circumstance counts in each group.
        self._steps = np.zeros((len(sizes), groups), np.int64)
        count = np.ones(groups, np.int64)
        for place in reversed(range(len(sizes))):
            self._steps[place] = np.where(matter[place], count, 0)
            count = np.where(matter[place], count * sizes[place], count)
        self._sizes = sizes
        self._begin = np.concatenate([[0], np.cumsum(count)])
        self._count = int(self._begin[-1])
        self._by_table = self._count <= TABLE
        self._type: Any = np.int32 if self._count < _HALF else np.int64

    def keys(
        self,
        groups: Places,
        numbers: Places,
        told: Sequence[tuple[Places, Places | None]],
    ) -> Places:
        """The kind of each row.

        ``groups`` are of calls, ``numbers`` say which is each row's. ``told`` are the classes of
        each circumstance: of rows, or of calls, and then again which is each row's.
        """
        begin: NDArray[Any] = self._begin[:-1][groups].astype(self._type)
        rows: list[tuple[Places, Places]] = []
        for steps, (codes, of) in zip(self._steps, told, strict=True):
            if not steps.any():
                continue
            step = steps[groups].astype(self._type)
            if of is None:
                rows.append((step, codes))
            else:
                begin = begin + step * codes.astype(self._type)
        found: NDArray[Any] = begin[numbers]
        for step, codes in rows:
            np.add(found, step[numbers] * codes.astype(self._type, copy=False), out=found)
        return found

    def present(self, keys: Places) -> Ints:
        """The kinds that rows have, in order."""
        if not self._by_table:
            return np.unique(keys).astype(np.int64)
        flags = np.zeros(self._count, np.bool_)
        flags[keys] = True
        return np.flatnonzero(flags)

    def first(self, keys: Places, kinds: Ints) -> Ints:
        """The first row of each of some kinds, which are in order."""
        rows = np.arange(len(keys) - 1, -1, -1)
        # Of several values for one place the last is kept: going backwards, that of the first row.
        if self._by_table:
            place = np.zeros(self._count, np.int64)
            place[keys[::-1]] = rows
            return place[kinds]
        at = np.minimum(np.searchsorted(kinds, keys), len(kinds) - 1)
        hits = (kinds[at] == keys)[::-1]
        found = np.zeros(len(kinds), np.int64)
        found[at[::-1][hits]] = rows[hits]
        return found

    def spread(self, keys: Places, kinds: Ints, values: NDArray[Any]) -> NDArray[Any]:
        """The value of each row, of those of the kinds that rows have."""
        if not self._by_table:
            return values[np.searchsorted(kinds, keys)]
        table = np.zeros(self._count, values.dtype)
        table[kinds] = values
        return table[keys]

    def taken_apart(self, kinds: Ints) -> list[list[int]]:
        """The group of each of some kinds, then the class of each circumstance."""
        groups = np.searchsorted(self._begin, kinds, "right") - 1
        rest = kinds - self._begin[groups]
        found = [groups.tolist()]
        for steps, size in zip(self._steps, self._sizes, strict=True):
            step = steps[groups]
            found.append(np.where(step > 0, rest // np.maximum(step, 1) % size, 0).tolist())
        return found
