"""Which calls are decided alike, whatever their resources are called.

One caller asking for one action meets the same statements again and again. What a resource adds
is which patterns it fits, whose it is, and what hangs on it; what remains after that is asked of
the circumstances alone. Calls for which the same remains are one `Part`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from clearance.batch.requests import Asked, Mapper, Template
from clearance.batch.who import Value, Who
from clearance.decide.compile import Engine
from clearance.decide.compile.cell import Cell, build
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.layers import CompiledLayer
from clearance.decide.compile.outcome import UNTOLD
from clearance.decide.compile.prepare import Facts, PreparedContext
from clearance.decide.compile.statements import CompiledStatement
from clearance.decide.judge import Reading
from clearance.decide.situation import Situation
from clearance.model.catalog import Catalog
from clearance.model.decision import DecisionEffect
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal
from clearance.model.request import Context

__all__ = ["Part", "Plan", "Planner", "Told"]

KEPT: Final = 500_000  # what is remembered of resources before it is worked out anew
_ALLOW: Final = DecisionEffect.ALLOW
_READINGS: Final = (Reading(allows=True), Reading(denies=True))
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
Shape: TypeAlias = Hashable


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

    ``columns`` are those that can: without any the verdict is settled. Parts of the same ``sign``
    decide alike.
    """

    who: Who
    asked: Asked
    before: Cell
    after: Cell
    same: bool
    columns: frozenset[str]
    sign: Sign


class Planner:
    """Two estates, ready to be asked about the same calls."""

    def __init__(self, current: Estate, proposed: Estate, mapper: Mapper, catalog: Catalog) -> None:
        self.mapper = mapper
        self.before = Engine(current, catalog=catalog)
        # One library: what did not change is one object, and is seen to be the same.
        self.after = Engine(proposed, catalog=catalog, library=self.before.library)
        self.shapes = _Shapes(current, proposed)

    def plan(self, told: Told) -> Plan:
        """A permission, ready to be asked for many resources."""
        return Plan(self, told)

    def sides(self, who: Who, asked: Asked, endpoint: str | None) -> tuple[_Side, _Side]:
        """One permission by one caller on one resource, before both estates."""
        assert who.principal is not None  # noqa: S101
        context = context_of(who, asked, {"aws:SourceVpce": endpoint} if endpoint else {})
        before = _Side(self.before, who.principal, asked, context)
        return before, _Side(self.after, who.principal, asked, context)

    def part(
        self, who: Who, asked: Asked, endpoint: str | None, sides: tuple[_Side, _Side]
    ) -> Part:
        """What remains to be asked of a permission."""
        old, new = sides
        old.build()
        same = self._unchanged(old, new)
        if same:
            new.cell = old.cell
        else:
            new.build()
        signs = (old.sign(), new.sign() if not same else None)
        same = same or signs[0] == signs[1]
        keys = old.keys | new.keys if not same else old.keys
        columns = frozenset(COLUMNS[key] for key in keys if key in COLUMNS)
        if who.for_caller:
            columns -= {"source_ip", "user_agent"}
        through = endpoint if "source_ip" in columns else None
        sign = (signs[0], None if same else signs[1], through, who.for_caller)
        return Part(who, asked, old.cell, new.cell, same, columns, sign)

    def _unchanged(self, old: _Side, new: _Side) -> bool:
        """True when nothing that bears on the request differs between the estates."""
        return (
            old.situation.resource_account == new.situation.resource_account
            and old.caller.facts == new.caller.facts
            and _statements(old) == _statements(new)
            and old.about == new.about
        )

    def verdict(self, part: Part, circumstances: Mapping[str, Value]) -> tuple[bool, bool, bool]:
        """Allowed before, allowed after, and whether unknown keys could tell the two apart."""
        context = context_of(part.who, part.asked, circumstances)
        assert part.who.principal is not None  # noqa: S101
        sides = [_Side(self.before, part.who.principal, part.asked, context, part.before)]
        if not part.same:
            sides.append(_Side(self.after, part.who.principal, part.asked, context, part.after))
        effects = [side.effect() is _ALLOW for side in sides]
        was, will = effects[0], effects[-1]
        perhaps = not part.same and was == will and sides[0].readings() != sides[1].readings()
        return was, will, perhaps


