"""Which events become requests, which do not, and why: by operation, and by kind of caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from clearance.batch.numbering import combined, first_of
from clearance.batch.requests import Call, Mapper, Row
from clearance.batch.units import Columns

__all__ = ["Coverage", "Operation", "covered"]

COMPLETE: Final = "complete"
# What may be missing, the worst first; what is said of it in a report.
REASONS: Final = {
    "type": "not an authorized call",
    "caller": "the caller cannot be told",
    "operation": "no operation of that name is known",
    "resource": "the resource is not told: asked on `*`",
    "parameters": "no parameters: keys made of them are unknown",
    COMPLETE: "complete",
}
_APART: Final = ("source", "name", "type", "action", "gap", "more", "caller")
_NAMES: Final = (*_APART, "resource", "keys", "owner", "account")


@dataclass(slots=True)
class Operation:
    """One kind of event: how many came to what, and which permissions it asks for."""

    source: str
    name: str
    events: Counter[str] = field(default_factory=Counter)
    actions: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """All its events."""
        return self.events.total()


@dataclass(slots=True)
class Coverage:
    """What of some logs is understood."""

    operations: dict[tuple[str, str], Operation] = field(default_factory=dict)
    callers: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)
    events: int = 0

    @property
    def reasons(self) -> Counter[str]:
        """Events by what became of them."""
        found: Counter[str] = Counter()
        for each in self.operations.values():
            found.update(each.events)
        return found

    def worst(self) -> list[Operation]:
        """The operations that are not understood in full, the most frequent first."""
        open_ = [o for o in self.operations.values() if o.total > o.events[COMPLETE]]
        return sorted(open_, key=lambda o: (o.events[COMPLETE] - o.total, o.source, o.name))

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "events": self.events,
            "byReason": dict(self.reasons.most_common()),
            "callers": dict(self.callers.most_common()),
            "callersNotTold": dict(self.untold.most_common()),
            "operations": [
                {
                    "eventSource": o.source,
                    "eventName": o.name,
                    "events": o.total,
                    "byReason": dict(o.events.most_common()),
                    "actions": sorted(o.actions),
                }
                for o in sorted(self.operations.values(), key=lambda o: -o.total)
            ],
        }


def covered(units: Iterable[Columns], mapper: Mapper) -> Coverage:
    """What of some units of the dataset becomes requests."""
    found = Coverage()
    for columns in units:
        found.events += columns.rows
        _add(found, columns, mapper)
    return found


def _add(found: Coverage, columns: Columns, mapper: Mapper) -> None:
    calls = columns.calls()
    calls.fetch(_NAMES)
    every = np.arange(len(calls))
    read = {name: calls.column(name, every) for name in _APART}
    numbers, count = combined([(c.codes, c.size) for c in read.values()], len(calls))
    events = np.bincount(calls.numbers, minlength=len(calls))
    counts = np.bincount(numbers, events, count).astype(np.int64).tolist()
    first = first_of(numbers, count)
    told = [calls.column(name, first).told() for name in _NAMES]
    for values, times in zip(zip(*told, strict=True), counts, strict=True):
        row = Row(**dict(zip(_NAMES, values, strict=True)))
        key = (row.source, row.name)
        operation = found.operations.setdefault(key, Operation(*key))
        made = mapper.fresh(row)
        kind = _kind(row.caller)
        found.callers[kind] += times
        if isinstance(made, Call):
            operation.actions.update(request.action for request in made.requests)
            reason = _reason(row.gap, row.more)
        elif row.action is None:
            reason = "type"
        else:
            reason = "caller"
            found.untold[made.reason] += times
        operation.events[reason] += times


def _reason(gap: str | None, more: str | None) -> str:
    words = set((gap or "").split())
    if more and '"gap"' in more:
        words |= {word for word in REASONS if word in more.partition('"gap"')[2]} & {"resource"}
    return next((reason for reason in REASONS if reason in words), COMPLETE)


def _kind(caller: str | None) -> str:
    kind = msgspec.json.decode(caller).get("type") if caller else None
    return kind if isinstance(kind, str) else "none"
