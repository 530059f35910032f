"""How long Lambda waits: between attempts, between looks at a queue."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds; the defaults are AWS's where AWS says them.

    "Lambda waits one minute before the second attempt, and two minutes between the second and
    third attempts"; after throttling the interval grows "from one second after the first attempt
    to a maximum of five minutes" (Lambda Developer Guide, invocation-async-error-handling).
    ``poll`` is between two looks at an event source that had nothing.
    """

    retries: tuple[float, ...] = (60.0, 120.0)
    throttled: float = 1.0
    throttled_most: float = 300.0
    poll: float = 1.0
    failed: float = 5.0
