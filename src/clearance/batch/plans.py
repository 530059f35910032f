"""Which calls are decided alike, whatever their resources are called.

One caller asking for one action meets the same statements again and again. What a resource adds
is which patterns it fits, whose it is, and what hangs on it; what remains after that is asked of
the circumstances alone. Calls for which the same remains are one `Part`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearance.batch.cells import Around, Cells, Fit, Ground
from clearance.batch.fits import MOST, Resources, fits_of
from clearance.batch.keys import has_grants
from clearance.batch.numbering import Ints, Parts, combined, first_of
from clearance.batch.parts import COLUMNS, Part, Told, context_of, verdict
from clearance.batch.requests import Mapper, Template
from clearance.batch.sameness import held_by, layers_of, rest_of, statements_of
from clearance.batch.shapes import WHOLE, Shapes
from clearance.batch.who import Value, Who
from clearance.decide.compile import Engine
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.outcome import UNTOLD
from clearance.decide.compile.prepare import PreparedContext
from clearance.decide.compile.statements import CompiledStatement
from clearance.decide.context import region_of
from clearance.decide.situation import Situation
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.request import Context, Request, fold

__all__ = ["Plan", "Planner"]

_MATCH: Final = -1
Sign: TypeAlias = Hashable


class Plan:
    """One caller, one action, with all that comes with it but the resource."""

    __slots__ = ("groups", "told")

    def __init__(self, told: Told) -> None:
        self.told = told
        self.groups: dict[int, _Group] = {}


class _Group:
    """Resources of one shape before a plan: they differ in which statements' patterns they fit.

    ``only`` is the part of all where no statement tells them apart, else `_MATCH`. Where it is
    ``hard``, bits cannot say which statements fit.
    """

    __slots__ = ("grounds", "hard", "only", "parts", "places", "statements", "told", "vary")

    def __init__(self, told: Told, grounds: tuple[Ground, ...], *, named: bool) -> None:
        self.told = told
        self.grounds = grounds
        found: dict[int, tuple[int, CompiledStatement]] = {}
        places = []
        for ground in grounds:
            mine = [found.setdefault(id(s), (len(found), s))[0] for s in ground.statements]
            places.append(tuple(mine))
        self.places = tuple(places)
        statements = tuple(compiled for _, compiled in found.values())
        # Decided against every resource, whatever this one is called (R41), nothing varies.
        self.vary = named
        self.statements = statements
        self.parts: dict[Hashable, int] = {}
        self.only = _MATCH
        self.hard = len(statements) > MOST or any(each.by_variables for each in statements)

    def settle(self) -> None:
        """Let go of what is no longer asked."""
        self.grounds, self.places, self.statements = (), (), ()


class Planner:
    """Two estates, ready to be asked about the same calls."""

    def __init__(self, current: Estate, proposed: Estate, mapper: Mapper, catalog: Catalog) -> None:
        self.mapper = mapper
        self.before = Engine(current, catalog=catalog)
        # One library: what did not change is one object, and is seen to be the same.
        self.after = Engine(proposed, catalog=catalog, library=self.before.library)
        self.parts: list[Part] = []
        self._shapes = Shapes(current, proposed)
        self._cells = Cells()
        self._numbers: dict[Sign, int] = {}
        self._grants = has_grants(current) or has_grants(proposed)
        self._rest_alike = rest_of(current) == rest_of(proposed)
        self._callers: dict[int, tuple[Who, Caller, Caller, bool]] = {}
        self._around: dict[Hashable, Around] = {}
        # VPC endpoints with policies.
        self._guarded = frozenset(
            name
            for estate in (current, proposed)
            for holder in estate.accounts.values()
            for name, endpoint in holder.vpc_endpoints.items()
            if endpoint.policy is not None
        )
        self._endpoints: dict[str | None, PreparedContext] = {}

    def part(self, plan: Plan, resource: str) -> int:
        """The number of what remains to be asked of a plan's permission on a resource."""
        group = self._group(plan, self._shapes.number(resource), resource)
        return group.only if group.only != _MATCH else self._matching(group, resource)

    def parts_of(
        self, plans: Sequence[Plan], which: Ints, resources: Resources
    ) -> NDArray[np.int32]:
        """The same for many: the plan of each by its place among ``plans``."""
        codes, _, starts = resources.starts
        shapes = np.array(self._shapes.by_starts([s or "*" for s in starts]), np.int64)[codes]
        own = np.flatnonzero(shapes == WHOLE)
        if len(own):
            shapes[own] = [self._shapes.number(text) for text in resources.texts(own)]
        parts: Parts = [(which, len(plans)), (shapes, len(self._shapes))]
        pairs, count = combined(parts, len(which))
        groups = self._groups(plans, which, shapes, first_of(pairs, count), resources)
        found = np.array([group.only for group in groups], np.int32)[pairs]
        left = np.flatnonzero(found == _MATCH)
        if len(left):
            found[left] = self._by_patterns(groups, pairs[left], left, resources)
        return found

    def _groups(
        self, plans: Sequence[Plan], which: Ints, shapes: Ints, first: Ints, resources: Resources
    ) -> list[_Group]:
        """The groups of some pairs of plan and shape; of each, a call is given."""
        pairs = list(zip(which[first].tolist(), shapes[first].tolist(), strict=True))
        new = [at for at, (plan, shape) in enumerate(pairs) if shape not in plans[plan].groups]
        for at, text in zip(new, resources.texts(first[new]), strict=True):
            plan, shape = pairs[at]
            self._group(plans[plan], shape, text)
        return [plans[plan].groups[shape] for plan, shape in pairs]

    def _by_patterns(
        self, groups: list[_Group], which: NDArray[Any], places: Ints, resources: Resources
    ) -> Ints:
        """The parts where patterns tell resources apart: each is asked about each start once."""
        found = np.empty(len(which), np.int64)
        hard = np.array([group.hard for group in groups], np.bool_)[which]
        one_by_one = np.flatnonzero(hard)
        texts = resources.texts(places[one_by_one])
        for at, text in zip(one_by_one.tolist(), texts, strict=True):
            found[at] = self._matching(groups[which[at]], text)
        rest = np.flatnonzero(~hard)
        if len(rest):
            which, places = which[rest], places[rest]
            statements = [() if group.hard else group.statements for group in groups]
            bits = fits_of(statements, which, places, resources)
            kinds, size = combined([(which, len(groups)), *_coded(bits)], len(which))
            first = first_of(kinds, size)
            asked = list(zip(which[first].tolist(), bits[first].tolist(), strict=True))
            new = [at for at, (group, fits) in enumerate(asked) if fits not in groups[group].parts]
            for at, text in zip(new, resources.texts(places[first[new]]), strict=True):
                group, fits = asked[at]
                self._by_bits(groups[group], fits, text)
            made = [groups[group].parts[fits] for group, fits in asked]
            found[rest] = np.array(made, np.int64)[kinds]
        return found

    def _by_bits(self, group: _Group, bits: int, resource: str) -> None:
        fits = [bool(bits >> place & 1) for place in range(len(group.statements))]
        group.parts[bits] = self._part(group, fits, resource)

    def _matching(self, group: _Group, resource: str) -> int:
        fits = tuple(statement.fits([resource])[0] for statement in group.statements)
        number = group.parts.get(fits)
        if number is None:
            number = group.parts[fits] = self._part(group, fits, resource)
        return number

    def _group(self, plan: Plan, shape: int, resource: str) -> _Group:
        group = plan.groups.get(shape)
        if group is None:
            group = plan.groups[shape] = self._grouped(plan.told, shape, resource)
        return group

    def _grouped(self, told: Told, shape: int, resource: str) -> _Group:
        _, old, new, alike = self._caller(told.who)
        account = self._account(told, resource)
        grounds = [self._ground(self.before, old, told, shape, resource, account)]
        if not (alike and self._rest_alike):
            after = self._ground(self.after, new, told, shape, resource, account)
            if not self._unchanged(grounds[0], after):
                grounds.append(after)
        asked = grounds[0].situation.request.resource
        group = _Group(told, tuple(grounds), named=asked == resource)
        if not (group.vary and group.statements):
            fits = [statement.fits([asked])[0] for statement in group.statements]
            group.only = self._part(group, fits, resource)
            group.settle()
        return group

    def _account(self, told: Told, resource: str) -> str | None:
        return self.mapper.owner(resource, told.template.owner, told.account)

    def _caller(self, who: Who) -> tuple[Who, Caller, Caller, bool]:
        """A caller in both estates, and whether its own policies and keys are the same."""
        found = self._callers.get(id(who))
        if found is None:
            assert who.principal is not None  # noqa: S101
            old = self.before.caller(who.principal)
            current, proposed = self.before.estate, self.after.estate
            if self._rest_alike and held_by(current, old) == held_by(proposed, old):
                new, alike = old, True
            else:
                new = self.after.caller(who.principal)
                alike = old.facts == new.facts and layers_of(old) == layers_of(new)
            found = self._callers[id(who)] = (who, old, new, alike)
        return found

    def _ground(
        self,
        engine: Engine,
        caller: Caller,
        told: Told,
        shape: int,
        resource: str,
        account: str | None,
    ) -> Ground:
        principal, action = caller.principal, told.template.action.lower()
        session = principal.session
        key = (
            id(engine), shape, action, account,
            told.endpoint if told.endpoint in self._guarded else None,
            principal.kind, principal.account, principal.partition, principal.is_service_linked,
            session and (session.mfa, session.assumed_root, session.limited),
        )  # fmt: skip
        around = self._around.get(key)
        # Grants on keys name single callers.
        if around is None or (self._grants and ":kms:" in resource):
            situation, layers = engine.situate(
                caller, action, resource, self._through(engine, told.endpoint), account
            )
            own = len(layers) - len(caller.layers)
            if layers[own:] != caller.layers:
                caller = caller.with_layers(layers[own:])  # those of the grants among them
            around = self._around[key] = Around(situation, layers[:own], self._cells)
        else:
            asked = "*" if around.resource == "*" else resource
            request = Request(principal, action, asked, _EMPTY, account)
            situation = Situation(request, (), around.owner, engine.options)
        return Ground(situation, around, caller, self._cells)

    def _through(self, engine: Engine, endpoint: str | None) -> PreparedContext:
        found = self._endpoints.get(endpoint)
        if found is None:
            context = Context.of({"aws:SourceVpce": endpoint} if endpoint else {})
            found = self._endpoints[endpoint] = engine.prepare(context)
        return found

    def _unchanged(self, old: Ground, new: Ground) -> bool:
        """True when nothing that bears on the request differs between the estates."""
        return (
            old.situation.resource_account == new.situation.resource_account
            and old.caller.facts == new.caller.facts
            and statements_of(old) == statements_of(new)
            and self.before.facts_about(old.situation) == self.after.facts_about(new.situation)
        )

    def _part(self, group: _Group, fits: Sequence[Fit], resource: str) -> int:
        """The number of the part where a group's statements fit as told; ``resource`` is one."""
        told = group.told
        shared = [
            self._cells.of(ground, [fits[place] for place in places], resource)
            for ground, places in zip(group.grounds, group.places, strict=True)
        ]
        old, new = shared[0], shared[-1]
        keys = old.keys | new.keys
        columns = frozenset([COLUMNS[key] for key in keys if key in COLUMNS])
        if told.who.for_caller:
            columns -= {"source_ip", "user_agent"}
        same = old is new
        signs: tuple[Sign, ...] = ((old.sign, None),)
        if len(keys) > len(columns) or len(group.grounds) > 1:
            signs = tuple(
                (each.sign, self._telling(engine, told, ground, each.keys, resource))
                for engine, ground, each in zip(
                    (self.before, self.after), group.grounds, shared, strict=False
                )
            )
            same = signs[0] == signs[-1]
        sign = (
            signs[0],
            None if same else signs[-1],
            told.endpoint if "source_ip" in columns else None,
            told.who.for_caller,
            # Where the Region is not told, it is the resource's.
            region_of(told.template.action, resource) if "requested_region" in columns else None,
            _overriding(told.template) if columns else None,
        )
        number = self._numbers.get(sign)
        if number is None:
            number = self._numbers[sign] = len(self.parts)
            asked = told.template.on(resource, self._account(told, resource))
            self.parts.append(Part(told.who, asked, old, new, same, columns))
        return number

    def verdict(self, part: Part, circumstances: Mapping[str, Value]) -> tuple[bool, bool, bool]:
        """Allowed before, allowed after, and whether unknown keys could tell the two apart."""
        return verdict(self.before, self.after, part, circumstances)

    def _telling(
        self, engine: Engine, told: Told, ground: Ground, keys: frozenset[str], resource: str
    ) -> Sign:
        """What is known of the keys that statements ask for, but those that columns tell."""
        wanted = sorted(keys.difference(COLUMNS))
        if not wanted:
            return None
        asked = told.template.on(resource, self._account(told, resource))
        through = {"aws:SourceVpce": told.endpoint} if told.endpoint else {}
        prepared = engine.prepare(context_of(told.who, asked, through))
        telling = engine.telling(ground.caller, prepared, engine.facts_about(ground.on(resource)))
        found = ((key, telling.get(key)) for key in wanted)
        return tuple((key, "?" if values is UNTOLD else values) for key, values in found)


def _coded(bits: Ints) -> Parts:
    values, codes = np.unique(bits, return_inverse=True)
    return [(codes, len(values))]


_EMPTY: Final = Context()


def _overriding(template: Template) -> tuple[object, ...]:
    """Keys of the permission itself that stand in for what the columns tell."""
    return tuple([entry for entry in template.entries if fold(entry[0]) in COLUMNS])
