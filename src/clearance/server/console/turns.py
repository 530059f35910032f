"""Threads that decide much give way to the one that answers calls.

Python lets a busy thread run on for five milliseconds before another gets its turn, and a call
takes many turns: while a page works something out, calls would take several times as long.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

__all__ = ["TURN", "giving_way"]

TURN: Final = 0.001  # seconds


class _Busy:
    """How many threads are at work, and what the interval was before the first."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.threads = 0
        self.before = 0.0


_BUSY: Final = _Busy()


@contextmanager
def giving_way() -> Iterator[None]:
    """Shorter turns for all threads while the block runs."""
    with _BUSY.lock:
        _BUSY.threads += 1
        if _BUSY.threads == 1:
            _BUSY.before = sys.getswitchinterval()
            sys.setswitchinterval(min(TURN, _BUSY.before))
    try:
        yield
    finally:
        with _BUSY.lock:
            _BUSY.threads -= 1
            if _BUSY.threads == 0:
                sys.setswitchinterval(_BUSY.before)
