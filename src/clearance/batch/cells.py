"""Cells of the compiled engine that many requests share.

What the context can still decide about a request follows from a few things: which exceptions
apply, whether caller and resource are in one account, and what the statements that match it in
each layer ask. Requests that are equal in that have one cell, whoever asks for what.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from clearance.decide.combine import NO_IDENTITY
from clearance.decide.compile.cell import Cell, build
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.layers import Clause, CompiledLayer
from clearance.decide.compile.statements import CompiledStatement
from clearance.decide.situation import Situation
from clearance.decide.special_cases import Exceptions, exceptions
from clearance.model.principal import Principal

__all__ = ["Cells", "Fit", "Ground", "Shared"]

# Whether a statement speaks of the resource; the resource where policy variables decide.
Fit: TypeAlias = bool | str
Hanging: TypeAlias = tuple[tuple[CompiledStatement, Hashable], ...]
KEPT: Final = 200_000  # layers before actions, before the work is begun anew
_SURE: Final = "sure"


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """A cell, the context keys it asks for, and what it asks: cells of one ``sign`` are alike."""

    cell: Cell
    keys: frozenset[str]
    sign: Hashable


class _Asking:
    """A layer before an action: what its statements ask that cover it.

    ``hanging`` are those that speak of some resources only; ``base`` is all there is without them.
    ``named``: some of them name the caller.
    """

    __slots__ = ("always", "base", "hanging", "head", "layer", "named")

    def __init__(
        self, layer: CompiledLayer, always: list[Hashable], hanging: Hanging, *, named: bool
    ) -> None:
        self.layer = layer  # held, so that its identity stays its own
        self.head = (layer.type, layer.broken)
        self.always = tuple(always)
        self.hanging = hanging
        self.base = (*self.head, frozenset(always))
        self.named = named


class Around:
    """What lies around a caller's own policies: all that follows from what it asks for.

    Good for all callers of a kind that ask the same of resources of one shape. ``asking`` is None
    where a policy names single callers.
    """

    __slots__ = ("asking", "layers", "owner", "resource", "settled", "special")

    def __init__(
        self, situation: Situation, layers: tuple[CompiledLayer, ...], cells: Cells
    ) -> None:
        special = exceptions(situation)
        request = situation.request
        self.owner = situation.resource_account
        self.resource = request.resource
        self.layers = layers
        self.settled = special.always is not None
        self.special: tuple[Hashable, ...] = (
            _key_of(special),
            situation.same_account,
            request.principal.kind in NO_IDENTITY,
        )
        asking = [cells.asking(layer, request.action, request.principal) for layer in layers]
        self.asking = None if any(each.named for each in asking) else asking


class Ground:
    """One caller and action before one estate, with all that does not hang on a resource's name.

    ``statements`` are those that do, each once; what they say of a resource is given in their
    order.
    """

    __slots__ = ("asking", "caller", "layers", "places", "situation", "special", "statements")

    def __init__(self, situation: Situation, around: Around, caller: Caller, cells: Cells) -> None:
        self.situation = situation
        self.layers = (*around.layers, *caller.layers)
        self.caller = caller
        self.special = around.special
        principal, action = situation.request.principal, situation.request.action
        judged = () if around.settled else self.layers
        if judged and around.asking is not None:
            self.asking = [*around.asking]
            judged = caller.layers
        else:
            self.asking = []
        self.asking += [cells.asking(layer, action, principal) for layer in judged]
        found: dict[int, CompiledStatement] = {}
        for asking in self.asking:
            for compiled, _ in asking.hanging:
                found[id(compiled)] = compiled
        self.places = {key: place for place, key in enumerate(found)}
        self.statements = tuple(found.values())

    def key(self, fits: Sequence[Fit]) -> tuple[Hashable, ...]:
        """All that a cell follows from, where the statements fit as told."""
        return (*self.special, *[self._matching(asking, fits) for asking in self.asking])

    def _matching(self, asking: _Asking, fits: Sequence[Fit]) -> Hashable:
        if not asking.hanging:
            return asking.base
        matching = [
            asks if fit is True else (id(compiled), fit)
            for compiled, asks in asking.hanging
            if (fit := fits[self.places[id(compiled)]]) is not False
        ]
        return (*asking.head, frozenset((*asking.always, *matching)))

    def on(self, resource: str) -> Situation:
        """The situation with another resource of the same shape."""
        told = self.situation
        if told.request.resource in {"*", resource}:
            return told
        request = replace(told.request, resource=resource)
        return replace(told, request=request)


class Cells:
    """The cells so far."""

    def __init__(self) -> None:
        self._asking: dict[tuple[int, str], _Asking] = {}
        self._cells: dict[Hashable, Shared] = {}
        self._signs: dict[Hashable, int] = {}
        # Statements are held by their policies, and these by the engines' library.
        self._essences: dict[int, int | None] = {}
        self._contents: dict[Hashable, int] = {}
        self._names: dict[int, tuple[Principal, str]] = {}

    def asking(self, layer: CompiledLayer, action: str, principal: Principal) -> _Asking:
        """What a layer asks of an action; most layers ask the same of whoever is before them."""
        key = (id(layer), action)
        found = self._asking.get(key)
        if found is not None:
            return found
        always: list[Hashable] = []
        hanging: list[tuple[CompiledStatement, Hashable]] = []
        for _, compiled in layer.covering(action):
            asks = self.essence(compiled, principal)
            if compiled.anywhere:
                always.append(asks)
            else:
                hanging.append((compiled, asks))
        named = any(type(asks) is tuple for asks in (*always, *[a for _, a in hanging]))
        found = _Asking(layer, always, tuple(hanging), named=named)
        if not named:
            if len(self._asking) >= KEPT:
                self._asking.clear()
            self._asking[key] = found
        return found

    def essence(self, compiled: CompiledStatement, principal: Principal) -> Hashable:
        """What a statement asks where it speaks of the resource; its place does not matter."""
        key = id(compiled)
        if key not in self._essences:
            self._essences[key] = self._essence(compiled)
        found = self._essences[key]
        return found if found is not None else (key, self._name(principal))

    def _name(self, principal: Principal) -> str:
        """Everything of a caller by which a policy could name it."""
        found = self._names.get(id(principal))
        if found is None:
            found = self._names[id(principal)] = (principal, repr(principal))
        return found[1]

    def _essence(self, compiled: CompiledStatement) -> int | None:
        """None where it names callers."""
        statement = compiled.statement
        who = statement.principals
        if who is not None and (statement.not_principals or not who.everyone):
            return None
        content = (compiled.allow, who is None, statement.conditions, compiled.has_variables)
        return self._contents.setdefault(content, len(self._contents))

    def of(self, ground: Ground, fits: Sequence[Fit], resource: str) -> Shared:
        """The cell where the hanging statements fit as told, as they do this resource."""
        key = ground.key(fits)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = self._build(ground, resource)
        return found

    def _build(self, ground: Ground, resource: str) -> Shared:
        situation = ground.on(resource)
        cell = build(situation, ground.layers, bounded=ground.caller.bounded)
        if cell.constant is not None:
            return Shared(cell, frozenset(), cell.constant)
        groups = (cell.denies, *cell.levels, *(group for way in cell.ways for group in way))
        open_ = [clause[2][1] for group in groups for clause in group if clause[1]]
        keys = frozenset[str]().union(*(compiled.keys for compiled in open_))
        principal = situation.request.principal

        def asked(clauses: Iterable[Clause]) -> frozenset[Hashable]:
            return frozenset(self._asked(clause, principal) for clause in clauses)

        content = (
            asked(cell.denies),
            frozenset(map(asked, cell.levels)),
            frozenset(frozenset(map(asked, way)) for way in cell.ways),
            cell.closed,
        )
        return Shared(cell, keys, self._signs.setdefault(content, len(self._signs)))

    def _asked(self, clause: Clause, principal: Principal) -> Hashable:
        if not clause[1]:
            return _SURE
        compiled = clause[2][1]
        if clause[1] is not compiled.tests:
            return id(clause[0])  # it asks for the resource's name as well; the cell is held
        return self.essence(compiled, principal)


def _key_of(special: Exceptions) -> Hashable:
    return (
        special.always,
        special.always_allow,
        special.cannot_deny,
        special.mandatory,
        tuple(special.also.items()),
    )
