"""The latest calls, as they are recorded: what the live pages look at many times a second."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

from clearance.store.port import Event

__all__ = ["Feed"]

KEPT: Final = 2_000


class Feed:
    """The last calls, newest first; written by the thread that commits, read by the pages."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=KEPT)
        self._count = 0

    @property
    def count(self) -> int:
        """How many calls there were so far; who remembers it knows whether there is news."""
        return self._count

    def add(self, event: Event) -> None:
        """One call more."""
        self._count += 1
        self._events.appendleft((self._count, event))

    def since(self, count: int, most: int = KEPT) -> list[Event]:
        """The calls after the first ``count``, newest first."""
        found = islice(self._events.copy(), most)
        return [event for number, event in found if number > count]
