"""Requests of one caller that are decided alike: one of them is decided for all.

Resources of one shape (see `Shapes`) are told apart by nothing but the patterns that they fit.
"""

from __future__ import annotations

from collections.abc import Hashable

from clearance.batch.shapes import Shapes
from clearance.decide.compile import Engine
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.prepare import PreparedContext
from clearance.decide.compile.statements import CompiledStatement
from clearance.model.decision import DecisionEffect
from clearance.model.request import Context, Request

__all__ = ["Alike"]


class _Group:
    """Requests that differ in the name of a resource of one shape, and in their context.

    ``statements`` speak of some resources only. ``named``: the resource is what they are asked
    about, not whatever resource there may be.
    """

    __slots__ = ("effects", "named", "statements")

    def __init__(self, statements: tuple[CompiledStatement, ...], *, named: bool) -> None:
        self.statements = statements
        self.named = named
        self.effects: dict[Hashable, DecisionEffect] = {}


class Alike:
    """An engine that is asked about many requests of ``whom``, a user or role.

    ``shapes`` are of the estate, or of one that differs in nothing but ``whom``.
    """

    def __init__(self, engine: Engine, shapes: Shapes, whom: str) -> None:
        self._engine = engine
        self._shapes = shapes
        self._whom = whom
        self._groups: dict[Hashable, _Group] = {}
        # Principals and contexts are held, so that their identity stays their own.
        self._prepared: dict[int, tuple[Context, PreparedContext]] = {}
        self._callers: dict[int, Caller] = {}

    def decide(self, request: Request) -> DecisionEffect:
        """The verdict, as the engine gives it."""
        caller = self._callers.get(id(request.principal))
        if caller is None:
            caller = self._callers[id(request.principal)] = self._engine.caller(request.principal)
        context = request.context
        held = self._prepared.get(id(context))
        if held is None:
            held = self._prepared[id(context)] = (context, self._engine.prepare(context))
        prepared, resource = held[1], request.resource
        # An estate may lack the one it is about: then nothing is known of it as a resource.
        shape = resource if resource == self._whom else self._shapes.number(resource)
        key = (caller.number, request.action, request.resource_account, prepared.endpoint, shape)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._group(caller, request, prepared)
        fits = [s.fits([resource])[0] for s in group.statements] if group.named else ()
        place = (id(context), *fits)
        effect = group.effects.get(place)
        if effect is None:
            effect = group.effects[place] = self._engine.decide_prepared(
                caller, request.action.lower(), resource, prepared, request.resource_account
            )
        return effect

    def _group(self, caller: Caller, request: Request, prepared: PreparedContext) -> _Group:
        action = request.action.lower()
        situation, layers = self._engine.situate(
            caller, action, request.resource, prepared, request.resource_account
        )
        # Of a statement that stands in several layers, one answer is enough.
        found = {
            id(compiled): compiled
            for layer in layers
            for _, compiled in layer.covering(action)
            if not compiled.anywhere
        }
        named = situation.request.resource == request.resource
        return _Group(tuple(found.values()), named=named)
