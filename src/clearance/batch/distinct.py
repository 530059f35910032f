"""Calls counted by kind, in arrays: objects are made of a caller's calls when they are asked for.

What is kept grows with the kinds, not with the events, and by some eighty bytes and the name of a
resource for each: `Counted` numbers the calls across units by their ids, and what is told beside
them as far as policies can tell it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clearance.batch.beside import Beside
from clearance.batch.calls import Calls
from clearance.batch.dataset import CALL
from clearance.batch.numbering import Growing, Ids, Ints, Pairs, Parts, Places, combined, first_of
from clearance.batch.read import Record
from clearance.batch.requests import Call, Mapper, Row
from clearance.batch.tally import OUTCOMES, Tallies, Tally, ends, outcomes_of, when
from clearance.batch.translate import Translator
from clearance.batch.units import NO_TIME, Columns, InMemory
from clearance.model.principal import Principal

__all__ = ["Counted", "Kind", "Tally", "count", "count_units", "translated"]

ROWS: Final = 200_000  # records that are translated before they are counted
_FAR: Final = pa.large_string()  # names of more than 2 GiB in all
# What of a call makes its permissions, but for whose it is and the resource of its own.
_PLANNED: Final = ("source", "name", "type", "account", "action", "owner", "keys", "more", "gap")
# What they are derived from again where the estate has an answer to their doubts.
_AGAIN: Final = ("doubts", "version", "region", "parameters", "resources")
_REGION: Final = "requested_region"


def translated(records: Iterable[Record], translator: Translator) -> Iterator[Columns]:
    """Records as units that lie in memory."""
    for record in records:
        translator.add(record)
        if len(translator) == ROWS:
            yield InMemory(translator.table())
    if len(translator):
        yield InMemory(translator.table())


def count(records: Iterable[Record], mapper: Mapper) -> Counted:
    """Read records to the end; each is one more sighting of its kind of call."""
    return count_units(translated(records, Translator(mapper.catalog)), mapper)


def count_units(units: Iterable[Columns], mapper: Mapper) -> Counted:
    """The kinds of calls in some units of the dataset."""
    found = Counted(mapper)
    for unit in units:
        found.add(unit)
    return found


class Kind(NamedTuple):
    """A kind of call with what AWS did: a tally for each `Outcome`."""

    call: Call
    tallies: tuple[Tally, Tally, Tally]


class Counted:
    """The kinds of calls in some logs, by what AWS did with them.

    Every array has a place for each call with what is told beside it and what AWS did.
    """

    def __init__(self, mapper: Mapper) -> None:
        self.events = 0
        self._mapper = mapper
        self._beside = Beside(mapper)
        self._ids, self._pairs = Ids(), Pairs()
        self._calls = _Calls(mapper)
        self._call: Growing[np.int32] = Growing(np.int32)
        self._told: Growing[np.int32] = Growing(np.int32)
        self._outcome: Growing[np.int8] = Growing(np.int8)
        self._tallies = Tallies()

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that are read of every unit; what calls tell is read of new ones alone."""
        return (CALL, *dict.fromkeys((*self._beside.needed, "time", "error")))

    def __len__(self) -> int:
        return len(self._call)

    def add(self, columns: Columns) -> None:
        """One more unit."""
        if not columns.rows:
            return
        self.events += columns.rows
        calls = columns.calls()
        outcomes = outcomes_of(columns.texts("error"))
        beside = self._beside.parts(columns)
        parts: Parts = [(calls.numbers, len(calls)), *beside, (outcomes, OUTCOMES)]
        numbers, size = combined(parts, columns.rows)
        first = first_of(numbers, size)
        known, fresh = self._ids.of(*calls.ids())
        if len(fresh):
            self._calls.learn(calls, fresh)
        own = known[calls.numbers[first]]
        told = self._beside.of(columns, beside, first)
        results = outcomes[first]
        places, new = self._pairs.at(own, told * OUTCOMES + results)
        self._call.extend(own[new].astype(np.int32))
        self._told.extend(told[new].astype(np.int32))
        self._outcome.extend(results[new])
        self._tallies.extend(len(new))
        self._see(places, numbers, columns)

    def _see(self, places: Ints, numbers: NDArray[np.int32], columns: Columns) -> None:
        times, known = columns.times("time")
        if known is not None or np.any(np.diff(times) < 0):
            order = np.argsort(times, kind="stable")
            times, numbers = times[order], numbers[order]
        first, last = ends(numbers.astype(np.int64), times, len(places))
        counts = np.bincount(numbers, minlength=len(places))
        self._tallies.see(places, counts, first, last)

    @property
    def calls(self) -> Iterator[Kind]:
        """Every kind, one caller's after the other's."""
        for name in self.callers:
            yield from self.of(name)

    @property
    def callers(self) -> Mapping[str, Principal]:
        """Who made calls that were decided, in order: users and roles by their ARN.

        With one principal of each, a session where it is a role.
        """
        found = self._by_caller
        return {name: found.principals[name] for name in found.places}

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last moment of a call that was decided; empty where none is told."""
        return self._tallies.span(self._by_caller.order)

    def seen(self) -> Mapping[str, str]:
        """When each caller was last seen, whatever it called."""
        return {name: when(time) for name, time in self._by_caller.seen.items()}

    def of(self, caller: str) -> Iterator[Kind]:
        """A caller's kinds, in the order in which they were first seen."""
        return self._kinds(self._by_caller.of(caller), None)

    def done(self, caller: str, on: str) -> Iterator[Kind]:
        """What a caller did, each on one resource for all; on each where action ``on`` was asked.

        Far fewer than its kinds.
        """
        return self._kinds(self._by_caller.of(caller), self._calls.asking(on))

    def _kinds(self, places: Ints, apart: NDArray[np.bool_] | None) -> Iterator[Kind]:
        calls, told = self._call.array[places], self._told.array[places]
        which = calls
        if apart is not None:
            asked = self._calls.asked.array[calls]
            which = np.where(apart[asked], calls, len(self._calls) + asked)
        parts: Parts = [(which, len(self._calls) + len(apart if apart is not None else ()))]
        numbers, size = combined([*parts, (told, len(self._beside.rows))], len(places))
        first = first_of(numbers, size)
        tallies = [(Tally(), Tally(), Tally()) for _ in range(size)]
        outcomes = self._outcome.array[places].tolist()
        seen = self._tallies.at(places)
        for number, outcome, tally in zip(numbers.tolist(), outcomes, seen, strict=True):
            tallies[number][outcome].add(tally)
        for row, each in zip(self._rows(calls[first], told[first]), tallies, strict=True):
            call = self._mapper.fresh(row)
            if isinstance(call, Call):
                yield Kind(call, each)

    def _rows(self, calls: Places, told: Places) -> Iterator[Row]:
        beside = [
            {name: getattr(row, name) for name in self._beside.needed} for row in self._beside.rows
        ]
        for values, number in zip(self._calls.told(calls), told.tolist(), strict=True):
            yield Row(**values, **beside[number])

    @cached_property
    def _by_caller(self) -> _Order:
        """Whose the places are. No more units may come."""
        rows = self._beside.rows
        sessions: dict[tuple[str | None, int | None], int] = {}
        session = [sessions.setdefault((row.session, row.issued), len(sessions)) for row in rows]
        calls, told = self._call.array, self._told.array
        callers = self._calls.callers.array[calls]
        apart: Parts = [
            (callers, len(self._calls.texts)),
            (np.array(session, np.int64)[told], len(sessions)),
        ]
        whos, count = combined(apart, len(calls))
        who = []
        for at in first_of(whos, count).tolist():
            row, text = rows[int(told[at])], self._calls.texts[int(callers[at])]
            one = Row(caller=text, session=row.session, issued=row.issued)
            who.append(self._mapper.caller(one).principal)
        decided = self._calls.decided()[self._calls.asked.array[calls]]
        return _Order(who, whos, decided, self._tallies.latest())


