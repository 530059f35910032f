"""Work that takes long: it tells how far it is, and stops when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

__all__ = ["Job", "StoppedError"]

T = TypeVar("T")


class StoppedError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(slots=True)
class Job:
    """A piece of work in a thread, as seen from the page that waits for it.

    ``done`` of ``total`` steps are behind it; ``total`` is 0 while nobody knows. ``says`` is what
    it is at.
    """

    says: str = ""
    done: int = 0
    total: int = 0
    _stop: Event = field(default_factory=Event)

    @property
    def stopped(self) -> bool:
        """True once somebody asked for an end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask for an end; the work sees it at its next step."""
        self._stop.set()

    def check(self) -> None:
        """End here if nobody waits.

        Raises:
            StoppedError: nobody does.
        """
        if self._stop.is_set():
            raise StoppedError

    def steps(self, items: Sequence[T], says: str = "") -> Iterator[T]:
        """The items one by one, counted; ends with them, or when nobody waits any more."""
        self.says, self.done, self.total = says or self.says, 0, len(items)
        yield from self.counted(items)

    def counted(self, items: Iterable[T]) -> Iterator[T]:
        """The same for items of which nobody knows how many there are."""
        for item in items:
            self.check()
            yield item
            self.done += 1
