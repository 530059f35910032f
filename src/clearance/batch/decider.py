"""Units of the dataset to decisions: each class of calls is decided once, each row has its class.

The rows of a unit share calls, and most calls have been met before. New ones are worked out: the
`Planner` knows which of them are decided alike, and of those one is decided by the compiled engine
in both estates, under each of the circumstances that policies tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearance.batch.calls import ASKED, Calls, Halves
from clearance.batch.circumstances import as_told, circumstances, parts_as_told
from clearance.batch.dataset import CALL
from clearance.batch.keys import Spoken
from clearance.batch.kinds import Kinds
from clearance.batch.learner import AGAIN, Learner, Remark
from clearance.batch.numbering import (
    Growing,
    Ids,
    Ints,
    Pairs,
    Places,
    combined,
    first_of,
)
from clearance.batch.parts import Part
from clearance.batch.requests import Mapper
from clearance.batch.tally import outcomes_of
from clearance.batch.turns import Turns
from clearance.batch.units import Columns, row_at, rows_at, values_at
from clearance.batch.values import Moments
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate

__all__ = ["Decided", "Decider", "Klass", "Prepared"]

KEPT: Final = 6_000_000  # calls known by number before numbering begins anew
SKIPPED: Final = 0  # the class of rows that are no request that could be decided
# What decides beside the circumstances: what the calls of the dataset are told apart by.
_CALLED: Final = (
    "caller", "account", "action", "resource", "owner", "keys", "more", "gap", "doubts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Klass:
    """A class of calls: decided alike in both estates.

    ``verdicts``: for each permission, allowed before, allowed after, and whether a key that
    nobody told could part the estates. ``was`` and ``will`` speak of the call as a whole.
    """

    verdicts: tuple[tuple[bool, bool, bool], ...]
    was: bool
    will: bool

    @property
    def changes(self) -> bool:
        """True when some permission is decided otherwise, or may be."""
        return any(was != will or perhaps for was, will, perhaps in self.verdicts)


@dataclass(frozen=True, slots=True)
class Decided:
    """A unit's rows: the class of each, which kind of call it is, and what AWS did.

    ``numbers`` say which of the unit's calls a row is; ``calls`` number these, as what was asked
    for by whom, in which session: where ``age`` is the same, so are the numbers. ``remarks`` are
    of each of the unit's calls what the record left open: see `Decider.remarks`.
    """

    columns: Columns
    classes: NDArray[np.int32]
    numbers: NDArray[np.int32]
    calls: Ints
    remarks: NDArray[np.int32]
    outcomes: NDArray[np.int8]
    age: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Calls that differ in their circumstances alone, and the columns these are told by."""

    parts: tuple[Part, ...]
    columns: frozenset[str]


class _Circumstance(NamedTuple):
    """How calls were made: the class of each row, or of each of some calls, by a column."""

    name: str
    codes: Places
    of: NDArray[np.int32] | None  # the number of each row's call, where the classes are calls'
    size: int


@dataclass(frozen=True, slots=True)
class _Local:
    """The calls of a unit apart by session, where that matters: a number for each row.

    ``calls`` and ``beside`` are of each number the call and what else tells who asked.
    """

    numbers: NDArray[np.int32]
    calls: Places
    beside: Ints


class _Known:
    """The calls known by number. When there are too many, numbering begins anew: an age ends."""

    def __init__(self, age: int) -> None:
        self.age = age
        self.calls = Ids()
        self.apart = Pairs()
        self.groups: Growing[np.int32] = Growing(np.int32)
        self.remarks: Growing[np.int32] = Growing(np.int32)

    def of(self, ids: Halves, local: _Local, *, apart: bool) -> tuple[Ints, Ints]:
        """The number of each call of a unit, and where new ones are, in order of their numbers."""
        numbers, fresh = self.calls.of(*ids)
        return self.apart.at(numbers[local.calls], local.beside) if apart else (numbers, fresh)


class Prepared(NamedTuple):
    """A unit of which everything is known but what its new calls come to."""

    columns: Columns
    calls: Calls
    local: _Local
    told: list[_Circumstance]
    outcomes: NDArray[np.int8]
    known: _Known
    asked: Ints
    fresh: Ints
    turn: int


