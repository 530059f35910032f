"""How the interpreter is set while logs are worked through."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["at_work"]

_SOON: Final = 0.0005  # seconds; the usual five milliseconds are longer than most steps on arrays


@contextmanager
def at_work() -> Iterator[None]:
    """No search for garbage in circles, and threads that wait for Python get it sooner.

    What is learned of calls is kept, and looking through it for garbage is slow. Threads that
    work on arrays need Python for a moment between two steps.
    """
    collecting, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(_SOON)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()
