"""The requests of a set as rows people can read, each with a request that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from clearance.model.policy import Statement
from clearance.model.request import Request
from clearance.prove import patterns
from clearance.prove.answer import Answer, Found, Verdict, Witness, requests_of
from clearance.prove.cubes import Box, Cube, KeySide
from clearance.prove.effort import Effort, TooHardError
from clearance.prove.patterns import UnencodableError
from clearance.prove.search import Universe
from clearance.prove.sets import RequestSet
from clearance.prove.space import Space

__all__ = ["Change", "Row", "change", "request_json"]

MAX_PIECES = 2_000
SHOWN_CALLERS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """Requests of one statement: these actions on these resources but for the exceptions.

    ``conditions`` are the statement's own, ``only_where`` what narrows them further. ``who`` is
    a caller by way of example, or None where the policy names none.
    """

    statement: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    witness: Request
    except_actions: tuple[str, ...] = ()
    except_resources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    only_where: tuple[str, ...] = ()
    who: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The row for machines."""
        return {
            "statement": self.statement,
            "actions": list(self.actions),
            "except_actions": list(self.except_actions),
            "resources": list(self.resources),
            "except_resources": list(self.except_resources),
            "principals": list(self.who),
            "conditions": list(self.conditions),
            "only_where": list(self.only_where),
            "witness": request_json(self.witness),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What is newly allowed (or denied): the answer to "nothing?", and rows if there is something.

    ``complete``: the rows hold every such request.
    """

    answer: Answer
    rows: tuple[Row, ...] = ()
    complete: bool = True

    def __bool__(self) -> bool:
        return not self.answer.proven

    def to_json(self) -> dict[str, Any]:
        """The change for machines."""
        return {
            "nothing": self.answer.verdict.value,
            "reason": self.answer.reason,
            "complete": self.complete,
            "rows": [row.to_json() for row in self.rows],
        }


def request_json(request: Request) -> dict[str, Any]:
    """A request for machines; keys that are absent are left out."""
    context = {
        value.key: list(value.values) if len(value.values) > 1 else value.values[0]
        for value in request.context.values.values()
        if value.values
    }
    return {
        "principal": request.principal.display,
        "action": request.action,
        "resource": request.resource,
        "context": context,
    }


def change(
    found: RequestSet, replay: Callable[[Request], bool], effort: Effort, *, limit: int
) -> Change:
    """The requests of a set in at most ``limit`` rows."""
    pieces: list[tuple[Found, Request]] = []
    doubts: list[str] = []
    complete = True
    try:
        for one in islice(requests_of(found, replay, effort), MAX_PIECES):
            if one.request is None:
                doubts.append("a policy variable may or may not make the difference")
            else:
                pieces.append((one, one.request))
        complete = len(pieces) < MAX_PIECES
    except (TooHardError, UnencodableError) as error:
        doubts.append(str(error))
        complete = False
    rows = _merged([_row(found.space, one, request) for one, request in pieces])
    doubts = list(dict.fromkeys([*doubts, *found.reasons, *found.space.reasons]))
    reason = "; ".join(doubts) or None
    complete = complete and not doubts and len(rows) <= limit
    if pieces:
        first, request = pieces[0]
        shown = Witness(request, first.piece.cube.source)
        return Change(Answer(Verdict.REFUTED, shown, reason), rows[:limit], complete)
    if reason:
        return Change(Answer(Verdict.UNKNOWN, reason=reason), (), complete=False)
    return Change(Answer(Verdict.PROVEN))


def _row(space: Space, one: Found, request: Request) -> Row:
    box, cube = one.piece.box, one.piece.cube
    source = cube.source
    return Row(
        statement=source.label if source else "",
        actions=(_joined(tuple(space.names.get(p, p) for p in box.action)),),
        resources=(_joined(tuple(map(_readable, box.resource))),),
        witness=request,
        except_actions=tuple(space.names.get(p, p) for p in box.not_action),
        # Patterns no policy can write are those of other partitions, where nothing is anyway.
        except_resources=tuple(
            _readable(p) for p in box.not_resource if patterns.ANY_RUN_OF_PART not in p
        ),
        conditions=_conditions(source),
        only_where=tuple(_narrower(space, one.piece.whole, box, cube)),
        who=_who(space, box),
    )


def _joined(several: tuple[str, ...]) -> str:
    return " and ".join(several)


def _readable(pattern: str) -> str:
    """A pattern as a policy writes it."""
    for key, default in patterns.variables_in(pattern):
        shown = f"${{{key}}}" if default is None else f"${{{key}, '{default}'}}"
        pattern = pattern.replace(patterns.variable(key, default), shown)
    return patterns.decode(pattern)


def _conditions(source: Statement | None) -> tuple[str, ...]:
    if source is None:
        return ()
    return tuple(f"{c.name} {c.key}: {', '.join(c.values)}" for c in source.conditions)


def _who(space: Space, box: Box) -> tuple[str, ...]:
    if len(space.callers.each) == 1:
        return ()
    chosen = [p for p in range(len(space.callers.each)) if box.who >> p & 1]
    shown = tuple(space.callers.display(place) for place in chosen[:SHOWN_CALLERS])
    return shown + (("…",) if len(chosen) > SHOWN_CALLERS else ())


def _narrower(space: Space, whole: Box, box: Box, cube: Cube) -> list[str]:
    """What was cut off the values of keys."""
    del cube
    universe = space.universe
    found = [
        f"{space.names.get(key, key)} {_side(space, universe, key, side)}"
        for key, side in box.keys.items()
        if side != (whole.keys.get(key) or universe.anything(key))
    ]
    return found + [
        f"{'' if holds else 'not '}{_atom(atom)}"
        for atom, holds in box.atoms.items()
        if whole.atoms.get(atom) is not holds
    ]


def _side(space: Space, universe: Universe, key: str, side: KeySide) -> str:
    texts = space.domains[key].texts
    if side.every == 0:
        return "is absent"
    shown: list[str] = []
    if side.every != universe.domains[key].full:
        few = [text for bit, text in enumerate(texts) if side.every >> bit & 1]
        shown.append(f"is such as `{'`, `'.join(few[:3])}`")
    for wanted in side.some:
        few = [text for bit, text in enumerate(texts) if wanted & side.every & 1 << bit]
        shown.append(f"has a value such as `{'`, `'.join(few[:3])}`")
    return " and ".join(shown or ["is present"]) + (" or is absent" if side.absent else "")


def _atom(atom: object) -> str:
    condition = getattr(atom, "condition", None)
    if condition is None:
        return str(atom)
    return f"{condition.name} {condition.key}: {', '.join(condition.values)}"


def _merged(rows: list[Row]) -> tuple[Row, ...]:
    """Rows that differ in their actions only become one, then those that differ in resources."""
    by_rest: dict[object, Row] = {}
    for row in rows:
        key = (row.resources, *_rest(row))
        known = by_rest.get(key)
        by_rest[key] = replace(known, actions=_more(known.actions, row.actions)) if known else row
    by_actions: dict[object, Row] = {}
    for row in by_rest.values():
        key = (row.actions, *_rest(row))
        known = by_actions.get(key)
        by_actions[key] = (
            replace(known, resources=_more(known.resources, row.resources)) if known else row
        )
    return tuple(by_actions.values())


def _rest(row: Row) -> tuple[object, ...]:
    excepted = (row.except_actions, row.except_resources)
    return (row.statement, *excepted, row.conditions, row.only_where, row.who)


def _more(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *new)))
