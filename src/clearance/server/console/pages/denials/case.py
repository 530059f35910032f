"""One call of the trail: the requests behind it, and their explanation as of then or now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from clearance.decide import authorize
from clearance.decide.gather import gather
from clearance.explain import explain
from clearance.explain.explanation import Explanation
from clearance.explain.inputs import from_cloudtrail
from clearance.model.decision import Decision
from clearance.model.estate import Estate
from clearance.model.request import Context, Request, fold
from clearance.operations.permissions.names import meant
from clearance.server.console.pages.denials.rows import Row, row_of
from clearance.server.console.view import View
from clearance.server.denials import request_of
from clearance.store.port import Event, EventQuery

__all__ = ["Case", "Told", "again", "find", "tell", "told_of"]

# What the clock said then; asked again, it says something else.
_TIMES: Final = frozenset(map(fold, ("aws:CurrentTime", "aws:EpochTime")))


@dataclass(frozen=True, slots=True)
class Case:
    """A call: its event, its line in the list, and the requests it was decided by.

    ``requests`` is empty for calls that were not denied: of those the trail keeps no requests.
    """

    event: Event
    row: Row
    requests: tuple[Request, ...]

    @property
    def message(self) -> str:
        """What the caller was told."""
        extra: Mapping[str, Any] = self.event.get("additionalEventData") or {}
        return str(extra.get("wouldBeDenied") or self.event.get("errorMessage") or "")


@dataclass(frozen=True, slots=True)
class Told:
    """A case explained. ``settled``: what was denied then is allowed now.

    ``then`` says which estate the explanation is about: that of the denial, or the one in force.
    """

    explanation: Explanation
    estate: Estate
    now: tuple[Decision, ...]
    then: bool

    @property
    def settled(self) -> bool:
        """True when every permission is allowed by what is in force now."""
        return all(decision.allowed for decision in self.now)


def find(view: View, event_id: str) -> Case | None:
    """The call with this event id. Reads the disk."""
    recent = (event for event in view.feed.since(0) if event.get("eventID") == event_id)
    event = next(recent, None)
    if event is None:
        event = next(iter(view.events(EventQuery(event_id=event_id, limit=1))), None)
    return _case(event) if event is not None else None


def _case(event: Event) -> Case:
    extra: Mapping[str, Any] = event.get("additionalEventData") or {}
    try:
        requests = tuple(request_of(kept) for kept in extra.get("requests") or ())
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        requests = ()  # kept by an older version in another form
    return Case(event, row_of(event), requests)


def again(view: View, case: Case) -> tuple[Decision, ...]:
    """The case's requests decided by what is in force now."""
    return tuple(
        authorize(view.estate, _undated(request), now=view.now, catalog=view.catalog)
        for request in case.requests
    )


def tell(view: View, case: Case, *, then: bool | None = None) -> Told:
    """Explain a case as of then or as of now; as of now unless it would be allowed by now."""
    now = again(view, case)
    if then is None:
        then = all(decision.allowed for decision in now)
    when: datetime = case.row.when if then else view.now
    estate = view.at(case.row.when) if then else view.estate
    requests = case.requests if then else tuple(map(_undated, case.requests))
    told = from_cloudtrail(case.event)
    explanation = explain(
        estate,
        requests[0],
        now=when,
        stated=next(iter(told), None),
        catalog=view.catalog,
        also=requests[1:],
        meant=meant,
    )
    return Told(explanation, estate, now, then)


def told_of(told: Told, request: Request, view: View) -> Request:
    """The request with only those keys that do not follow from the rest, as one would ask it."""
    bare = replace(request, context=Context())
    known = gather(told.estate, bare, catalog=view.catalog).request.context.values
    values = {
        key: value
        for key, value in _undated(request).context.values.items()
        if key not in known or known[key].values != value.values
    }
    return replace(request, context=Context(values))


def _undated(request: Request) -> Request:
    values = {k: v for k, v in request.context.values.items() if k not in _TIMES}
    return replace(request, context=replace(request.context, values=values))
