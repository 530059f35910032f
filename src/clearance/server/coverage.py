"""Which operations the endpoint has, and which that it lacks were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.facts import services
from clearance.server.calls import LOCAL, OPERATIONS, RUNNING

__all__ = ["Coverage", "coverage", "wanted"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """One service: the operations of its model, and which of them are here."""

    service: str
    here: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many operations AWS's model has."""
        return len(self.here) + len(self.missing)


def coverage() -> tuple[Coverage, ...]:
    """Every service the endpoint serves itself."""
    found = []
    for name in sorted(OPERATIONS.keys() | LOCAL.keys()):
        have = OPERATIONS.get(name, {}).keys() | LOCAL.get(name, {}).keys()
        have |= RUNNING.get(name, frozenset())
        model = services.service(name).operations
        found.append(
            Coverage(
                name,
                tuple(sorted(o for o in model if o in have)),
                tuple(sorted(o for o in model if o not in have)),
            )
        )
    return tuple(found)


def wanted(events: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
    """How often each operation that is not here was asked for: ``service:Operation`` to number."""
    counted: Counter[str] = Counter()
    for event in events:
        if event.get("errorCode") == "NotImplemented":
            source = str(event.get("eventSource", "")).partition(".")[0]
            counted[f"{source}:{event.get('eventName')}"] += 1
    return dict(counted.most_common())