class Decider:
    """Decides units of the dataset in two estates; what it learned it keeps for the next unit.

    Several threads may decide at once: reading and counting go on side by side.
    """

    def __init__(self, current: Estate, proposed: Estate, catalog: Catalog) -> None:
        spoken = Spoken(current, proposed)
        self.mapper = Mapper(current, catalog, spoken)
        self._learner = Learner(current, proposed, self.mapper, catalog)
        self.planner = self._learner.planner
        self._circumstances = circumstances(spoken, current, proposed)
        self._beside = as_told(spoken, current, proposed)
        self._lock = Lock()  # of what is numbered
        self._learning = Lock()  # of what is worked out
        self._turns = Turns()
        self._known = _Known(0)
        self._groups: list[_Group] = []
        self._numbers: dict[tuple[int, ...], int] = {(SKIPPED,): SKIPPED}
        self.classes: list[Klass] = [Klass((), was=False, will=False)]

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The columns of the dataset on which decisions rest, whatever is read of them."""
        return tuple(dict.fromkeys((*_CALLED, *self._beside, *self._circumstances, "error")))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that are read of every unit; what calls tell is read of new ones alone."""
        told = (*self._beside, *self._circumstances, "time", "error")
        return (CALL, *dict.fromkeys(name for name in told if name not in ASKED))

    @property
    def remarks(self) -> list[Remark]:
        """Why calls are skipped, or what of them the record does not tell."""
        return self._learner.remarks

    @property
    def age(self) -> int:
        """How often numbering has begun anew."""
        return self._known.age

    @property
    def known(self) -> int:
        """How many calls are known by number."""
        return max(len(self._known.calls), len(self._known.apart))

    def told_of(self, columns: Columns, places: Ints) -> dict[str, list[Any]]:
        """Some rows column by column, as much of them as a decision and its report rest on."""
        calls = columns.calls()
        doubts = calls.column("doubts", calls.numbers[places]).told()
        again = AGAIN if any(map(self.mapper.open, set(doubts))) else ()
        names = {*_CALLED, *self._beside, *self._circumstances, "source", "name", *again}
        return values_at(columns, places, names)

    def decide(self, columns: Columns) -> Decided:
        """The class of each row of a unit."""
        return self.finish(self.prepare(columns))

    def prepare(self, columns: Columns) -> Prepared:
        """What needs nothing that was learned; then `finish` must be called, once.

        Threads do this side by side. What is new is worked out in the order of preparing.
        """
        calls = columns.calls()
        ids = calls.ids()
        local = self._local(columns, calls)
        told = [self._circumstance(name, columns, calls, local) for name in self._circumstances]
        outcomes = outcomes_of(columns.texts("error"))
        with self._lock:
            if self.known > KEPT:
                self._known = _Known(self._known.age + 1)
            known = self._known
            asked, fresh = known.of(ids, local, apart=bool(self._beside))
            turn = self._turns.take()
        return Prepared(columns, calls, local, told, outcomes, known, asked, fresh, turn)

    def finish(self, unit: Prepared) -> Decided:
        """The class of each row of a unit that is prepared."""
        known, local, fresh = unit.known, unit.local, unit.fresh
        with self._turns.mine(unit.turn, lambda: self._fetch(unit)):
            if len(fresh):
                self._learn(known, unit.calls, local.calls[fresh], local.beside[fresh])
            groups, remarks = known.groups.array[unit.asked], known.remarks.array[unit.asked]
            here = self._groups[:]
        classes = self._classes_of(unit.columns, groups, local.numbers, here, unit.told)
        return Decided(
            unit.columns, classes, local.numbers, unit.asked, remarks, unit.outcomes, known.age
        )

    def _fetch(self, unit: Prepared) -> None:
        if len(unit.fresh):
            self._learner.fetch(unit.calls)

    def _learn(self, known: _Known, calls: Calls, which: Places, beside: Ints) -> None:
        """Work out new calls, in the order of their numbers."""
        with self._learning:
            groups, remarks = self._learner.learn(calls, which, beside)
            self._groups += [
                _Group(parts, frozenset[str]().union(*(part.columns for part in parts)))
                for parts in self._learner.groups[len(self._groups) :]
            ]
        known.groups.extend(groups)
        known.remarks.extend(remarks)

    def _local(self, columns: Columns, calls: Calls) -> _Local:
        """The calls of a unit; where sessions or VPC endpoints matter, apart by them."""
        numbers, count = calls.numbers, len(calls)
        if not self._beside:
            return _Local(numbers, np.arange(count), np.zeros(count, np.int64))
        beside, size = self._besides(columns)
        # Nearly always a call comes with one thing beside it; rows with another are set apart.
        usual = np.zeros(count, np.int32)
        usual[numbers] = beside
        odd = np.flatnonzero(usual[numbers] != beside)
        whose = np.arange(count)
        if len(odd):
            apart, more = combined([(numbers[odd], count), (beside[odd], size)], len(odd))
            first = odd[first_of(apart, more)]
            usual = np.concatenate([usual, beside[first].astype(np.int32)])
            whose = np.concatenate([whose, numbers[first]])
            numbers = numbers.copy()
            numbers[odd] = count + apart
        return _Local(numbers, whose, self._beside_of(columns, beside, size)[usual])

    def _besides(self, columns: Columns) -> tuple[Places, int]:
        """Numbers for what is told beside the calls of rows."""
        parts = parts_as_told(columns, self._beside)
        return parts[0] if len(parts) == 1 else combined(parts, columns.rows)

    def _beside_of(self, columns: Columns, beside: Places, size: int) -> Ints:
        """The learner's number for each thing beside calls; of each, one row is looked at."""
        place = np.full(size, -1, np.int64)
        place[beside] = np.arange(len(beside))
        there = np.flatnonzero(place >= 0)
        rows = rows_at(columns, place[there], self._beside)
        found = np.zeros(size, np.int64)
        with self._lock:
            found[there] = [self._learner.beside(row) for row in rows]
        return found

    def _circumstance(
        self, name: str, columns: Columns, calls: Calls, local: _Local
    ) -> _Circumstance:
        classes = self._circumstances[name]
        if isinstance(classes, Moments):
            times, known = columns.times(name)
            with self._lock:
                return _Circumstance(name, classes.of(times, known), None, len(classes))
        if name in ASKED:
            asked = calls.column(name, local.calls)
            with self._lock:
                table, size = classes.of(asked.texts), len(classes)
            return _Circumstance(name, table[asked.codes], local.numbers, size)
        column = columns.texts(name)
        with self._lock:
            table, size = classes.of_column(column.dictionary), len(classes)
        return _Circumstance(name, table[column.codes], None, size)

    def _classes_of(
        self,
        columns: Columns,
        groups: NDArray[np.int32],
        numbers: NDArray[np.int32],
        known: list[_Group],
        told: list[_Circumstance],
    ) -> NDArray[np.int32]:
        """The class of each row: its group, and its circumstances as far as they matter there."""
        matter = [[each.name in group.columns for group in known] for each in told]
        sizes = [each.size for each in told]
        kinds = Kinds(sizes, np.array(matter, np.bool_), len(known))
        keys = kinds.keys(groups, numbers, [(each.codes, each.of) for each in told])
        present = kinds.present(keys)
        made = list(zip(*kinds.taken_apart(present), strict=True))
        names = [each.name for each in told]
        signs = [self._sign(group, names, codes) for group, *codes in made]
        classes = [self._numbers.get(sign) for sign in signs]
        new = [at for at, number in enumerate(classes) if number is None]
        if new:
            rows = kinds.first(keys, present[new]).tolist()
            with self._learning:
                for at, row in zip(new, rows, strict=True):
                    classes[at] = self._class(signs[at], columns, row)
        return kinds.spread(keys, present, np.array(classes, np.int32))

    def _sign(self, group: int, names: Sequence[str], codes: Sequence[int]) -> tuple[int, ...]:
        """What makes a class: a group and the classes of what matters to it."""
        matter = self._groups[group].columns
        told = zip(names, codes, strict=True)
        return (group, *[code for name, code in told if name in matter])

    def _class(self, sign: tuple[int, ...], columns: Columns, place: int) -> int:
        """The number of a new class; it is decided by one of its rows."""
        if sign in self._numbers:
            return self._numbers[sign]  # another thread was quicker
        made = self._groups[sign[0]]
        row = row_at(columns, place, {*made.columns, "vpc_endpoint"})
        verdicts = tuple(
            self.planner.verdict(part, self.mapper.circumstances(row, part.who))
            for part in made.parts
        )
        was, will = (all(verdict[side] for verdict in verdicts) for side in (0, 1))
        self.classes.append(Klass(verdicts, was, will))
        number = self._numbers[sign] = len(self.classes) - 1
        return number
