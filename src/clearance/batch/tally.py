"""How often something was seen, and when first and last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.numbering import Growing, Ints
from clearance.batch.requests import Outcome, moment
from clearance.batch.units import NO_TIME, Column

__all__ = ["OUTCOMES", "Tallies", "Tally", "ends", "outcomes_of", "when"]

OUTCOMES: Final = 3
_LATEST: Final = (1 << 63) - 1


@dataclass(slots=True)
class Tally:
    """How often something was seen, and when first and last."""

    count: int = 0
    first: str = ""
    last: str = ""

    def see(self, when: str, times: int = 1, last: str | None = None) -> None:
        """Count sightings from ``when`` to ``last``."""
        end = when if last is None else last
        self.count += times
        if when and (not self.first or when < self.first):
            self.first = when
        self.last = max(self.last, end)

    def add(self, other: Tally) -> None:
        """Count what another tally counted."""
        self.see(other.first, other.count, other.last)


class Tallies:
    """Many tallies, in arrays."""

    def __init__(self) -> None:
        self._counts: Growing[np.int64] = Growing(np.int64)
        self._first: Growing[np.int64] = Growing(np.int64)
        self._last: Growing[np.int64] = Growing(np.int64)

    def __len__(self) -> int:
        return len(self._counts)

    def extend(self, size: int) -> None:
        """So many more."""
        self._counts.extend(np.zeros(size, np.int64))
        self._first.extend(np.full(size, _LATEST, np.int64))
        self._last.extend(np.full(size, NO_TIME, np.int64))

    def see(self, places: Ints, counts: Ints, first: Ints, last: Ints) -> None:
        """Count sightings at some places, each named once; `NO_TIME` where none is told."""
        self._counts.array[places] += counts
        told = first != NO_TIME
        places, first, last = places[told], first[told], last[told]
        self._first.array[places] = np.minimum(self._first.array[places], first)
        self._last.array[places] = np.maximum(self._last.array[places], last)

    def at(self, places: Ints) -> list[Tally]:
        """Some of them."""
        told = (each.array[places].tolist() for each in (self._counts, self._first, self._last))
        return [
            Tally(count, when(NO_TIME if first == _LATEST else first), when(last))
            for count, first, last in zip(*told, strict=True)
        ]

    def latest(self) -> Ints:
        """When each was last seen; `NO_TIME` where none is told."""
        return self._last.array

    def span(self, places: Ints) -> tuple[str, str]:
        """The first and the last moment of some; empty where none is told."""
        first = int(self._first.array[places].min(initial=_LATEST))
        last = int(self._last.array[places].max(initial=NO_TIME))
        return when(NO_TIME if first == _LATEST else first), when(last)


def outcomes_of(errors: Column) -> NDArray[np.int8]:
    """What AWS did with each row, by the column of errors."""
    table = np.array([Outcome.of(text) for text in errors.texts], np.int8)
    found: NDArray[np.int8] = table[errors.codes]
    return found


def ends(
    places: NDArray[np.int64], times: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and last time of each place, of rows in order of time; `NO_TIME` without one."""
    told = times != NO_TIME
    if not told.all():
        places, times = places[told], times[told]
    first, last = np.full(size, NO_TIME, np.int64), np.full(size, NO_TIME, np.int64)
    # Of several values for one place the last is kept.
    last[places] = times
    first[places[::-1]] = times[::-1]
    return first, last


def when(time: int) -> str:
    """A time in milliseconds as AWS writes it; empty without one."""
    return moment(None if time == NO_TIME else time)
