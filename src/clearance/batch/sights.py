"""What a replay keeps of the rows: totals of all, and the calls about which there is news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.decider import SKIPPED, Decided, Decider, Klass
from clearance.batch.numbering import combined, first_of
from clearance.batch.requests import Outcome, Row, Skipped
from clearance.batch.tally import OUTCOMES, Tally, ends, when
from clearance.batch.units import Columns, row_at

__all__ = ["Sight", "Sights", "Tally"]

_TOLD: Final = ("operation", "resource")  # gaps that are reported


@dataclass(slots=True)
class Sight:
    """A kind of call that changes or that AWS decided otherwise; tallies by what AWS did."""

    row: Row
    klass: Klass
    tallies: tuple[Tally, Tally, Tally] = field(default_factory=lambda: (Tally(), Tally(), Tally()))


@dataclass(slots=True)
class Sights:
    """The sum of units; sums of parts can be added."""

    events: int = 0
    incomplete: int = 0  # events of which something is not told
    broken: int = 0
    opened: int = 0
    agreed: int = 0
    disagreed: int = 0
    classes: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    seen: dict[object, Sight] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """Events that were made requests."""
        return self.events - self.skipped.total()

    def add(self, decider: Decider, decided: Decided) -> None:
        """One more unit."""
        columns, klass = decided.columns, decided.classes
        self.events += columns.rows
        self.classes = len(decider.classes) - 1
        self._total(decider.classes, decided)
        out = np.flatnonzero(klass == SKIPPED)
        if len(out):
            self._skip(decider, columns, out)
        self._incomplete(decider, columns, klass)
        classes = decider.classes
        was = np.array([each.was for each in classes], np.bool_)
        changes = np.array([each.changes for each in classes], np.bool_)
        expected = np.where(was, Outcome.ALLOWED, Outcome.DENIED)[klass]
        odd = (expected != decided.outcomes) & (decided.outcomes != Outcome.FAILED)
        news = np.flatnonzero((changes[klass] | odd) & (klass != SKIPPED))
        if len(news):
            self._see(decider, decided, news)

    def merge(self, other: Sights) -> None:
        """Add the sum of other units, decided by another `Decider`."""
        for name in ("events", "incomplete", "broken", "opened", "agreed", "disagreed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.classes = max(self.classes, other.classes)
        self.skipped.update(other.skipped)
        self.gaps.update(other.gaps)
        for sight in other.seen.values():
            self.seen[object()] = sight

    def _total(self, classes: list[Klass], decided: Decided) -> None:
        flat = decided.classes.astype(np.int64) * OUTCOMES + decided.outcomes
        counts = np.bincount(flat, minlength=len(classes) * OUTCOMES).reshape(-1, OUTCOMES)
        for number in np.flatnonzero(counts.any(axis=1)).tolist():
            if number == SKIPPED:
                continue
            allowed, denied, failed = counts[number].tolist()
            klass = classes[number]
            self.broken += allowed + failed if klass.was and not klass.will else 0
            self.opened += denied + failed if klass.will and not klass.was else 0
            self.agreed += allowed if klass.was else denied
            self.disagreed += denied if klass.was else allowed

    def _skip(self, decider: Decider, columns: Columns, places: NDArray[np.int64]) -> None:
        for row, count in _kinds(columns, places, ("type", "action", "caller")):
            found = decider.mapper.call(row)
            assert isinstance(found, Skipped)  # noqa: S101
            self.skipped[found.reason] += count

    def _incomplete(self, decider: Decider, columns: Columns, classes: NDArray[np.int32]) -> None:
        gap, more = columns.texts("gap"), columns.texts("more")
        untold = np.array([_is_told(text) for text in gap.texts], np.bool_)
        inside = np.array([text is not None and '"gap"' in text for text in more.texts], np.bool_)
        if not (untold.any() or inside.any()):
            return
        rows = (untold[gap.codes] | inside[more.codes]) & (classes != SKIPPED)
        names = ("source", "name", "action", "gap", "more")
        for row, count in _kinds(columns, np.flatnonzero(rows), names):
            found = decider.mapper.gaps(row)
            self.incomplete += count if found else 0
            for text in found:
                self.gaps[text] += count

    def _see(self, decider: Decider, decided: Decided, rows: NDArray[np.int64]) -> None:
        columns, classes = decided.columns, decider.classes
        times, known = columns.times("time")
        if known is not None or (len(times) and np.any(np.diff(times[rows]) < 0)):
            rows = rows[np.argsort(times[rows], kind="stable")]
        calls, klass = decided.calls[rows], decided.classes[rows]
        numbers, count = combined([(calls, int(calls.max()) + 1), (klass, len(classes))], len(rows))
        outcomes = numbers.astype(np.int64) * OUTCOMES + decided.outcomes[rows]
        size = count * OUTCOMES
        counts = np.bincount(outcomes, minlength=size).tolist()
        first, last = ends(outcomes, times[rows], size)
        at = first_of(numbers, count)
        pairs = zip(calls[at].tolist(), klass[at].tolist(), strict=True)
        keys = [(decided.age, call, number) for call, number in pairs]
        new = [place for place, key in enumerate(keys) if key not in self.seen]
        for place, row in zip(new, decider.rows(columns, rows[at[new]]), strict=True):
            self.seen[keys[place]] = Sight(row, classes[keys[place][2]])
        for number, key in enumerate(keys):
            sight = self.seen[key]
            for outcome, tally in enumerate(sight.tallies):
                place = number * OUTCOMES + outcome
                if counts[place]:
                    tally.see(when(first[place]), counts[place], when(last[place]))


def _is_told(gap: str | None) -> bool:
    return gap is not None and any(word in gap for word in _TOLD)


def _kinds(
    columns: Columns, places: NDArray[np.int64], names: Iterable[str]
) -> Iterable[tuple[Row, int]]:
    """The distinct values of some columns in some rows, and how many rows have them."""
    read = {name: columns.texts(name) for name in names}
    coded: list[tuple[NDArray[Any], int]] = [(c.codes[places], c.size) for c in read.values()]
    numbers, count = combined(coded, len(places))
    counts = np.bincount(numbers, minlength=count).tolist()
    for number, at in enumerate(first_of(numbers, count).tolist()):
        yield row_at(columns, int(places[at]), names), counts[number]
