"""How often something was seen, and when first and last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.requests import moment
from clearance.batch.units import NO_TIME

__all__ = ["OUTCOMES", "Tally", "ends", "when"]

OUTCOMES: Final = 3


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
