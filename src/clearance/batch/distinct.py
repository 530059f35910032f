"""Calls counted by kind: what is kept grows with the kinds, not with the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.numbering import Ints, combined, first_of
from clearance.batch.read import Record
from clearance.batch.requests import Call, Mapper, Outcome, Skipped
from clearance.batch.tally import OUTCOMES, Tally, ends, when
from clearance.batch.translate import Translator
from clearance.batch.units import Columns, InMemory, row_at

__all__ = ["Counted", "Tally", "count", "count_units", "translated"]

ROWS: Final = 200_000  # records that are translated before they are counted
_SESSIONS: Final = ("assumed-role", "aws:userid")
_ASKED: Final = (
    "source", "name", "type", "account", "action", "resource", "owner", "keys", "more", "gap",
    "doubts", "vpc_endpoint",
)  # fmt: skip
_AGAIN: Final = ("version", "region", "parameters", "resources")
# Columns that tell what a policy may ask, by one of the keys.
_TOLD_BY: Final = {
    "user_agent": ("aws:UserAgent",),
    "tls": ("aws:SecureTransport",),
    "requested_region": ("aws:RequestedRegion",),
}


@dataclass(slots=True)
class Counted:
    """The kinds of calls in some logs, by what AWS did with them, and what was left out."""

    calls: list[tuple[Call, tuple[Tally, Tally, Tally]]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    events: int = 0
    incomplete: int = 0  # events with a gap

    @property
    def decided(self) -> int:
        """Events that were made requests."""
        return self.events - self.skipped.total()


def translated(records: Iterable[Record], translator: Translator) -> Iterator[Columns]:
    """Records as units that lie in memory."""
    for record in records:
        translator.add(record)
        if len(translator) == ROWS:
            yield InMemory(translator.table())
    if len(translator):
        yield InMemory(translator.table())


def count(records: Iterable[Record], mapper: Mapper) -> Counted:
    """Read records to the end; each is one more sighting of its kind of call."""
    return count_units(translated(records, Translator(mapper.catalog)), mapper)


def count_units(units: Iterable[Columns], mapper: Mapper) -> Counted:
    """The kinds of calls in some units of the dataset."""
    counter = _Counter(mapper)
    for unit in units:
        counter.add(unit)
    return counter.found


class _Counter:
    def __init__(self, mapper: Mapper) -> None:
        self.found = Counted()
        self._mapper = mapper
        self._tallies: dict[Call, tuple[Tally, Tally, Tally]] = {}
        spoken = mapper.spoken
        self._names = ["caller", *_ASKED, *_AGAIN]
        self._names += ["session"] if any(word in spoken for word in _SESSIONS) else []
        self._names += ["source_ip"] if mapper.network else []
        told = _TOLD_BY.items()
        self._names += [column for column, keys in told if any(key in spoken for key in keys)]
        self._times = ["issued"] if "aws:TokenIssueTime" in spoken else []
        timed = any(key in spoken for key in ("aws:CurrentTime", "aws:EpochTime"))
        self._times += ["time"] if timed else []

    def add(self, columns: Columns) -> None:
        """One more unit."""
        self.found.events += columns.rows
        numbers, first = self._kinds(columns)
        outcomes = _outcomes(columns)
        counts, begins, lasts = _tallies(columns, numbers, outcomes, len(first))
        names = (*self._names, *self._times)
        for number, at in enumerate(first.tolist()):
            call = self._mapper.call(row_at(columns, at, names))
            places = range(number * OUTCOMES, (number + 1) * OUTCOMES)
            seen = sum(counts[place] for place in places)
            if isinstance(call, Skipped):
                self.found.skipped[call.reason] += seen
                continue
            self.found.incomplete += seen if call.gaps else 0
            for gap in call.gaps:
                self.found.gaps[gap] += seen
            tallies = self._tallies.get(call)
            if tallies is None:
                tallies = self._tallies[call] = (Tally(), Tally(), Tally())
                self.found.calls.append((call, tallies))
            for tally, place in zip(tallies, places, strict=True):
                if counts[place]:
                    tally.see(when(begins[place]), counts[place], when(lasts[place]))

    def _kinds(self, columns: Columns) -> tuple[NDArray[np.int32], Ints]:
        """A number for each row, equal where all that could matter is, and where each first is."""
        parts: list[tuple[NDArray[Any], int]] = []
        for name in self._names:
            column = columns.texts(name)
            if name in _AGAIN and not any(map(self._mapper.open, columns.texts("doubts").texts)):
                continue
            parts.append((column.codes, column.size))
        for name in self._times:
            values, codes = np.unique(columns.times(name)[0], return_inverse=True)
            parts.append((codes, len(values)))
        numbers, size = combined(parts, columns.rows)
        return numbers, first_of(numbers, size)


def _outcomes(columns: Columns) -> NDArray[np.int8]:
    errors = columns.texts("error")
    table = np.array([Outcome.of(text) for text in errors.texts], np.int8)
    found: NDArray[np.int8] = table[errors.codes]
    return found


def _tallies(
    columns: Columns, numbers: NDArray[np.int32], outcomes: NDArray[np.int8], kinds: int
) -> tuple[list[int], list[int], list[int]]:
    """Counts, first and last times by kind and outcome."""
    times, _ = columns.times("time")
    places = numbers.astype(np.int64) * OUTCOMES + outcomes
    counts = np.bincount(places, minlength=kinds * OUTCOMES).tolist()
    order = np.argsort(times, kind="stable")
    first, last = ends(places[order], times[order], kinds * OUTCOMES)
    return counts, first.tolist(), last.tolist()
