"""Turns: threads prepare side by side, and then do one thing after another, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

__all__ = ["Turns"]


class Turns:
    """Numbers are drawn, and called in that order."""

    def __init__(self) -> None:
        self._drawn = 0
        self._now = 0
        self._called = Condition()

    def take(self) -> int:
        """Draw a number; whoever does must come to `mine`, else all others wait for ever."""
        with self._called:
            self._drawn += 1
            return self._drawn - 1

    @contextmanager
    def mine(self, turn: int, prepare: Callable[[], object]) -> Iterator[None]:
        """Prepare while others have their turn, and wait for one's own."""
        try:
            prepare()
        except BaseException:
            self._wait(turn)
            self._pass()
            raise
        self._wait(turn)
        try:
            yield
        finally:
            self._pass()

    def _wait(self, turn: int) -> None:
        with self._called:
            self._called.wait_for(lambda: self._now == turn)

    def _pass(self) -> None:
        with self._called:
            self._now += 1
            self._called.notify_all()
