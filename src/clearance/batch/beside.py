"""What is told beside a call, numbered: its session, and when, from where and how it was made.

Told apart only as far as policies can: where none speaks of addresses, all are one; where some do,
those are one about which all policies say the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.batch.numbering import Ints, Parts, combined, first_of
from clearance.batch.requests import Mapper, Row, is_address
from clearance.batch.units import Columns, rows_at
from clearance.batch.values import Classes, Conditions, Moments

__all__ = ["Beside"]

_SESSIONS: Final = ("assumed-role", "aws:userid")
_ISSUED: Final = "aws:TokenIssueTime"
_ADDRESSES: Final = ("aws:SourceIp", "aws:VpcSourceIp")
# Context keys by the column that tells them.
_TOLD_BY: Final = {
    "user_agent": ("aws:UserAgent",),
    "tls": ("aws:SecureTransport",),
    "time": ("aws:CurrentTime", "aws:EpochTime"),
}


class Beside:
    """A number for all that is told beside a call; ``rows`` are one row of each, as far as told."""

    def __init__(self, mapper: Mapper) -> None:
        spoken, estate = mapper.spoken, mapper.estate
        endpoints = any(account.vpc_endpoints for account in estate.accounts.values())
        exact = {
            "session": any(word in spoken for word in _SESSIONS),
            "issued": _ISSUED in spoken,
            "vpc_endpoint": endpoints or mapper.network,
        }
        self._exact = tuple(name for name, matters in exact.items() if matters)
        told: dict[str, tuple[str, ...]] = {"source_ip": _ADDRESSES} if mapper.network else {}
        told |= {n: keys for n, keys in _TOLD_BY.items() if any(key in spoken for key in keys)}
        conditions = Conditions((key for keys in told.values() for key in keys), estate)
        self._classes = {
            name: Classes(conditions, keys, is_address if name == "source_ip" else bool)
            for name, keys in told.items()
            if name != "time"
        }
        self._moments = Moments(conditions, told["time"]) if "time" in told else None
        self.needed = (*self._exact, *told)
        self.rows: list[Row] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def parts(self, columns: Columns) -> Parts:
        """What parts the rows of a unit, beside their calls."""
        found: Parts = []
        for name in self._exact:
            if name == "issued":
                values, places = np.unique(columns.times(name)[0], return_inverse=True)
                found.append((places, len(values)))
            else:
                column = columns.texts(name)
                found.append((column.codes, column.size))
        for name, classes in self._classes.items():
            column = columns.texts(name)
            table = classes.of_column(column.dictionary)
            found.append((table[column.codes], len(classes)))
        if self._moments is not None:
            moments = self._moments.of(*columns.times("time"))
            found.append((moments, len(self._moments)))
        return found

    def of(self, columns: Columns, parts: Parts, places: Ints) -> Ints:
        """The number of what is told in some rows; ``parts`` are those of the whole unit."""
        here: Parts = [(codes[places], size) for codes, size in parts]
        kinds, count = combined(here, len(places))
        at = places[first_of(kinds, count)]
        classes = np.array([codes[at] for codes, _ in parts[len(self._exact) :]], np.int64)
        known = [
            self._number(row, tuple(own))
            for row, own in zip(
                rows_at(columns, at, self.needed) if self.needed else [Row()] * count,
                classes.T.tolist() if len(classes) else [()] * count,
                strict=True,
            )
        ]
        found: NDArray[np.int64] = np.array(known, np.int64)[kinds]
        return found

    def _number(self, row: Row, classes: tuple[int, ...]) -> int:
        key = (*(getattr(row, name) for name in self._exact), *classes)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.rows)
            self.rows.append(row)
        return found
