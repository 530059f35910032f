"""Writes of many threads in one transaction: whoever comes while one is running joins the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Gather"]

T = TypeVar("T")


class _Waiting(Generic[T]):
    """What one thread gave, and what became of it."""

    __slots__ = ("done", "error", "items")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.done = False
        self.error: BaseException | None = None


class Gather(Generic[T]):
    """``write`` is given the items of all who wait, in the order in which they came."""

    def __init__(self, write: Callable[[list[T]], None]) -> None:
        self._write = write
        self._guard = Lock()
        self._writing = Lock()
        self._waiting: list[_Waiting[T]] = []

    def join(self, items: Sequence[T]) -> Callable[[], None]:
        """Take a place in the order; what is answered returns once the items are written."""
        mine = _Waiting(items)
        with self._guard:
            self._waiting.append(mine)
        return lambda: self._until(mine)

    def _until(self, mine: _Waiting[T]) -> None:
        with self._writing:
            if not mine.done:  # nobody wrote it along while this thread waited for its turn
                with self._guard:
                    batch, self._waiting = self._waiting, []
                self._all(batch)
        if mine.error is not None:
            raise mine.error

    def _all(self, batch: list[_Waiting[T]]) -> None:
        error: BaseException | None = None
        try:
            self._write([item for one in batch for item in one.items])
        except Exception as raised:  # noqa: BLE001 (each thread raises it for itself)
            error = raised
        for one in batch:
            one.error, one.done = error, True
