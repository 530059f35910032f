"""The requests of a set as rows people can read, each with a request that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from clearance.model.request import Request
from clearance.model.shown import Shown
from clearance.prove import patterns
from clearance.prove.answer import Answer, Verdict, Witness, is_certain, request_of
from clearance.prove.effort import Effort, TooHardError
from clearance.prove.linked import assumptions
from clearance.prove.patterns import UnencodableError
from clearance.prove.sets import Piece, RequestSet
from clearance.prove.space import Space
from clearance.prove.words import callers, conditions, narrower, readable

__all__ = ["Change", "Row", "change", "request_json"]

MAX_PIECES: Final = 20_000
ROWS_AHEAD: Final = 3
IN_DOUBT: Final = "a policy variable may or may not make the difference"
UNPROVEN: Final = "a request that should show it is decided otherwise"


@dataclass(frozen=True, slots=True)
class Row:
    """Requests of one statement: these actions on these resources but for the exceptions.

    ``conditions`` are the statement's own, ``only_where`` what narrows them further. ``who`` are
    callers by way of example, none where the policy names none. ``assuming`` is what the row takes
    for granted where AWS sets keys together.
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
    assuming: tuple[str, ...] = ()

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
            "assuming": list(self.assuming),
            "witness": request_json(self.witness),
        }


@dataclass(frozen=True, slots=True)
class Change(Shown):
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
    asking = _Asking(found, replay, effort)
    limit = max(limit, 1)
    groups, complete = _grouped(asking, limit)
    merged = _merged(groups)
    rows = []
    for words, several in merged[:limit]:
        requests = (one.request or asking.request(one.piece) for one in several)
        request = next((r for r in requests if r is not None), None)
        if request is not None:
            rows.append((_row(words, request), several[0].piece.cube.source))
    reasons = dict.fromkeys([*asking.doubts, *found.reasons, *found.space.reasons])
    reason = "; ".join(reasons) or None
    if rows:
        complete = complete and not reason and len(merged) <= limit
        first, source = rows[0]
        answer = Answer(Verdict.REFUTED, Witness(first.witness, source, first.assuming), reason)
        return Change(answer, tuple(row for row, _ in rows), complete)
    if reason:
        return Change(Answer(Verdict.UNKNOWN, reason=reason), (), complete=False)
    return Change(Answer(Verdict.PROVEN))


class _Asking:
    """Looks for requests, and notes why there may be more than was found."""

    def __init__(
        self, found: RequestSet, replay: Callable[[Request], bool], effort: Effort
    ) -> None:
        self.found, self.effort = found, effort
        self.doubts: list[str] = []
        self._replay = replay

    def request(self, piece: Piece) -> Request | None:
        """A request of the piece that replays."""
        request = request_of(self.found, piece, self._replay, self.effort)
        if request is None:
            self.doubts.append(UNPROVEN if is_certain(piece) else IN_DOUBT)
        return request


class _Shown(NamedTuple):
    piece: Piece
    request: Request | None


def _grouped(asking: _Asking, limit: int) -> tuple[dict[_Words, list[_Shown]], bool]:
    """The pieces by what their rows say, and whether these are all.

    One in doubt counts once it has a request; others are asked for one when they are shown.
    Where there are many more rows than will be shown, the rest is not looked at.
    """
    groups: dict[_Words, list[_Shown]] = {}
    rows: set[_Words] = set()
    space, strict = asking.found.space, asking.effort.strict
    try:
        for count, piece in enumerate(asking.found.pieces(asking.effort)):
            if count == MAX_PIECES or len(rows) > ROWS_AHEAD * limit:
                return groups, False
            later = is_certain(piece) and not strict
            for one in piece.singles() if strict else (piece,):
                shown = _Shown(one, None if later else asking.request(one))
                if later or shown.request:
                    words = _words(space, one)
                    groups.setdefault(words, []).append(shown)
                    rows.add(words._replace(actions=()))
    except (TooHardError, UnencodableError) as error:
        asking.doubts.append(str(error))
        return groups, False
    return groups, True


class _Words(NamedTuple):
    """A row but for its request."""

    statement: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    except_actions: tuple[str, ...]
    except_resources: tuple[str, ...]
    conditions: tuple[str, ...]
    only_where: tuple[str, ...]
    who: tuple[str, ...]
    assuming: tuple[str, ...]


def _words(space: Space, piece: Piece) -> _Words:
    box, cube = piece.box, piece.cube
    source = cube.source
    return _Words(
        statement=source.label if source else "",
        actions=tuple(
            _joined(tuple(space.names.get(p, p) for p in action))
            for action in (box.action, *piece.alike)
        ),
        resources=(_joined(tuple(map(readable, box.resource))),),
        except_actions=tuple(space.names.get(p, p) for p in box.not_action),
        # Patterns no policy can write are those of other partitions, where nothing is anyway.
        except_resources=tuple(
            readable(p) for p in box.not_resource if patterns.ANY_RUN_OF_PART not in p
        ),
        conditions=conditions(source),
        only_where=tuple(narrower(space, piece.whole, box)),
        who=callers(space, box),
        assuming=assumptions(space, box, source),
    )


def _row(words: _Words, request: Request) -> Row:
    return Row(witness=request, **words._asdict())


def _merged(groups: Mapping[_Words, list[_Shown]]) -> list[tuple[_Words, list[_Shown]]]:
    """Rows that differ in their actions only become one, then those that differ in resources."""
    by_rest: dict[_Words, tuple[dict[str, None], list[_Shown]]] = {}
    for words, several in groups.items():
        texts, held = by_rest.setdefault(words._replace(actions=()), ({}, []))
        texts.update(dict.fromkeys(words.actions))
        held += several
    by_actions: dict[_Words, tuple[dict[str, None], list[_Shown]]] = {}
    for words, (actions, several) in by_rest.items():
        key = words._replace(actions=tuple(actions), resources=())
        texts, held = by_actions.setdefault(key, ({}, []))
        texts.update(dict.fromkeys(words.resources))
        held += several
    return [
        (words._replace(resources=tuple(texts)), held)
        for words, (texts, held) in by_actions.items()
    ]


def _joined(several: tuple[str, ...]) -> str:
    return " and ".join(several)
