"""Which statements speak of which resources, for many resources at once.

How a name begins nearly always settles it: ``bucket/*`` speaks of all that begins with ``bucket/``.
Only where it does not are the names themselves looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from clearance.batch.calls import Coded
from clearance.batch.numbering import Ints
from clearance.decide.compile.statements import CompiledStatement

__all__ = ["MOST", "Resources", "fits_of"]

MOST: Final = 60  # statements of which a number's bits can say whether they fit
_SOME: Final = 2


class Resources(Protocol):
    """What some calls ask for: how the names begin, and all of them where that matters."""

    @property
    def starts(self) -> Coded:
        """The start of each name: see `calls.start_of`."""

    def texts(self, places: Ints) -> list[str]:
        """Some of the names."""


def fits_of(
    groups: Sequence[Sequence[CompiledStatement]],
    which: NDArray[Any],
    places: Ints,
    resources: Resources,
) -> Ints:
    """For each of some resources, which of its group's statements speak of it, as bits.

    ``which`` is the group of each resource, ``places`` where it is among the resources. The groups
    that are named have between one statement and `MOST`, without policy variables.
    """
    counts = np.array([len(statements) for statements in groups], np.int64)
    numbers: dict[int, int] = {}
    statements: list[CompiledStatement] = []
    flat: list[int] = []
    for group in groups:
        for statement in group:
            number = numbers.setdefault(id(statement), len(statements))
            if number == len(statements):
                statements.append(statement)
            flat.append(number)
    # Each resource before each statement of its group, one after another.
    starts = np.concatenate([[0], np.cumsum(counts)])
    asked = counts[which]
    begin = np.cumsum(asked) - asked
    shifts = np.arange(int(asked.sum())) - np.repeat(begin, asked)
    whose = np.array(flat, np.int64)[np.repeat(starts[which], asked) + shifts]
    codes = np.repeat(resources.starts.codes[places], asked)
    pairs, back = np.unique(whose << 32 | codes, return_inverse=True)
    told = resources.starts.texts
    fits = np.array(
        [
            _begins(statements[pair >> 32], told[pair & 0xFFFFFFFF] or "*")
            for pair in pairs.tolist()
        ],
        np.int64,
    )[back]
    left = np.flatnonzero(fits == _SOME)
    if len(left):
        left = left[np.argsort(whose[left], kind="stable")]
        named = resources.texts(np.repeat(places, asked)[left])
        cuts = np.flatnonzero(np.diff(whose[left])) + 1
        ends = [0, *cuts.tolist(), len(left)]
        for one, other in pairwise(ends):
            statement = statements[int(whose[left[one]])]
            fits[left[one:other]] = statement.fits(named[one:other])
    total: Ints = np.add.reduceat(fits << shifts, begin)
    return total


def _begins(statement: CompiledStatement, start: str) -> int:
    """Whether a statement speaks of resources with this start; `_SOME` if of some."""
    if not start.endswith("/"):
        return int(bool(statement.fits([start])[0]))  # it is all of the name
    found = statement.begins(start)
    return _SOME if found is None else int(found)
