"""Which calls are decided alike, whatever their resources are called.

One caller asking for one action meets the same statements again and again. What a resource adds
is which patterns it fits, whose it is, and what hangs on it; what remains after that is asked of
the circumstances alone. Calls for which the same remains are one `Part`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearance.batch.calls import Coded
from clearance.batch.cells import Cells, Fit, Ground, Shared
from clearance.batch.numbering import Ints, Parts, combined, first_of
from clearance.batch.requests import Asked, Mapper, Template
from clearance.batch.shapes import WHOLE, Shapes
from clearance.batch.who import Value, Who
from clearance.decide.compile import Engine
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.layers import CompiledLayer
from clearance.decide.compile.outcome import UNTOLD
from clearance.decide.compile.prepare import PreparedContext
from clearance.decide.compile.statements import CompiledStatement
from clearance.decide.context import region_of
from clearance.decide.judge import Reading
from clearance.decide.situation import Situation
from clearance.model.catalog import Catalog
from clearance.model.decision import DecisionEffect
from clearance.model.estate import Account, Estate
from clearance.model.request import Context, Request, fold

__all__ = ["Part", "Plan", "Planner", "Told"]

_ALLOW: Final = DecisionEffect.ALLOW
_READINGS: Final = (Reading(allows=True), Reading(denies=True))
_MOST: Final = 60  # statements of which a number's bits can say whether they fit
_MATCH: Final = -1
_SOME: Final = 2
# Keys of the circumstances, by the column that tells them. Whether an address is told says whether
# the keys of VPC endpoints are absent or unknown.
COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce",
            "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
        ),
        "source_ip",
    ),
    "aws:useragent": "user_agent",
    "aws:currenttime": "time",
    "aws:epochtime": "time",
    "aws:securetransport": "tls",
    "aws:requestedregion": "requested_region",
}  # fmt: skip

Sign: TypeAlias = Hashable


class Resources(Protocol):
    """What some calls ask for: how the names begin, and all of them where that matters."""

    @property
    def starts(self) -> Coded:
        """The start of each name: see `calls.start_of`."""

    def texts(self, places: Ints) -> list[str]:
        """Some of the names."""


@dataclass(frozen=True, slots=True)
class Told:
    """A permission as a caller asks for it, before its resource is known.

    ``account`` is the caller's, else the one where the call was recorded.
    """

    who: Who
    template: Template
    account: str | None
    endpoint: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Everything of one permission that the circumstances can still decide, in both estates.

    ``columns`` are those that can: without any the verdict is settled. ``same``: the estates
    decide alike. What it was first found of stands for all of which it is true.
    """

    who: Who
    asked: Asked
    before: Shared
    after: Shared
    same: bool
    columns: frozenset[str]


class Plan:
    """One caller, one action, with all that comes with it but the resource."""

    __slots__ = ("groups", "told")

    def __init__(self, told: Told) -> None:
        self.told = told
        self.groups: dict[int, _Group] = {}


class _Group:
    """Resources of one shape before a plan: they differ in which statements' patterns they fit.

    ``only`` is the part of all where no statement tells them apart, else `_MATCH`.
    """

    __slots__ = ("grounds", "only", "parts", "places", "statements", "told", "vary")

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
        self._grants = _has_grants(current) or _has_grants(proposed)
        self._rest_alike = _rest(current) == _rest(proposed)
        self._callers: dict[int, tuple[Who, Caller, Caller, bool]] = {}
        self._around: dict[Hashable, tuple[Request, str | None, tuple[CompiledLayer, ...]]] = {}
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
        counts = np.array(
            [0 if _is_hard(group) else len(group.statements) for group in groups], np.int64
        )
        found = np.empty(len(which), np.int64)
        many = counts[which] > 0
        one_by_one = np.flatnonzero(~many)
        texts = resources.texts(places[one_by_one])
        for at, text in zip(one_by_one.tolist(), texts, strict=True):
            found[at] = self._matching(groups[which[at]], text)
        rest = np.flatnonzero(many)
        if len(rest):
            which, places = which[rest], places[rest]
            bits = _bits(groups, counts, which, places, resources)
            kinds, size = combined([(which, len(groups)), _coded(bits)], len(which))
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
            if self._rest_alike and _held(self.before, old) == _held(self.after, old):
                new, alike = old, True
            else:
                new = self.after.caller(who.principal)
                alike = old.facts == new.facts and _own(old) == _own(new)
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
        key = (
            id(engine), shape, action, account, told.endpoint,
            principal.kind, principal.account, principal.is_service_linked,
        )  # fmt: skip
        known = self._around.get(key)
        # Grants on keys name single callers.
        if known is None or (self._grants and ":kms:" in resource):
            situation, layers = engine.situate(
                caller, action, resource, self._through(engine, told.endpoint), account
            )
            around = layers[: len(layers) - len(caller.layers)]
            self._around[key] = (situation.request, situation.resource_account, around)
        else:
            request, owner, around = known
            asked = request.resource if request.resource == "*" else resource
            request = Request(principal, action, asked, _EMPTY, account)
            situation = Situation(request, (), owner, engine.options)
            layers = (*around, *caller.layers)
        return Ground(situation, layers, caller, action, self._cells)

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
            and _statements(old) == _statements(new)
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

    def verdict(self, part: Part, circumstances: Mapping[str, Value]) -> tuple[bool, bool, bool]:
        """Allowed before, allowed after, and whether unknown keys could tell the two apart."""
        assert part.who.principal is not None  # noqa: S101
        context = context_of(part.who, part.asked, circumstances)
        sides = [_Side(self.before, part, context, part.before)]
        if not part.same:
            sides.append(_Side(self.after, part, context, part.after))
        effects = [side.effect() is _ALLOW for side in sides]
        was, will = effects[0], effects[-1]
        perhaps = not part.same and was == will and sides[0].readings() != sides[1].readings()
        return was, will, perhaps


