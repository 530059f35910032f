"""Events counted by kind of call: what is kept grows with the kinds, not with the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from clearance.batch.read import Record
from clearance.batch.requests import Call, Mapper, Outcome, Skipped

__all__ = ["Counted", "Tally", "count"]


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


def count(records: Iterable[Record], mapper: Mapper) -> Counted:
    """Read records to the end; each is one more sighting of its kind of call."""
    found = Counted()
    for record in records:
        found.events += 1
        call = mapper.call(record)
        if isinstance(call, Skipped):
            found.skipped[call.reason] += 1
            continue
        if call.number == len(found.calls):
            found.calls.append((call, (Tally(), Tally(), Tally())))
        when = record.event_time
        outcome = mapper.outcome(record) if record.error_code else Outcome.ALLOWED
        found.calls[call.number][1][outcome].see(when if isinstance(when, str) else "")
    for call, tallies in found.calls:
        seen = sum(tally.count for tally in tallies)
        found.incomplete += seen if call.gaps else 0
        for gap in call.gaps:
            found.gaps[gap] += seen
    return found