class Plan:
    """One caller, one action, with all that comes with it but the resource."""

    def __init__(self, planner: Planner, told: Told) -> None:
        self._planner = planner
        self._told = told
        self._groups: dict[Shape, _Group] = {}

    def parts(self, resources: Sequence[str]) -> list[Part]:
        """What remains to be asked when the resource is known, for each of some resources."""
        shapes = self._planner.shapes
        alike: dict[Shape, list[int]] = {}
        for place, resource in enumerate(resources):
            alike.setdefault(shapes.of(resource), []).append(place)
        found: list[Part | None] = [None] * len(resources)
        for shape, places in alike.items():
            named = [resources[place] for place in places]
            group = self._groups.get(shape)
            if group is None:
                group = self._groups[shape] = self._group(named[0])
            columns = [statement.fits(named) for statement in group.statements]
            if not columns:
                part = group.parts.get(()) or self._part(group, (), named[0])
                for place in places:
                    found[place] = part
                continue
            for place, fits in zip(places, zip(*columns, strict=True), strict=True):
                found[place] = group.parts.get(fits) or self._part(group, fits, resources[place])
        return [part for part in found if part is not None]

    def _part(self, group: _Group, fits: tuple[object, ...], resource: str) -> Part:
        told = self._told
        asked, sides = group.first if group.first[0].resource == resource else (None, None)
        if asked is None or sides is None:
            asked = told.template.on(resource, self._account(resource))
            sides = self._planner.sides(told.who, asked, told.endpoint)
        part = group.parts[fits] = self._planner.part(told.who, asked, told.endpoint, sides)
        return part

    def _account(self, resource: str) -> str | None:
        told = self._told
        return self._planner.mapper.owner(resource, told.template.owner, told.account)

    def _group(self, resource: str) -> _Group:
        told = self._told
        asked = told.template.on(resource, self._account(resource))
        sides = self._planner.sides(told.who, asked, told.endpoint)
        found: dict[int, CompiledStatement] = {}
        for side in sides:
            if side.situation.request.resource != resource:
                continue  # decided against every resource, whatever it is called (R41)
            for layer in side.layers:
                for _, compiled in layer.covering(side.action):
                    if not compiled.anywhere:
                        found[id(compiled)] = compiled
        return _Group(tuple(found.values()), (asked, sides))


class _Group:
    """Resources of one shape: they differ in which statements' patterns they fit."""

    __slots__ = ("first", "parts", "statements")

    def __init__(
        self, statements: tuple[CompiledStatement, ...], first: tuple[Asked, tuple[_Side, _Side]]
    ) -> None:
        self.statements = statements
        self.first = first
        self.parts: dict[tuple[object, ...], Part] = {}


class _Side:
    """One request before one estate."""

    def __init__(
        self,
        engine: Engine,
        principal: Principal,
        asked: Asked,
        context: Context,
        cell: Cell | None = None,
    ) -> None:
        self.engine = engine
        self.caller: Caller = engine.caller(principal)
        self.action = asked.action.lower()
        self.prepared: PreparedContext = engine.prepare(context)
        self.situation: Situation
        self.layers: tuple[CompiledLayer, ...]
        self.keys: frozenset[str] = frozenset()
        self._asked = asked
        if cell is None:
            self.situation, self.layers = engine.situate(
                self.caller, self.action, asked.resource, self.prepared, asked.account
            )
        else:
            self.cell = cell

    @property
    def about(self) -> Facts:
        """The keys that follow from the resource."""
        return self.engine.facts_about(self.situation)

    def build(self) -> None:
        """Work out what the context can still decide."""
        self.cell = build(self.situation, self.layers, bounded=self.caller.bounded)
        if self.cell.constant is None:
            self.cell.known = {**self.about.values, **self.caller.facts.values}

    def sign(self) -> Sign:
        """What decides, but for the columns: equal signs, equal decisions."""
        cell = self.cell
        if cell.constant is not None:
            return cell.constant
        groups = (cell.denies, *cell.levels, *(group for way in cell.ways for group in way))
        clauses = [clause for group in groups for clause in group if clause[1]]
        self.keys = frozenset().union(*(clause[2][1].keys for clause in clauses))
        telling = self.engine.telling(self.caller, self.prepared, self.about)
        told = []
        for key in sorted(self.keys.difference(COLUMNS)):
            values = telling.get(key)
            told.append((key, "?" if values is UNTOLD else values))
        return (
            tuple(id(clause[0]) for clause in cell.denies),
            tuple(tuple(id(clause[0]) for clause in level) for level in cell.levels),
            tuple(tuple(tuple(id(c[0]) for c in group) for group in way) for way in cell.ways),
            cell.closed,
            tuple(told),
        )

    def effect(self) -> DecisionEffect:
        """The verdict."""
        if self.cell.constant is not None:
            return self.cell.constant
        return self.cell.effect(self.prepared.sent, self.cell.known)

    def readings(self) -> tuple[bool, ...]:
        """The verdicts that keys nobody told could make of it."""
        if self.cell.constant is not None:
            return tuple(self.cell.constant is _ALLOW for _ in _READINGS)
        self.situation, self.layers = self.engine.situate(
            self.caller, self.action, self._asked.resource, self.prepared, self._asked.account
        )
        telling = self.engine.telling(self.caller, self.prepared, self.about)
        return tuple(self.cell.reading(telling, reading) is _ALLOW for reading in _READINGS)


