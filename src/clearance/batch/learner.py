"""New calls to groups that are decided alike, many at once.

Of all that tells two calls apart, a caller, what is asked without the resource, and the resource
repeat in all combinations. Each is looked at by itself, once; what is left for each call is which
of a few statements' patterns its resource fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearance.batch.calls import START, Calls, Coded
from clearance.batch.numbering import Ints, Parts, Places, combined, first_of
from clearance.batch.parts import Part, Told
from clearance.batch.plans import Plan, Planner
from clearance.batch.requests import Mapper, Row, Template
from clearance.batch.who import Who
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate

__all__ = ["AGAIN", "Learner", "Remark"]

# Why a call is skipped, or what of it the record does not tell.
Remark: TypeAlias = tuple[str | None, tuple[str, ...]]
SKIPPED: Final = 0  # the group of calls that are no request that could be decided
# What of a call makes its permissions, but for the resource of its own.
_PLANNED: Final = ("account", "action", "owner", "keys", "more", "gap")
# What they are derived from again where the estate has an answer to their doubts.
AGAIN: Final = ("source", "name", "version", "region", "parameters", "resources")
_REMARKED: Final = ("type", "source", "name", "action", "gap", "more")
_WORDS: Final = ("operation", "resource")  # gaps that are reported


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Permissions of calls, whoever asks for them on whatever resource."""

    account: str | None
    templates: tuple[Template, ...]
    number: int  # of the templates


@dataclass(frozen=True, slots=True)
class _Made:
    """The plans of a call: its own permission's, and the others' with their resources."""

    first: int
    resource: str | None  # where it is not the call's
    more: tuple[tuple[Plan, str], ...]


