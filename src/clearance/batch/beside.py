"""What is told beside a call, numbered: its session, and when, from where and how it was made.

Told apart only as far as policies can: where none speaks of addresses, all are one; where some do,
those are one about which all policies say the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearance.batch.calls import ASKED
from clearance.batch.circumstances import as_told, circumstances, parts_as_told
from clearance.batch.numbering import Ints, Parts, combined, first_of
from clearance.batch.requests import Mapper, Row
from clearance.batch.units import Columns, rows_at
from clearance.batch.values import Moments

__all__ = ["Beside"]


class Beside:
    """A number for all that is told beside a call; ``rows`` are one row of each, as far as told."""

    def __init__(self, mapper: Mapper) -> None:
        self._exact = as_told(mapper.spoken, mapper.estate)
        told = circumstances(mapper.spoken, mapper.estate)
        # What was asked for is told with the call itself.
        self._classes = {name: classes for name, classes in told.items() if name not in ASKED}
        self.needed = (*self._exact, *self._classes)
        self.rows: list[Row] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def parts(self, columns: Columns) -> Parts:
        """What parts the rows of a unit, beside their calls."""
        found = parts_as_told(columns, self._exact)
        for name, classes in self._classes.items():
            if isinstance(classes, Moments):
                found.append((classes.of(*columns.times(name)), len(classes)))
            else:
                column = columns.texts(name)
                table = classes.of_column(column.dictionary)
                found.append((table[column.codes], len(classes)))
        return found

    def of(self, columns: Columns, parts: Parts, places: Ints) -> Ints:
        """The number of what is told in some rows; ``parts`` are those of the whole unit."""
        here: Parts = [(codes[places], size) for codes, size in parts]
        kinds, count = combined(here, len(places))
        at = places[first_of(kinds, count)]
        classes = np.array([codes[at] for codes, _ in parts[len(self._exact) :]], np.int64)
        known = [
            self._number(row, tuple(own))
            for row, own in zip(
                rows_at(columns, at, self.needed) if self.needed else [Row()] * count,
                classes.T.tolist() if len(classes) else [()] * count,
                strict=True,
            )
        ]
        found: NDArray[np.int64] = np.array(known, np.int64)[kinds]
        return found

    def _number(self, row: Row, classes: tuple[int, ...]) -> int:
        key = (*(getattr(row, name) for name in self._exact), *classes)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.rows)
            self.rows.append(row)
        return found
