"""Values of a column to classes: two values of one class pass exactly the same tests.

A policy asks little of a value: whether it lies in a range, equals a text, fits a pattern. Values
about which all tests of all policies say the same cannot be told apart by any decision. Where a
policy puts the value itself into a pattern or a comparison (a policy variable), each value is a
class of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network
from math import floor
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from clearance.batch.keys import in_force, texts_of, unescaped
from clearance.decide.attach import attach
from clearance.decide.compile.conditions import compile_condition, keys_of
from clearance.decide.compile.outcome import Test
from clearance.match.operators.addresses import network
from clearance.match.operators.dates import instant
from clearance.match.operators.numbers import number
from clearance.match.resource import template
from clearance.model.estate import Estate
from clearance.model.policy import Condition, PolicyType, Statement
from clearance.model.request import fold

__all__ = ["Classes", "Conditions", "Moments", "addresses"]

KEPT: Final = 500_000  # values remembered before they are asked about anew
_KINDS: Final = (PolicyType.RESOURCE, PolicyType.IDENTITY, PolicyType.TRUST, PolicyType.SCP)
_PRINCIPAL: Final = re.compile(r'"(?:Not)?Principal"')

_OCTET: Final = r"(?:0|[1-9][0-9]{0,2})"
_QUAD: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_LARGEST: Final = 255
_FEW: Final = 16  # limits that are quicker compared with than searched
_SIDES: Final[tuple[Literal["left"], Literal["right"]]] = ("left", "right")

Codes: TypeAlias = NDArray[np.int32]


class Conditions:
    """What the policies of some estates ask of some context keys.

    ``raw`` are the keys whose value some policy uses as it is; ``tests`` asks the others. A policy
    that cannot be read here makes every key it mentions raw: that is slower and never wrong.
    """

    def __init__(self, keys: Iterable[str], *estates: Estate) -> None:
        self.raw: set[str] = set()
        self._found: dict[str, dict[Condition, None]] = {fold(key): {} for key in keys}
        for text in {text for estate in estates for text in texts_of(in_force(estate))}:
            lower = "\n".join(unescaped(text)).lower()
            spoken = [key for key in self._found if key in lower]
            if spoken:
                self._read(text, spoken)

    def _read(self, text: str, spoken: Sequence[str]) -> None:
        if not text.lstrip().startswith("{"):
            return  # a name or description: no condition
        kinds = _KINDS if _PRINCIPAL.search(text) else (_KINDS[1], _KINDS[3], *_KINDS[:3:2])
        read = (attach(text, kind, "") for kind in kinds)
        found = next((each for each in read if each.error is None), None)
        if found is None:
            self.raw.update(spoken)
            return
        for statement in found.policy.statements:
            self._see(statement, variables=found.policy.has_variables)

    def _see(self, statement: Statement, *, variables: bool) -> None:
        for text in statement.resources or ():
            self.raw.update(fold(v.key) for v in template(text, variables=variables).variables)
        for condition in statement.conditions:
            own, read = fold(condition.key), keys_of(condition, variables=variables)
            self.raw.update(read - {own})
            if read != {own}:
                self.raw.add(own)
            elif own in self._found:
                self._found[own][condition] = None

    def tests(self, key: str) -> tuple[Test, ...]:
        """The tests that policies make of a key's value alone."""
        return tuple(compile_condition(c, variables=False) for c in self._found[fold(key)])

    def values(self, key: str) -> tuple[str, ...]:
        """The values that policies compare a key's with."""
        return tuple(value for c in self._found[fold(key)] for value in c.values)

    def blocks(self, keys: Iterable[str]) -> list[int] | None:
        """Where IPv4 ranges of the keys begin and end; None if other things are asked as well."""
        found: set[int] = set()
        for condition in (each for key in keys for each in self._found[fold(key)]):
            if condition.operator == "Null":
                continue
            if condition.operator not in {"IpAddress", "NotIpAddress"}:
                return None
            for block in map(network, condition.values):
                if isinstance(block, IPv4Network):
                    start = int(block.network_address)
                    found |= {start, start + block.num_addresses}
        return sorted(found)

    def by_order(self, key: str) -> bool:
        """True when the key is only compared as a date or a number, or tested for being there."""
        ordered = ("Date", "Numeric", "Null")
        return all(condition.operator.startswith(ordered) for condition in self._found[fold(key)])