class _Order:
    """Places by caller: those of each lie together, in their order."""

    def __init__(
        self,
        who: Sequence[Principal | None],
        whos: NDArray[np.int32],
        decided: NDArray[np.bool_],
        last: Ints,
    ) -> None:
        self.principals: dict[str, Principal] = {}
        for one in who:
            if one is not None:
                self.principals.setdefault(one.policy_subject, one)
        told = sorted(self.principals)
        number = {name: at for at, name in enumerate(told)}
        table = [-1 if one is None else number[one.policy_subject] for one in who]
        owners = np.array(table, np.int64)[whos]
        known = owners >= 0
        latest = np.full(len(told), NO_TIME, np.int64)
        np.maximum.at(latest, owners[known], last[known])
        self.seen = dict(zip(told, latest.tolist(), strict=True))
        kept = np.flatnonzero(known & decided)
        self.order: Ints = kept[np.argsort(owners[kept], kind="stable")]
        starts = np.searchsorted(owners[self.order], np.arange(len(told) + 1)).tolist()
        self.places = {
            name: slice(start, stop)
            for name, start, stop in zip(told, starts, starts[1:], strict=False)
            if start < stop
        }

    def of(self, name: str) -> Ints:
        """The places of one; none of whoever did nothing."""
        return self.order[self.places.get(name, slice(0))]


