"""What is told beside a call, as far as the policies of some estates can ask for it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final, TypeAlias

import numpy as np

from clearance.batch.numbering import Parts
from clearance.batch.requests import NETWORK, is_address
from clearance.batch.units import Columns
from clearance.batch.values import Classes, Conditions, Moments
from clearance.batch.who import NAMES_SESSIONS
from clearance.model.estate import Estate

__all__ = ["Circumstances", "as_told", "circumstances", "parts_as_told"]

Circumstances: TypeAlias = Mapping[str, Classes | Moments]
# Context keys by the column that tells them, as the mapper spells them.
_TOLD_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "source_ip": ("aws:SourceIp", "aws:VpcSourceIp"),
    "user_agent": ("aws:UserAgent",),
    "time": ("aws:CurrentTime", "aws:EpochTime"),
    "tls": ("aws:SecureTransport",),
    "requested_region": ("aws:RequestedRegion",),
}
_ISSUED: Final = "aws:TokenIssueTime"


def as_told(spoken: Container[str], *estates: Estate) -> tuple[str, ...]:
    """The columns of which each value counts by itself: they say who asks, and through what."""
    endpoints = any(account.vpc_endpoints for e in estates for account in e.accounts.values())
    counts = {
        "session": any(word in spoken for word in NAMES_SESSIONS),
        "issued": _ISSUED in spoken,
        "vpc_endpoint": endpoints or any(key in spoken for key in NETWORK),
    }
    return tuple(name for name, matters in counts.items() if matters)


def parts_as_told(columns: Columns, names: Iterable[str]) -> Parts:
    """Numbers for the values of such columns in the rows of a unit."""
    found: Parts = []
    for name in names:
        if name == "issued":
            values, codes = np.unique(columns.times(name)[0], return_inverse=True)
            found.append((codes, len(values)))
        else:
            column = columns.texts(name)
            found.append((column.codes, column.size))
    return found


def circumstances(spoken: Container[str], *estates: Estate) -> Circumstances:
    """The columns of which values are one about which all policies say the same."""
    told = {
        column: keys
        for column, keys in _TOLD_BY.items()
        if any(key in spoken for key in (NETWORK if column == "source_ip" else keys))
    }
    conditions = Conditions((key for keys in told.values() for key in keys), *estates)
    made: dict[str, Classes | Moments] = {}
    for column, keys in told.items():
        if column == "time":
            made[column] = Moments(conditions, keys)
        else:
            kind = is_address if column == "source_ip" else bool
            made[column] = Classes(conditions, keys, kind)
    return made