class Classes:
    """The classes of a text column; class 0 is that of rows without a value.

    ``kind`` parts the values further, beside what the tests say.
    """

    def __init__(
        self,
        conditions: Conditions,
        keys: Sequence[str],
        kind: Callable[[str], bool] = bool,
    ) -> None:
        self._kind = kind
        folded = [fold(key) for key in keys]
        self._raw = not conditions.raw.isdisjoint(folded)
        self._tests = [(key, test) for key in folded for test in conditions.tests(key)]
        self._blocks = None if self._raw else conditions.blocks(keys)
        self._between: dict[int, object] = {}
        self._numbers: dict[object, int] = {None: 0}
        self._known: dict[str | None, int] = {None: 0}

    def __len__(self) -> int:
        return len(self._numbers)

    def of(self, values: Iterable[str | None]) -> Codes:
        """The class of each value."""
        texts = list(values)
        found: list[int | None] = list(map(self._known.get, texts))
        if None in found:
            found = [self._class(t) if n is None else n for n, t in zip(found, texts, strict=True)]
        return np.array(found, np.int32)

    def of_column(self, dictionary: Any) -> Codes:  # noqa: ANN401 - Arrow's
        """The class of each text of an Arrow array, and of rows without one after the last."""
        if self._blocks is None:
            return self.of([*dictionary.to_pylist(), None])
        found = np.zeros(len(dictionary) + 1, np.int32)
        which, values = addresses(dictionary)
        places = np.searchsorted(np.array(self._blocks, np.int64), values, "right")
        kinds, first, back = np.unique(places, return_index=True, return_inverse=True)
        made = []
        for place, at in zip(kinds.tolist(), first.tolist(), strict=True):
            # No test tells two addresses between the same two ends of ranges apart.
            if place not in self._between:
                self._between[place] = self._asked(dictionary[int(which[at])].as_py())
            sign = self._between[place]
            made.append(self._numbers.setdefault(sign, len(self._numbers)))
        found[which] = np.array(made, np.int32)[back]
        rest = np.setdiff1d(np.arange(len(dictionary)), which, assume_unique=True)
        found[rest] = self.of(dictionary.take(pa.array(rest)).to_pylist())
        return found

    def _class(self, value: str | None) -> int:
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= KEPT:
                self._known = {None: 0}
            sign = self._sign(value) if value is not None else None
            known = self._known[value] = self._numbers.setdefault(sign, len(self._numbers))
        return known

    def _sign(self, value: str) -> object:
        return value if self._raw else self._asked(value)

    def _asked(self, value: str) -> object:
        outcomes = bytes(test({key: (value,)}, {}) for key, test in self._tests)
        return outcomes, bool(self._kind(value))


def addresses(texts: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # noqa: ANN401
    """Which of an Arrow array's texts are IPv4 addresses, and their numbers.

    >>> addresses(pa.array(["10.0.0.1", "AWS Internal", "10.0.0.256"]))
    (array([0]), array([167772161]))
    """
    like = compute.match_substring_regex(texts, f"^{_QUAD}$")
    which = np.flatnonzero(like.to_numpy(zero_copy_only=False))
    parts = compute.split_pattern(texts.filter(like), ".").flatten().cast(pa.int64())
    octets = parts.to_numpy(zero_copy_only=False).reshape(-1, 4)
    small = (octets <= _LARGEST).all(axis=1)
    found: NDArray[np.int64] = octets[small] @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
    return which[small], found


class Moments:
    """The classes of times: the dates that policies name part them; class 0 has no time."""

    def __init__(self, conditions: Conditions, keys: Sequence[str]) -> None:
        self.raw = not conditions.raw.isdisjoint(map(fold, keys)) or not all(
            map(conditions.by_order, keys)
        )
        wanted = {value for key in keys for value in conditions.values(key)}
        found = (read(value) for value in wanted for read in (instant, number))
        # The keys hold whole seconds: a limit between two of them parts no others than its floor.
        self._limits = sorted({floor(limit) for limit in found if limit is not None})
        self._values: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._values) + 1 if self.raw else 2 * len(self._limits) + 2

    def of(self, times: NDArray[np.int64], known: Any) -> Codes:  # noqa: ANN401 - an array or None
        """The class of each time in milliseconds; ``known`` tells which there are."""
        if self.raw:
            values, places = np.unique(times // 1000, return_inverse=True)
            codes = [self._values.setdefault(v, len(self._values) + 1) for v in values.tolist()]
            found = np.array(codes, np.int32)[places]
        elif len(self._limits) > _FEW:
            limits, seconds = np.array(self._limits, np.int64), times // 1000
            left, right = (np.searchsorted(limits, seconds, side) for side in _SIDES)
            found = (left + right + 1).astype(np.int32)
        else:
            # A limit is passed when its second is over, and reached when it begins.
            found = np.ones(len(times), np.int32)
            for limit in self._limits:
                found += times >= (limit + 1) * 1000
                found += times >= limit * 1000
        return found if known is None else np.where(known, found, 0)
