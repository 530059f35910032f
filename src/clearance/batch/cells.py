"""Cells of the compiled engine that many requests share.

What the context can still decide about a request follows from a few things: which exceptions
apply, whether caller and resource are in one account, and what the statements that match it in
each layer ask. Requests that are equal in that have one cell, whoever asks for what.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
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
_SURE: Final = "sure"


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """A cell, the context keys it asks for, and what it asks: cells of one ``sign`` are alike."""

    cell: Cell
    keys: frozenset[str]
    sign: Hashable


@dataclass(frozen=True, slots=True)
class _LayerTold:
    """A layer's statements that cover the action, as far as they bear on a cell."""

    head: tuple[object, ...]
    always: tuple[Hashable, ...]
    hanging: tuple[tuple[int, CompiledStatement, Hashable], ...]  # place, statement, what it asks


class Ground:
    """One caller and action before one estate, with all that does not hang on a resource's name.

    ``statements`` are those that do, each once; what they say of a resource is given in their
    order.
    """

    __slots__ = ("caller", "layers", "situation", "special", "statements", "told")

    def __init__(
        self,
        situation: Situation,
        layers: tuple[CompiledLayer, ...],
        caller: Caller,
        action: str,
        cells: Cells,
    ) -> None:
        self.situation = situation
        self.layers = layers
        self.caller = caller
        special = exceptions(situation)
        principal = situation.request.principal
        self.special: tuple[Hashable, ...] = (
            _key_of(special),
            situation.same_account,
            principal.kind in NO_IDENTITY,
        )
        found: dict[int, tuple[int, CompiledStatement]] = {}
        told = []
        for layer in layers if special.always is None else ():
            always: list[Hashable] = []
            hanging = []
            for _, compiled in layer.covering(action):
                asks = cells.essence(compiled, principal)
                if compiled.anywhere:
                    always.append(asks)
                else:
                    place, _ = found.setdefault(id(compiled), (len(found), compiled))
                    hanging.append((place, compiled, asks))
            told.append(_LayerTold((layer.type, layer.broken), tuple(always), tuple(hanging)))
        self.told = tuple(told)
        self.statements = tuple(compiled for _, compiled in found.values())

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
        self._cells: dict[Hashable, Shared] = {}
        self._signs: dict[Hashable, int] = {}
        # Statements are held by their policies, and these by the engines' library.
        self._essences: dict[int, int | None] = {}
        self._contents: dict[Hashable, int] = {}
        self._names: dict[int, tuple[Principal, str]] = {}

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
        key: tuple[Hashable, ...] = (*ground.special, *map(_matched(fits), ground.told))
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


def _matched(fits: Sequence[Fit]) -> Callable[[_LayerTold], Hashable]:
    def told(layer: _LayerTold) -> Hashable:
        matching = [
            asks if fit is True else (id(compiled), fit)
            for place, compiled, asks in layer.hanging
            if (fit := fits[place]) is not False
        ]
        return (*layer.head, frozenset((*layer.always, *matching)))

    return told


def _key_of(special: Exceptions) -> Hashable:
    return (
        special.always,
        special.always_allow,
        special.cannot_deny,
        special.mandatory,
        tuple(special.also.items()),
    )
