"""What of a permission only the circumstances can decide, in two estates, and how they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearance.batch.cells import Shared
from clearance.batch.requests import Asked, Template
from clearance.batch.who import Value, Who
from clearance.decide.compile import Engine
from clearance.decide.judge import Reading
from clearance.model.decision import DecisionEffect
from clearance.model.request import Context

__all__ = ["COLUMNS", "Part", "Told", "context_of", "verdict"]

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


def verdict(
    before: Engine, after: Engine, part: Part, circumstances: Mapping[str, Value]
) -> tuple[bool, bool, bool]:
    """Allowed before, allowed after, and whether unknown keys could tell the two apart."""
    assert part.who.principal is not None  # noqa: S101
    context = context_of(part.who, part.asked, circumstances)
    sides = [_Side(before, part, context, part.before)]
    if not part.same:
        sides.append(_Side(after, part, context, part.after))
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
