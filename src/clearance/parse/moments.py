"""Moments as people write them: a date, a date and time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from clearance.model.errors import UsageError

__all__ = ["moment"]

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """The moment a text names; without a zone it is UTC.

    >>> now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> moment("2h", now).hour, moment("2026-02-01", now).month
    (10, 2)
    """
    ago = _AGO.fullmatch(text.strip().removesuffix("ago").strip())
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"`{text}` is not a moment; write `2026-03-01`, `2026-03-01T12:30:00Z` or `2h` (ago)"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