class _Calls:
    """Calls by number: who asked, what, and on which resource; what is asked has few values."""

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper
        region = (_REGION,) if "aws:RequestedRegion" in mapper.spoken else ()
        self._planned = (*_PLANNED, *region)
        self.texts: list[str | None] = []  # of callers
        self._text_numbers: dict[str | None, int] = {}
        self._asked: list[dict[str, str | None]] = []
        self._asked_numbers: dict[tuple[object, ...], int] = {}
        self.callers: Growing[np.int32] = Growing(np.int32)
        self.asked: Growing[np.int32] = Growing(np.int32)
        self._resources: list[Any] = []

    def __len__(self) -> int:
        return len(self.callers)

    def learn(self, calls: Calls, which: Places) -> None:
        """New calls, in the order of their numbers."""
        calls.fetch(("caller", "resource", "doubts", *self._planned))
        texts, numbers = self.texts, self._text_numbers
        caller = calls.column("caller", which)
        table = np.full(len(caller.texts), -1, np.int32)
        for code in np.unique(caller.codes).tolist():
            text = caller.texts[code]
            table[code] = numbers.setdefault(text, len(numbers))
            texts += [text] if len(texts) < len(numbers) else []
        self.callers.extend(table[caller.codes])
        resources = calls.column("resource", which).told()
        self._resources.append(pa.array(resources, _FAR))
        doubts = calls.column("doubts", which)
        # Where the estate has no answer to a call's doubts, they and what they rest on say nothing.
        open_ = np.array([self._mapper.open(text) for text in doubts.texts], np.bool_)[doubts.codes]
        asked = np.empty(len(which), np.int32)
        for names, places in (
            (self._planned, np.flatnonzero(~open_)),
            ((*self._planned, *_AGAIN), np.flatnonzero(open_)),
        ):
            if len(places):
                asked[places] = self._numbered(calls, which[places], names)
        self.asked.extend(asked)

    def _numbered(self, calls: Calls, which: Places, names: tuple[str, ...]) -> NDArray[np.int32]:
        """The number of what is asked in each call."""
        read = [calls.column(name, which) for name in names]
        numbers, size = combined([(column.codes, column.size) for column in read], len(which))
        first = first_of(numbers, size)
        told = (column.at(first).told() for column in read)
        found = [
            self._number(dict(zip(names, row, strict=True))) for row in zip(*told, strict=True)
        ]
        return np.array(found, np.int32)[numbers]

    def _number(self, asked: dict[str, str | None]) -> int:
        # Keys of which no policy speaks tell nothing apart.
        keys = self._mapper.projected(asked["keys"])
        key = (keys, *(text for name, text in asked.items() if name != "keys"))
        found = self._asked_numbers.setdefault(key, len(self._asked))
        if found == len(self._asked):
            self._asked.append(asked)
        return found

    def decided(self) -> NDArray[np.bool_]:
        """Which of what is asked is a request that could be decided, if the caller can be told."""
        return np.array([asked["action"] is not None for asked in self._asked], np.bool_)

    def asking(self, action: str) -> NDArray[np.bool_]:
        """In which of what is asked an action may be."""
        found = [
            asked["action"] == action or action in (asked["more"] or "") or "doubts" in asked
            for asked in self._asked
        ]
        return np.array(found, np.bool_)

    def told(self, calls: Places) -> Iterator[dict[str, Any]]:
        """Some calls, as much of them as is kept."""
        if len(self._resources) > 1:
            self._resources = [pa.concat_arrays(self._resources)]
        resources = [each.take(pa.array(calls)).to_pylist() for each in self._resources]
        callers, asked = self.callers.array[calls].tolist(), self.asked.array[calls].tolist()
        for caller, number, resource in zip(callers, asked, *resources, strict=True):
            yield {"caller": self.texts[caller], **self._asked[number], "resource": resource}
