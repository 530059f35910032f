"""Units of the dataset to decisions: each class of calls is decided once, each row has its class.

Rows become numbers column by column; equal numbers are equal calls. What is left to Python is the
distinct ones: of them the `Planner` knows which are decided alike, and of those one is decided by
the compiled engine in both estates. The classes of all rows are then looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearance.batch.keys import Spoken
from clearance.batch.numbering import Growing, Ints, Pairs, combined, first_of
from clearance.batch.plans import Part, Plan, Planner, Told
from clearance.batch.requests import NETWORK, Mapper, Outcome, Row, Template, is_address
from clearance.batch.units import NO_TIME, Column, Columns, row_at, rows_at, texts_at
from clearance.batch.values import Classes, Conditions, Moments
from clearance.batch.who import Who
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate

__all__ = ["Decided", "Decider", "Klass"]

Coded: TypeAlias = tuple[NDArray[Any], int]  # numbers, and a size above all of them
KEPT: Final = 3_000_000  # resources or calls known by number before numbering begins anew
SKIPPED: Final = 0  # the class of rows that are no request that could be decided
# Context keys by the column that tells them, as the mapper spells them.
_TOLD_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "source_ip": ("aws:SourceIp", "aws:VpcSourceIp"),
    "user_agent": ("aws:UserAgent",),
    "time": ("aws:CurrentTime", "aws:EpochTime"),
    "tls": ("aws:SecureTransport",),
    "requested_region": ("aws:RequestedRegion",),
}
_SESSIONS: Final = ("assumed-role", "aws:userid")
_ISSUED: Final = "aws:TokenIssueTime"
_ASKED: Final = ("account", "action", "owner", "keys", "more", "gap", "doubts")
# What a call is derived from again where the estate has an answer to its doubts.
_PLANNED: Final = ("account", "action", "owner", "keys", "more", "gap", "vpc_endpoint")
_AGAIN: Final = ("source", "name", "version", "region", "parameters", "resources")


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

    ``calls`` number what was asked for by whom; where ``age`` is the same, so are the numbers.
    """

    columns: Columns
    classes: NDArray[np.int32]
    calls: NDArray[np.int32]
    outcomes: NDArray[np.int8]
    age: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Calls that differ in their circumstances alone, and the columns these are told by."""

    parts: tuple[Part, ...]
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Made:
    """The plans of a call: its own permission's, and the others' with their resources."""

    first: Plan
    resource: str | None  # where it is not the row's
    more: tuple[tuple[Plan, str], ...]


@dataclass(frozen=True, slots=True)
class _Local:
    """The distinct calls of a unit: a number for each row, and where each first is."""

    numbers: NDArray[np.int32]
    first: Ints


class Decider:
    """Decides units of the dataset in two estates; what it learned it keeps for the next unit.

    Several threads may decide at once: reading and counting go on side by side.
    """

    def __init__(self, current: Estate, proposed: Estate, catalog: Catalog) -> None:
        spoken = Spoken(current, proposed)
        self.mapper = Mapper(current, catalog, spoken)
        self.planner = Planner(current, proposed, self.mapper, catalog)
        self._circumstances = _circumstances(spoken, current, proposed)
        sessions = any(word in spoken for word in _SESSIONS)
        self._of_caller = ("caller", "session") if sessions else ("caller",)
        self._issued = _ISSUED in spoken
        endpoints = any(a.vpc_endpoints for e in (current, proposed) for a in e.accounts.values())
        through = ("vpc_endpoint",) if endpoints or self.mapper.network else ()
        self._asked = (*_ASKED, *through)
        self._folds: Mapping[str, Callable[[str | None], Any]] = {
            "keys": self.mapper.projected,
            "gap": self.mapper.absent,
            "doubts": lambda text: text if self.mapper.open(text) else None,
        }
        self._lock = Lock()
        self._callers: dict[tuple[Any, ...], int] = {}
        self._numbered: dict[int, int] = {}
        self._whos: list[Who] = []
        self._plans: dict[tuple[Any, ...], int] = {}
        self._again: dict[tuple[Any, ...], int] = {}
        self._made: list[_Made | None] = []
        self._age = 0
        self._resources: dict[str | None, int] = {}
        self._pairs = Pairs()
        self._group_of: Growing[np.int32] = Growing(np.int32)
        self._signs: dict[tuple[Any, ...], int] = {}
        self._of_parts: dict[tuple[Part, ...], int] = {}
        self._groups: list[_Group] = [_Group((), frozenset())]
        self._numbers: dict[tuple[int, ...], int] = {}
        self.classes: list[Klass] = [Klass((), was=False, will=False)]
        self._outcomes: dict[str | None, int] = {}

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that are read of every unit."""
        issued = ("issued",) if self._issued else ()
        columns = (*self._of_caller, *issued, *self._asked, "resource", *self._circumstances)
        return tuple(dict.fromkeys((*columns, "time", "error")))

    def rows(self, columns: Columns, places: Ints) -> list[Row]:
        """As much of some rows as a decision rests on, and their names."""
        doubts = texts_at(columns, "doubts", places)
        again = _AGAIN if any(map(self.mapper.open, set(doubts))) else ()
        return rows_at(columns, places, {*self.needed, "source", "name", *again})

    def decide(self, columns: Columns) -> Decided:
        """The class of each row of a unit."""
        outcomes = self._outcomes_of(columns.texts("error"))
        local = self._local(columns)
        with self._lock:
            if max(len(self._pairs), len(self._resources)) > KEPT:
                self._forget()
            calls, age = self._calls(columns, local.first), self._age
            groups = self._group_of.array[calls]
        classes = self._classes_of(columns, groups, local)
        return Decided(columns, classes, calls.astype(np.int32)[local.numbers], outcomes, age)

    def _forget(self) -> None:
        """Begin to number calls anew: what is kept must not grow with the logs."""
        self._again = {}
        self._resources = {}
        self._pairs = Pairs()
        self._group_of = Growing(np.int32)
        self._age += 1

    def _outcomes_of(self, errors: Column) -> NDArray[np.int8]:
        for text in errors.texts:
            if text not in self._outcomes:
                self._outcomes[text] = Outcome.of(text)
        table = np.array([self._outcomes[text] for text in errors.texts], np.int8)
        found: NDArray[np.int8] = table[errors.codes]
        return found

    def _local(self, columns: Columns) -> _Local:
        """Equal calls of the unit get equal numbers."""
        parts = [_coded(columns.texts(name)) for name in (*self._of_caller, "resource")]
        parts += [self._folded(name, columns.texts(name)) for name in self._asked]
        parts += self._issues(columns, slice(None))
        numbers, count = combined(parts, columns.rows)
        return _Local(numbers, first_of(numbers, count))

    def _issues(self, columns: Columns, places: Any) -> list[Coded]:  # noqa: ANN401 - an index
        """When sessions began, where a policy asks."""
        if not self._issued:
            return []
        values, codes = np.unique(columns.times("issued")[0][places], return_inverse=True)
        return [(codes, len(values))]

    def _folded(self, name: str, column: Column) -> Coded:
        """A column's numbers, where texts that decide alike have one."""
        fold = self._folds.get(name)
        if fold is None:
            return _coded(column)
        found: dict[Any, int] = {}
        table = [found.setdefault(fold(text), len(found)) for text in column.texts]
        if len(found) == 1:
            return column.codes, 1
        return np.array(table, np.int32)[column.codes], len(found)

    def _calls(self, columns: Columns, first: Ints) -> Ints:
        """The number of each distinct call; new ones are worked out."""
        plans = self._plans_of(columns, first, self._whos_of(columns, first))
        resource = columns.texts("resource")
        known = self._resources
        codes: list[int | None] = list(map(known.get, resource.texts))
        if None in codes:
            texts = zip(codes, resource.texts, strict=True)
            codes = [known.setdefault(t, len(known)) if n is None else n for n, t in texts]
        table = np.array(codes, np.int64)
        numbers, fresh = self._pairs.of(plans, table[resource.codes[first]])
        if len(fresh):
            named = [text or "*" for text in texts_at(columns, "resource", first[fresh])]
            self._group_of.extend(self._groups_of(plans[fresh], named))
        return numbers

    def _groups_of(self, plans: Ints, resources: list[str]) -> NDArray[np.int32]:
        """The group of each new call."""
        found = np.zeros(len(plans), np.int32)
        order = np.argsort(plans, kind="stable")
        cuts = np.flatnonzero(np.diff(plans[order])) + 1
        for places in np.split(order, cuts):
            made = self._made[int(plans[places[0]])]
            if made is not None:
                found[places] = self._made_for(made, [resources[at] for at in places.tolist()])
        return found

    def _made_for(self, made: _Made, resources: list[str]) -> list[int]:
        if made.resource is not None:
            resources = [made.resource] * len(resources)
        more = tuple(part for plan, of in made.more for part in plan.parts([of]))
        return [self._group((part, *more)) for part in made.first.parts(resources)]

    def _whos_of(self, columns: Columns, first: Ints) -> Ints:
        """The number of each call's caller."""
        parts = [columns.texts(name) for name in self._of_caller]
        coded: list[Coded] = [(part.codes[first], part.size) for part in parts]
        issued = columns.times("issued")[0][first] if self._issued else None
        numbers, count = combined([*coded, *self._issues(columns, first)], len(first))
        found = []
        for at in first_of(numbers, count).tolist():
            texts = [part.texts[part.codes[first[at]]] for part in parts]
            when = None if issued is None or issued[at] == NO_TIME else int(issued[at])
            found.append(self._who(texts[0], texts[1] if len(texts) > 1 else None, when))
        return np.array(found, np.int64)[numbers]

    def _who(self, caller: str | None, session: str | None, issued: int | None) -> int:
        key = (caller, session, issued)
        known = self._callers.get(key)
        if known is None:
            who = self.mapper.caller(Row(caller=caller, session=session, issued=issued))
            known = self._callers[key] = self._numbered.setdefault(id(who), len(self._whos))
            if known == len(self._whos):
                self._whos.append(who)
        return known

    def _plans_of(self, columns: Columns, first: Ints, whos: Ints) -> Ints:
        """The number of each call's caller and permissions, resources apart."""
        read = {name: columns.texts(name) for name in self._asked}
        folded = (self._folded(name, column) for name, column in read.items())
        coded = [(codes[first], size) for codes, size in folded if size > 1]
        numbers, count = combined([(whos, len(self._whos) + 1), *coded], len(first))
        at = first_of(numbers, count)
        found = self._known_plans(columns, first[at], whos[at].tolist())
        return np.array(found, np.int64)[numbers]

    def _known_plans(self, columns: Columns, places: Ints, whos: list[int]) -> list[int]:
        """The numbers of plans, new ones made."""
        mapper = self.mapper
        told = [texts_at(columns, name, places) for name in _PLANNED]
        doubts = texts_at(columns, "doubts", places)
        again = [n for n, text in enumerate(doubts) if text is not None and mapper.open(text)]
        opened = dict(
            zip(again, self._plans_again(columns, places[again], whos, again), strict=True)
        )
        found: list[int] = []
        for number, key in enumerate(zip(whos, *told, strict=True)):
            known = opened.get(number) if opened else None
            known = self._plans.get(key) if known is None else known
            if known is None:
                known = self._plans[key] = self._plan(key)
            found.append(known)
        return found

    def _plan(self, key: tuple[Any, ...]) -> int:
        """The number of a plan; calls that are planned alike have one."""
        who, *told = key
        row = Row(**dict(zip(_PLANNED, told, strict=True)))
        templates = self._templates(who, row)
        alike = (who, templates, row.vpc_endpoint, row.account)
        known = self._plans.get(alike)
        if known is None:
            known = self._plans[alike] = self._planned(who, row, templates, None)
        return known

    def _plans_again(
        self, columns: Columns, places: Ints, whos: list[int], which: list[int]
    ) -> list[int]:
        """The plans of calls whose permissions follow from the estate as well."""
        if not which:
            return []
        names = (*_PLANNED, "doubts", *_AGAIN, "resource")
        told = [texts_at(columns, name, places) for name in names]
        found = []
        for key in zip([whos[number] for number in which], *told, strict=True):
            known = self._again.get(key)
            if known is None:
                who, *values = key
                row = Row(**dict(zip(names, values, strict=True)))
                known = self._again[key] = self._plan_again(who, row)
            found.append(known)
        return found

    def _plan_again(self, who: int, row: Row) -> int:
        templates = self._templates(who, row)
        other = None
        if templates:
            first, *more = templates
            other = first.resource if first.resource != row.resource else None
            templates = (replace(first, resource=""), *more)
        key = (who, templates, other, row.vpc_endpoint, row.account)
        known = self._plans.get(key)
        if known is None:
            known = self._plans[key] = self._planned(who, row, templates, other)
        return known

    def _templates(self, who: int, row: Row) -> tuple[Template, ...]:
        principal = self._whos[who].principal
        if principal is None or row.action is None:
            return ()
        return self.mapper.templates(row, principal)

    def _planned(
        self, number: int, row: Row, templates: tuple[Template, ...], resource: str | None
    ) -> int:
        """The number of a new plan; ``resource`` is what it asks for where not the row's."""
        who = self._whos[number]
        made = None
        if templates and who.principal is not None:
            account = who.principal.account or row.account or None
            # The VPC endpoint is that of the caller, not of a service that calls for it.
            through = None if who.for_caller else row.vpc_endpoint
            told = (Told(who, template, account, through) for template in templates)
            own, *others = map(self.planner.plan, told)
            named = [template.resource for template in templates[1:]]
            made = _Made(own, resource, tuple(zip(others, named, strict=True)))
        self._made.append(made)
        return len(self._made) - 1

    def _group(self, parts: tuple[Part, ...]) -> int:
        number = self._of_parts.get(parts)
        if number is None:
            sign = tuple([part.sign for part in parts])
            number = self._of_parts[parts] = self._signs.setdefault(sign, len(self._groups))
            if number == len(self._groups):
                columns = frozenset[str]().union(*(part.columns for part in parts))
                self._groups.append(_Group(parts, columns))
        return number

    def _classes_of(
        self, columns: Columns, groups: NDArray[np.int32], local: _Local
    ) -> NDArray[np.int32]:
        """The class of each row: its group, and its circumstances as far as they matter there."""
        matter = [self._groups[group].columns for group in np.unique(groups).tolist()]
        wanted = [name for name in self._circumstances if any(name in each for each in matter)]
        if not wanted:
            # Without circumstances, calls of a group are one class.
            places = {int(group): int(at) for group, at in zip(groups, local.first, strict=True)}
            with self._lock:
                table = {g: self._class(g, {}, columns, at) for g, at in places.items()}
            of_call = np.array([table[group] for group in groups.tolist()], np.int32)
            found: NDArray[np.int32] = of_call[local.numbers]
            return found
        rows = groups[local.numbers]
        parts: list[Coded] = [(rows, len(self._groups))]
        told: dict[str, Ints] = {}
        for name in wanted:
            used = np.array([name in group.columns for group in self._groups], np.bool_)
            codes, size = self._circumstance(name, columns)
            told[name] = np.where(used[rows], codes, 0)
            parts.append((told[name], size))
        numbers, count = combined(parts, columns.rows)
        first = first_of(numbers, count)
        made = {name: codes[first].tolist() for name, codes in told.items()}
        with self._lock:
            classes = [
                self._class(group, {n: made[n][at] for n in wanted}, columns, place)
                for at, (group, place) in enumerate(
                    zip(rows[first].tolist(), first.tolist(), strict=True)
                )
            ]
        by_number = np.array(classes, np.int32)
        of_row: NDArray[np.int32] = by_number[numbers]
        return of_row

    def _circumstance(self, name: str, columns: Columns) -> tuple[Ints, int]:
        classes = self._circumstances[name]
        if isinstance(classes, Moments):
            times, known = columns.times(name)
            with self._lock:
                return classes.of(times, known), len(classes)
        column = columns.texts(name)
        with self._lock:
            table, size = classes.of(column.texts), len(classes)
        return table[column.codes], size

    def _class(self, group: int, told: Mapping[str, int], columns: Columns, place: int) -> int:
        """The number of a class; a new one is decided by one of its rows."""
        if group == SKIPPED:
            return SKIPPED
        made = self._groups[group]
        key = (group, *(told.get(name, 0) for name in self._circumstances if name in made.columns))
        number = self._numbers.get(key)
        if number is None:
            row = row_at(columns, place, {*made.columns, "vpc_endpoint"})
            verdicts = tuple(
                self.planner.verdict(part, self.mapper.circumstances(row, part.who))
                for part in made.parts
            )
            was, will = (all(verdict[side] for verdict in verdicts) for side in (0, 1))
            number = self._numbers[key] = len(self.classes)
            self.classes.append(Klass(verdicts, was, will))
        return number


def _coded(column: Column) -> Coded:
    return column.codes, column.size


def _circumstances(spoken: Spoken, *estates: Estate) -> dict[str, Classes | Moments]:
    """The columns that tell how and when calls were made, of which some policy speaks."""
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
