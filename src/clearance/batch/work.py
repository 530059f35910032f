"""How the interpreter is set while logs are worked through."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

__all__ = ["at_work"]

_SOON: Final = 0.0005  # seconds; the usual five milliseconds are longer than most steps on arrays


class _Settings:
    """What was set before the first began; the last to end sets it again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._working = 0
        self._before: tuple[bool, float, Any] = (True, 0.0, None)

    def begin(self) -> None:
        """One more is at work."""
        import pyarrow as pa  # noqa: PLC0415

        with self._lock:
            self._working += 1
            if self._working > 1:
                return
            self._before = gc.isenabled(), sys.getswitchinterval(), pa.default_memory_pool()
            gc.disable()
            sys.setswitchinterval(_SOON)
            if "jemalloc" in pa.supported_memory_backends():
                pa.set_memory_pool(pa.jemalloc_memory_pool())

    def end(self) -> None:
        """One less."""
        import pyarrow as pa  # noqa: PLC0415

        with self._lock:
            self._working -= 1
            if self._working:
                return
            collecting, interval, pool = self._before
            pa.set_memory_pool(pool)
            sys.setswitchinterval(interval)
            if collecting:
                gc.enable()


_SETTINGS: Final = _Settings()


@contextmanager
def at_work() -> Iterator[None]:
    """No search for garbage in circles, Python sooner for threads that wait, memory used again.

    What is learned of calls is kept, and looking through it for garbage is slow. Threads that
    work on arrays need Python for a moment between two steps. And Arrow's usual way to allocate
    takes much more new memory for many short-lived arrays than jemalloc does, where there is one.
    """
    _SETTINGS.begin()
    try:
        yield
    finally:
        _SETTINGS.end()