def context_of(who: Who, asked: Asked, circumstances: Mapping[str, Value]) -> Context:
    """The context of a permission under some circumstances."""
    return Context.of(
        {**who.context, **circumstances, **dict(asked.entries)},
        absent=asked.absent,
        unknown=(*who.unknown, *asked.unknown),
    )


def _statements(side: _Side) -> list[tuple[object, ...]]:
    """The statements that cover the action, layer by layer, by what they are."""
    return [
        (
            layer.type,
            layer.broken,
            bool(layer.policies),
            *[id(compiled) for _, compiled in layer.covering(side.action)],
        )
        for layer in side.layers
    ]


class _Shapes:
    """Everything of a resource's name that bears on a decision, beside statements' patterns."""

    def __init__(self, *estates: Estate) -> None:
        marks: dict[str, set[Hashable]] = {}
        for estate in estates:
            for account in estate.accounts.values():
                for arn, mark in _things(account):
                    marks.setdefault(arn, set()).add(mark)
        # What nothing hangs on is like any other resource of its kind that is as well known.
        alike = ((arn, *found) for arn, found in marks.items() if len(found) == 1)
        self._plain = {arn: mark for arn, mark in alike if mark is not None}
        self._own = marks.keys() - self._plain.keys()
        # Whose a resource is, in each estate, decides as well.
        self._holders = _holders(estates)
        self._known: dict[str, Hashable] = {}

    def of(self, resource: str) -> Shape:
        """Resources of one shape differ only in the patterns they fit."""
        found = self._known.get(resource)
        if found is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            found = self._known[resource] = self._of(resource)
        return found

    def _of(self, resource: str) -> Shape:
        parts = resource.split(":", _PARTS - 1)
        if len(parts) < _PARTS or parts[0] != "arn" or resource in self._own:
            return resource
        _, _, service, _, account, name = parts
        head, slash, rest = name.partition("/")
        kind: Hashable = None
        holder = self._holders.get(resource)
        if service == "s3":
            if account:
                return resource  # access points: their policies are their own
            bucket = resource[: len(resource) - len(slash) - len(rest)]
            kind = (slash, bucket if bucket in self._own else self._plain.get(bucket))
            holder = self._holders.get(bucket)
        elif service == "lambda":
            named, _, rest = name.partition(":")
            plain = f"{resource[: len(resource) - len(name)]}{named}:{rest.partition(':')[0]}"
            if named != "function" or plain in self._own:
                return resource
            kind = (self._plain.get(plain), rest.count(":"))
        elif service == "dynamodb" and "/" in rest:
            return resource
        elif service == "iam":
            kind = head
        marks = tuple([mark in resource for mark in _MARKS])
        return (*parts[1:5], holder, marks, kind, self._plain.get(resource))


_PARTS: Final = 6
# What the rules of services look for in a resource's name.
_MARKS: Final = (":kms:", ":key/", ":role/", ":role/aws-service-role/")


def _holders(estates: Iterable[Estate]) -> Mapping[str, tuple[str, ...]]:
    """The account that holds each resource, in each estate."""
    found: dict[str, tuple[str, ...]] = {}
    for place, estate in enumerate(estates):
        for account in estate.accounts.values():
            for arn in account.resources:
                found[arn] = (*found.get(arn, ()), f"{place} {account.id}")
    return found


def _things(account: Account) -> Iterable[tuple[str, Hashable]]:
    """What a request may be about; None marks what something hangs on."""
    for arn, resource in account.resources.items():
        bare = not (resource.policy or resource.tags or resource.grants or resource.attributes)
        yield arn, f"untold {resource.tags is None}" if bare else None
    for function in account.functions.values():
        hangs = function.policies or function.tags
        yield function.arn(account.id, partition=account.partition), None if hangs else "bare"
    for role in account.roles.values():
        yield account.role_arn(role), None
    for user in account.users.values():
        yield account.user_arn(user), None if user.tags else "bare"
    for arn, policy in account.policies.items():
        yield arn, None if policy.tags else "bare"