class _Side:
    """One request before one estate."""

    def __init__(self, engine: Engine, part: Part, context: Context, shared: Shared) -> None:
        self._cell = shared.cell
        if self._cell.constant is not None:
            return
        assert part.who.principal is not None  # noqa: S101
        asked = part.asked
        self._caller = engine.caller(part.who.principal)
        self._prepared = engine.prepare(context)
        situation, _ = engine.situate(
            self._caller, asked.action.lower(), asked.resource, self._prepared, asked.account
        )
        self._about = engine.facts_about(situation)
        self._engine = engine

    def effect(self) -> DecisionEffect:
        """The verdict."""
        if self._cell.constant is not None:
            return self._cell.constant
        known = {**self._about.values, **self._caller.facts.values}
        return self._cell.effect(self._prepared.sent, known)

    def readings(self) -> tuple[bool, ...]:
        """The verdicts that keys nobody told could make of it."""
        if self._cell.constant is not None:
            return tuple(self._cell.constant is _ALLOW for _ in _READINGS)
        telling = self._engine.telling(self._caller, self._prepared, self._about)
        return tuple(self._cell.reading(telling, reading) is _ALLOW for reading in _READINGS)


def context_of(who: Who, asked: Asked, circumstances: Mapping[str, Value]) -> Context:
    """The context of a permission under some circumstances."""
    return Context.of(
        {**who.context, **circumstances, **dict(asked.entries)},
        absent=asked.absent,
        unknown=(*who.unknown, *asked.unknown),
    )


_EMPTY: Final = Context()


def _overriding(template: Template) -> tuple[object, ...]:
    """Keys of the permission itself that stand in for what the columns tell."""
    return tuple([entry for entry in template.entries if fold(entry[0]) in COLUMNS])


def _is_hard(group: _Group) -> bool:
    """True where bits cannot say which statements fit."""
    return len(group.statements) > _MOST or any(s.by_variables for s in group.statements)


def _bits(
    groups: list[_Group],
    counts: Ints,
    which: NDArray[Any],
    places: Ints,
    resources: Resources,
) -> Ints:
    """For each resource before its group, which of the group's statements fit, as bits."""
    numbers: dict[int, int] = {}
    statements: list[CompiledStatement] = []
    flat: list[int] = []
    for group, count in zip(groups, counts.tolist(), strict=True):
        for statement in group.statements if count else ():
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


def _coded(values: Ints) -> tuple[NDArray[Any], int]:
    found, codes = np.unique(values, return_inverse=True)
    return codes, len(found)


def _own(caller: Caller) -> list[tuple[object, ...]]:
    """A caller's own layers, by what they are."""
    return [
        (layer.type, layer.broken, *[id(compiled) for _, compiled in layer.policies])
        for layer in caller.layers
    ]


def _held(engine: Engine, caller: Caller) -> object:
    """What policies an estate gives a caller, of whom nothing else differs between estates."""
    principal = caller.principal
    account = engine.estate.account(principal.account)
    if account is None:
        return None
    name = principal.policy_subject.rsplit("/", 1)[-1]
    user, role = account.users.get(name), account.roles.get(name)
    holders = [user, role, *(account.groups.get(g) for g in (user.groups if user else ()))]
    arns = {arn for holder in holders if holder for arn in holder.attached}
    arns |= {bound.boundary for bound in (user, role) if bound and bound.boundary}
    return holders, {arn: engine.estate.managed_text(arn) for arn in sorted(arns)}


def _statements(ground: Ground) -> list[tuple[object, ...]]:
    """The statements that cover the action, layer by layer, by what they are."""
    action = ground.situation.request.action
    return [
        (layer.type, layer.broken, *[id(compiled) for _, compiled in layer.covering(action)])
        for layer in ground.layers
    ]


def _has_grants(estate: Estate) -> bool:
    return any(r.grants for a in estate.accounts.values() for r in a.resources.values())


def _rest(estate: Estate) -> object:
    """Everything of an estate but the policies of its users, groups and roles."""

    def of(account: Account) -> tuple[object, ...]:
        return (
            account.partition, account.functions, account.resources, account.vpc_endpoints,
            account.layers, account.canonical_id,
            {arn: policy.tags for arn, policy in account.policies.items()},
            {name: (user.path, user.id, user.tags) for name, user in account.users.items()},
            {
                name: (role.path, role.id, role.tags, role.trust)
                for name, role in account.roles.items()
            },
        )  # fmt: skip

    accounts = {number: of(account) for number, account in estate.accounts.items()}
    return accounts, estate.organizations, estate.missing