class Learner:
    """What calls come to. ``groups`` are the parts that decide each; the first is of the skipped.

    ``remarks`` are, by number, why a call is skipped or what of it the record does not tell.
    """

    def __init__(self, current: Estate, proposed: Estate, mapper: Mapper, catalog: Catalog) -> None:
        self.mapper = mapper
        self.planner = Planner(current, proposed, mapper, catalog)
        self.groups: list[tuple[Part, ...]] = [()]
        self.remarks: list[Remark] = [(None, ())]
        self._remark_numbers = {self.remarks[0]: 0}
        self._folds: Mapping[str, Callable[[str | None], Any]] = {
            "keys": mapper.projected,
            "gap": mapper.absent,
        }
        # The first says nothing: it is beside all calls where no policy asks for anything there.
        self._told_beside: list[Row] = [Row()]
        self._besides: dict[tuple[Any, ...], int] = {(None, None, None): 0}
        self._callers: dict[tuple[Any, ...], int] = {}
        self._numbered: dict[int, int] = {}
        self._whos: list[Who] = []
        self._bundles: dict[tuple[Any, ...], int] = {}
        self._bundled: list[_Bundle] = []
        self._made_of: dict[tuple[Any, ...], int] = {}
        self._made: list[_Made | None] = []
        self._plans: list[Plan] = []
        self._group_of: dict[tuple[int, ...], int] = {}
        self._parts_of: list[tuple[int, ...]] = [()]
        self._templates: dict[tuple[Template, ...], int] = {}

    def beside(self, row: Row) -> int:
        """The number of what is told beside a call: session, when it began, VPC endpoint."""
        key = (row.session, row.issued, row.vpc_endpoint)
        found = self._besides.get(key)
        if found is None:
            found = self._besides[key] = len(self._told_beside)
            self._told_beside.append(row)
        return found

    def fetch(self, calls: Calls) -> None:
        """Read what `learn` will look at."""
        calls.fetch(("caller", *_PLANNED, "doubts", START, "resource"))
        every = np.arange(len(calls))
        if any(map(self.mapper.open, calls.column("doubts", every).texts)):
            calls.fetch(AGAIN)

    def learn(
        self, calls: Calls, which: Places, beside: Ints
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The group of each of some calls, and the number of the remark on it."""
        whos = self._whos_of(calls.column("caller", which), beside)
        made = self._made_for(calls, which, whos, beside)
        groups = self._groups_of(made, calls, which)
        return groups, self._remarks_on(calls, which, whos, groups)

    def _whos_of(self, callers: Coded, beside: Ints) -> Ints:
        """The number of each call's caller."""
        parts: Parts = [(callers.codes, callers.size), (beside, len(self._told_beside))]
        numbers, count = combined(parts, len(beside))
        first = first_of(numbers, count)
        pairs = zip(callers.codes[first].tolist(), beside[first].tolist(), strict=True)
        found = [self._who(callers.texts[code], self._told_beside[told]) for code, told in pairs]
        return np.array(found, np.int64)[numbers]

    def _who(self, caller: str | None, told: Row) -> int:
        key = (caller, told.session, told.issued)
        known = self._callers.get(key)
        if known is None:
            who = self.mapper.caller(Row(caller=caller, session=told.session, issued=told.issued))
            known = self._callers[key] = self._numbered.setdefault(id(who), len(self._whos))
            if known == len(self._whos):
                self._whos.append(who)
        return known

    def _made_for(self, calls: Calls, which: Places, whos: Ints, beside: Ints) -> Ints:
        """The number of each call's plans."""
        read = {name: calls.column(name, which) for name in _PLANNED}
        coded: Parts = [self._folded(name, column) for name, column in read.items()]
        bundles, count = combined(coded, len(which))
        first = first_of(bundles, count)
        told = zip(*(column.at(first).told() for column in read.values()), strict=True)
        known = np.array([self._bundle(values) for values in told], np.int64)[bundles]
        parts: Parts = [
            (whos, len(self._whos)),
            (known, len(self._bundled)),
            (beside, len(self._told_beside)),
        ]
        numbers, count = combined(parts, len(which))
        first = first_of(numbers, count)
        keys = (array[first].tolist() for array in (whos, known, beside))
        found = np.array([self._plan(*key) for key in zip(*keys, strict=True)], np.int64)[numbers]
        doubts = calls.column("doubts", which)
        open_ = np.array([self.mapper.open(text) for text in doubts.texts], np.bool_)[doubts.codes]
        again = np.flatnonzero(open_)
        if len(again):
            found[again] = self._again(calls, which[again], whos[again], beside[again])
        return found

    def _folded(self, name: str, column: Coded) -> tuple[NDArray[Any], int]:
        """A column's numbers, where texts that decide alike have one."""
        fold = self._folds.get(name)
        if fold is None:
            return column.codes, column.size
        found: dict[Any, int] = {}
        table = [found.setdefault(fold(text), len(found)) for text in column.texts]
        return np.array(table, np.int32)[column.codes], len(found)

    def _bundle(self, told: tuple[str | None, ...]) -> int:
        """The number of some permissions."""
        account, action, owner, keys, more, gap = told
        key = (
            account, action, owner, self.mapper.projected(keys), more, self.mapper.absent(gap),
        )  # fmt: skip
        found = self._bundles.get(key)
        if found is None:
            found = self._bundles[key] = len(self._bundled)
            row = Row(account=account, action=action, owner=owner, keys=keys, more=more, gap=gap)
            templates = self.mapper.templates(row) if action is not None else ()
            self._bundled.append(_Bundle(account, templates, self._number(templates)))
        return found

    def _plan(self, who: int, bundle: int, beside: int) -> int:
        made = self._bundled[bundle]
        endpoint = self._told_beside[beside].vpc_endpoint
        return self._planned(who, made, None, endpoint)

    def _number(self, templates: tuple[Template, ...]) -> int:
        return self._templates.setdefault(templates, len(self._templates))

    def _again(self, calls: Calls, which: Places, whos: Ints, beside: Ints) -> list[int]:
        """The plans of calls whose permissions follow from the estate as well."""
        names = (*_PLANNED, "doubts", "resource", *AGAIN)
        told = [calls.column(name, which).told() for name in names]
        found = []
        for who, more, *values in zip(whos.tolist(), beside.tolist(), *told, strict=True):
            row = Row(**dict(zip(names, values, strict=True)))
            principal = self._whos[who].principal
            templates: tuple[Template, ...] = ()
            other = None
            if principal is not None and row.action is not None:
                first, *others = self.mapper.templates(row, principal)
                other = first.resource if first.resource != row.resource else None
                templates = (replace(first, resource=""), *others)
            endpoint = self._told_beside[more].vpc_endpoint
            made = _Bundle(row.account, templates, self._number(templates))
            found.append(self._planned(who, made, other, endpoint))
        return found

    def _planned(
        self,
        who: int,
        bundle: _Bundle,
        resource: str | None,
        endpoint: str | None,
    ) -> int:
        """The number of plans; ``resource`` is what is asked for where it is not the call's."""
        caller, templates = self._whos[who], bundle.templates
        if not templates or caller.principal is None:
            return self._numbered_plan((None,), lambda: None)
        # The VPC endpoint is that of the caller, not of a service that calls for it.
        through = None if caller.for_caller else endpoint
        whose = caller.principal.account or bundle.account or None
        key = (who, bundle.number, resource, whose, through)

        def made() -> _Made:
            own, *others = [Plan(Told(caller, each, whose, through)) for each in templates]
            self._plans.append(own)
            named = [template.resource for template in templates[1:]]
            return _Made(len(self._plans) - 1, resource, tuple(zip(others, named, strict=True)))

        return self._numbered_plan(key, made)

    def _numbered_plan(self, key: tuple[Any, ...], made: Callable[[], _Made | None]) -> int:
        found = self._made_of.get(key)
        if found is None:
            found = self._made_of[key] = len(self._made)
            self._made.append(made())
        return found

    def _groups_of(self, made: Ints, calls: Calls, which: Places) -> NDArray[np.int32]:
        """The group of each call."""
        kinds = np.unique(made).tolist()
        plain = np.full(len(self._made), -1, np.int64)
        for number in kinds:
            one = self._made[number]
            if one is not None and one.resource is None:
                plain[number] = one.first
        found = np.full(len(made), SKIPPED, np.int32)
        own = plain[made]
        usual = np.flatnonzero(own >= 0)
        if len(usual):
            resources = _Named(calls, which[usual])
            parts = self.planner.parts_of(self._plans, own[usual], resources)
            found[usual] = self._alone(parts)
        for number in kinds:
            one = self._made[number]
            if one is None or (one.resource is None and not one.more):
                continue
            places = np.flatnonzero(made == number)
            more = tuple(self.planner.part(plan, of) for plan, of in one.more)
            if one.resource is not None:
                first = self.planner.part(self._plans[one.first], one.resource)
                found[places] = self._group((first, *more))
            else:
                parts = found[places]
                found[places] = [self._joined(number, more) for number in parts.tolist()]
        return found

    def _alone(self, parts: NDArray[np.int32]) -> NDArray[np.int32]:
        """The groups of calls that ask for one thing."""
        table = np.zeros(len(self.planner.parts), np.int32)
        for part in np.unique(parts).tolist():
            table[part] = self._group((part,))
        return table[parts]

    def _joined(self, group: int, more: tuple[int, ...]) -> int:
        (first,) = self._parts_of[group]
        return self._group((first, *more))

    def _group(self, parts: tuple[int, ...]) -> int:
        number = self._group_of.get(parts)
        if number is None:
            number = self._group_of[parts] = len(self.groups)
            self.groups.append(tuple(self.planner.parts[part] for part in parts))
            self._parts_of.append(parts)
        return number

    def _remarks_on(
        self, calls: Calls, which: Places, whos: Ints, groups: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """The number of the remark on each call; few have one."""
        gap, more = calls.column("gap", which), calls.column("more", which)
        untold = np.array([_is_told(text) for text in gap.texts], np.bool_)[gap.codes]
        inside = [text is not None and '"gap"' in text for text in more.texts]
        skipped = groups == SKIPPED
        found = np.zeros(len(which), np.int32)
        places = np.flatnonzero(untold | np.array(inside, np.bool_)[more.codes] | skipped)
        if not len(places):
            return found
        read = {name: calls.column(name, which[places]) for name in _REMARKED}
        parts: Parts = [(column.codes, column.size) for column in read.values()]
        parts += [(whos[places], len(self._whos)), (skipped[places], 2)]
        numbers, count = combined(parts, len(places))
        first = first_of(numbers, count)
        told = zip(*(column.at(first).told() for column in read.values()), strict=True)
        rows = (Row(**dict(zip(_REMARKED, values, strict=True))) for values in told)
        callers = np.where(skipped[places], whos[places], -1)[first].tolist()
        made = [self._remark(row, caller) for row, caller in zip(rows, callers, strict=True)]
        found[places] = np.array(made, np.int32)[numbers]
        return found

    def _remark(self, row: Row, skipped: int) -> int:
        """The number of a remark; ``skipped`` is the caller where the call is, else negative."""
        remark: Remark = (None, self.mapper.gaps(row))
        if skipped >= 0:
            remark = (self.mapper.reason(row, self._whos[skipped]), ())
        number = self._remark_numbers.setdefault(remark, len(self.remarks))
        if number == len(self.remarks):
            self.remarks.append(remark)
        return number


class _Named:
    """What some calls ask for."""

    def __init__(self, calls: Calls, which: Places) -> None:
        self._calls = calls
        self._which = which
        self.starts = calls.column(START, which)

    def texts(self, places: Ints) -> list[str]:
        """Some of the names."""
        if not len(places):
            return []
        told = self._calls.column("resource", self._which[places]).told()
        return [text or "*" for text in told]


def _is_told(gap: str | None) -> bool:
    return gap is not None and any(word in gap for word in _WORDS)
