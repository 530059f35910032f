"""Date operators (R115): W3C's profile of ISO 8601, or epoch seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from clearance.match.operators.numbers import number

__all__ = ["instant"]

# Several quantifiers, none nested: linear in the text.
_W3C: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,30}))?)?"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?)?)?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> Decimal | None:
    """Seconds since 1970 of a date, or None.

    A time zone that is missing is read as UTC, which AWS does not document.

    >>> instant("2026-01-01T00:00:00Z")
    Decimal('1767225600')
    """
    found = _W3C.fullmatch(text)
    if found is None:
        return number(text)
    part = {k: int(found[k] or 0) for k in ("hour", "minute", "second")}
    try:
        moment = datetime(
            int(found["year"]),
            int(found["month"] or 1),
            int(found["day"] or 1),
            part["hour"],
            part["minute"],
            part["second"],
            tzinfo=_zone(found["zone"]),
        )
    except ValueError:
        return None
    past = moment - _EPOCH
    whole = Decimal(past.days * 86400 + past.seconds)
    return whole + Decimal(f"0.{found['fraction']}") if found["fraction"] else whole


def _zone(text: str | None) -> timezone:
    if text is None or text in {"Z", "z"}:
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
