"""What a replay keeps of the rows: totals of all, and the calls about which there is news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearance.batch.decider import SKIPPED, Decided, Decider, Klass
from clearance.batch.numbering import Growing, Ints, Pairs, Parts, combined, first_of
from clearance.batch.requests import Outcome, Row
from clearance.batch.tally import OUTCOMES, Tallies, Tally, ends

__all__ = ["Sight", "Sights", "Tally"]


@dataclass(slots=True)
class Sight:
    """A kind of call that changes or that AWS decided otherwise; tallies by what AWS did."""

    row: Row
    klass: Klass
    tallies: tuple[Tally, Tally, Tally] = field(default_factory=lambda: (Tally(), Tally(), Tally()))


class _News:
    """The kinds of calls about which there is news, as they add up: a place for each outcome."""

    def __init__(self) -> None:
        self._numbers: dict[int, Pairs] = {}
        self._places: dict[int, Growing[np.int64]] = {}
        self.tallies = Tallies()
        # Rows are made when they are wanted: until then a unit's columns and a place in them.
        self._rows: list[tuple[dict[str, list[Any]], int, Klass]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def learn(self, told: dict[str, list[Any]], classes: Iterable[Klass]) -> None:
        """What the new ones are, in the order of their numbers."""
        self._rows += [(told, place, klass) for place, klass in enumerate(classes)]

    def of(self, age: int, calls: Ints, classes: Ints) -> tuple[Ints, Ints]:
        """The number of each kind; where new ones first are, which must then be `learn`ed."""
        numbers, fresh = self._numbers.setdefault(age, Pairs()).at(calls, classes)
        places = self._places.setdefault(age, Growing(np.int64))
        begin = len(self.tallies) // OUTCOMES
        places.extend(np.arange(begin, begin + len(fresh), dtype=np.int64))
        self.tallies.extend(len(fresh) * OUTCOMES)
        return places.array[numbers], fresh

    def sights(self) -> Iterator[Sight]:
        """Each kind with its tallies."""
        made = self.tallies.at(np.arange(len(self.tallies)))
        for number, (columns, place, klass) in enumerate(self._rows):
            row = Row(**{name: values[place] for name, values in columns.items()})
            one, two, three = made[number * OUTCOMES : (number + 1) * OUTCOMES]
            yield Sight(row, klass, (one, two, three))


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
    added: list[Sight] = field(default_factory=list)  # what others have seen
    _news: _News = field(default_factory=_News)

    @property
    def decided(self) -> int:
        """Events that were made requests."""
        return self.events - self.skipped.total()

    def seen(self) -> Iterator[Sight]:
        """The kinds of calls about which there is news."""
        yield from self._news.sights()
        yield from self.added

    @property
    def kinds(self) -> int:
        """How many kinds of calls there is news about."""
        return len(self._news) + len(self.added)

    def add(self, decider: Decider, decided: Decided) -> None:
        """One more unit."""
        self.events += decided.columns.rows
        self.classes = len(decider.classes) - 1
        classes = decider.classes[: int(decided.classes.max(initial=0)) + 1]
        kinds = decided.classes * np.int32(OUTCOMES)
        kinds += decided.outcomes
        self._total(classes, np.bincount(kinds, minlength=len(classes) * OUTCOMES))
        self._remark(decider, decided)
        was = np.array([each.was for each in classes], np.bool_)
        changes = np.array([each.changes for each in classes], np.bool_)
        # Which outcomes are news of each class: all of one that changes, else the unexpected.
        expected = np.where(was, Outcome.ALLOWED, Outcome.DENIED)[:, None]
        outcomes = np.arange(OUTCOMES)
        news = changes[:, None] | ((expected != outcomes) & (outcomes != Outcome.FAILED))
        news[SKIPPED] = False
        rows = np.flatnonzero(news.ravel()[kinds])
        if len(rows):
            self._see(decider, decided, classes, rows)

    def merge(self, other: Sights) -> None:
        """Add the sum of other units, decided by another `Decider`."""
        for name in ("events", "incomplete", "broken", "opened", "agreed", "disagreed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.classes = max(self.classes, other.classes)
        self.skipped.update(other.skipped)
        self.gaps.update(other.gaps)
        self.added += other.seen()

    def _total(self, classes: list[Klass], counts: Ints) -> None:
        for number in np.unique(np.flatnonzero(counts) // OUTCOMES).tolist():
            if number == SKIPPED:
                continue
            allowed, denied, failed = counts[number * OUTCOMES : (number + 1) * OUTCOMES].tolist()
            klass = classes[number]
            self.broken += allowed + failed if klass.was and not klass.will else 0
            self.opened += denied + failed if klass.will and not klass.was else 0
            self.agreed += allowed if klass.was else denied
            self.disagreed += denied if klass.was else allowed

    def _remark(self, decider: Decider, decided: Decided) -> None:
        if not decided.remarks.any():
            return
        counts = np.bincount(decided.remarks[decided.numbers])
        for number in np.flatnonzero(counts).tolist():
            count = int(counts[number])
            reason, gaps = decider.remarks[number]
            if reason is not None:
                self.skipped[reason] += count
            self.incomplete += count if gaps else 0
            for text in gaps:
                self.gaps[text] += count

    def _see(
        self, decider: Decider, decided: Decided, classes: list[Klass], rows: NDArray[np.int64]
    ) -> None:
        columns = decided.columns
        times, known = columns.times("time")
        if known is not None or (len(times) and np.any(np.diff(times[rows]) < 0)):
            rows = rows[np.argsort(times[rows], kind="stable")]
        own, klass = decided.numbers[rows], decided.classes[rows]
        parts: Parts = [(own, len(decided.calls)), (klass, len(classes))]
        numbers, count = combined(parts, len(rows))
        at = first_of(numbers, count)
        calls = decided.calls[own[at]]
        kinds, fresh = self._news.of(decided.age, calls, klass[at].astype(np.int64))
        told = decider.told_of(columns, rows[at[fresh]])
        self._news.learn(told, (classes[number] for number in klass[at[fresh]].tolist()))
        outcomes = numbers.astype(np.int64) * OUTCOMES + decided.outcomes[rows]
        size = count * OUTCOMES
        counts = np.bincount(outcomes, minlength=size)
        first, last = ends(outcomes, times[rows], size)
        used = np.flatnonzero(counts)
        places = kinds[used // OUTCOMES] * OUTCOMES + used % OUTCOMES
        self._news.tallies.see(places, counts[used], first[used], last[used])
