"""Context keys made ready once: folded, and with what follows from the call itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from clearance.decide.compile.outcome import UNTOLD, Values
from clearance.decide.context import Entries, of_call
from clearance.model.estate import Estate
from clearance.model.request import Context, KeyState, fold

__all__ = ["Facts", "PreparedContext", "Telling", "flat", "prepare"]


@dataclass(frozen=True, slots=True)
class PreparedContext:
    """What a caller sent, ready for many decisions.

    ``sent`` holds the values of every key that was sent or follows from the call; None for a key
    that is read as absent. ``context`` is what it was made of. ``endpoint`` is the VPC endpoint
    the call came through.
    """

    sent: Mapping[str, Values]
    context: Context
    now: datetime | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What follows from a caller, a resource or a call: values, and keys known to be absent."""

    values: Mapping[str, Values]
    absent: frozenset[str] = frozenset()


def flat(entries: Entries) -> dict[str, Values]:
    """Derived entries by folded key; of two keys that differ in case the first counts."""
    found: dict[str, Values] = {}
    for key, entry in entries.items():
        folded = fold(key)
        if folded not in found:
            found[folded] = _values(entry)
    return found


def _values(entry: str | bool | tuple[str, ...]) -> Values:  # noqa: FBT001
    if isinstance(entry, bool):
        return ("true",) if entry else ("false",)
    if isinstance(entry, str):
        return (entry,)
    return entry or None


def prepare(context: Context, estate: Estate, *, now: datetime | None = None) -> PreparedContext:
    """A context ready for decisions that read unknown keys as absent."""
    entries: Entries = {}
    of_call(context, estate, entries, [], now=now)
    sent: dict[str, Values] = dict.fromkeys(context.unknown)
    sent.update((key, value.values or None) for key, value in context.values.items())
    for key, values in flat(entries).items():
        sent.setdefault(key, values)
    through = context.get("aws:SourceVpce")
    return PreparedContext(sent, context, now, through[0] if through else None)


class Telling:
    """What is known, for readings that tell an unknown key from an absent one (R159).

    Stands in for ``sent`` and ``known`` at once.
    """

    __slots__ = ("_context", "_values")

    def __init__(self, prepared: PreparedContext, estate: Estate, *facts: Facts) -> None:
        entries: Entries = {}
        absent: list[str] = []
        of_call(prepared.context, estate, entries, absent, now=prepared.now)
        context = prepared.context
        values = {key: value.values or None for key, value in context.values.items()}
        for more in (*(f.values for f in facts), flat(entries)):
            for key, found in more.items():
                if key not in context.unknown:
                    values.setdefault(key, found)
        gone = context.absent.union(map(fold, absent), *(f.absent for f in facts))
        self._values: Mapping[str, Values] = values
        self._context = Context(absent=gone, unknown=context.unknown, complete=context.complete)

    def get(self, key: str, /) -> Values:
        """The values of a folded key, None when it is absent, UNTOLD when unknown."""
        if key in self._values:
            return self._values[key]
        return UNTOLD if self._context.state(key) is KeyState.UNKNOWN else None
