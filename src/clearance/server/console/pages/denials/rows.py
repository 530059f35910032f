"""A call as one line of the feed, and which lines a filter keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from clearance.server.console.parts.text import short
from clearance.store.port import Event

__all__ = ["Row", "Wanted", "row_of", "wanted"]

_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}
)
_REASONS: Final = " because "
_EXPLICIT: Final = " with an explicit deny in "
_DENIAL: Final = " is not authorized to perform: "


@dataclass(frozen=True, slots=True)
class Row:
    """One call: what is shown of it in the list.

    ``verdict`` is ``ALLOW``, ``IMPLICIT_DENY``, ``EXPLICIT_DENY``, ``WOULD_DENY`` (audit mode) or
    ``ERROR`` for a call that failed for another reason than a policy.
    """

    id: str
    when: datetime
    verdict: str
    action: str
    principal: str
    resource: str
    reason: str

    @property
    def denied(self) -> bool:
        """True when a policy said no, or would have."""
        return self.verdict in {"IMPLICIT_DENY", "EXPLICIT_DENY", "WOULD_DENY"}

    @property
    def who(self) -> str:
        """The principal without what all of them begin with."""
        return short(self.principal)

    @property
    def what(self) -> str:
        """The resource without what all of them begin with."""
        return short(self.resource)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list shows: only denials, or all calls, whose text holds all of some words."""

    everything: bool = False
    text: str = ""

    def takes(self, row: Row) -> bool:
        """True when the row belongs into the list."""
        if not self.everything and not row.denied:
            return False
        words = self.text.lower().split()
        if not words:
            return True
        line = f"{row.action} {row.principal} {row.resource} {row.reason} {row.id}".lower()
        return all(word in line for word in words)


def wanted(events: Iterable[Event], what: Wanted, most: int) -> list[Row]:
    """The first rows that are wanted."""
    found: list[Row] = []
    for row in map(row_of, events):
        if what.takes(row):
            found.append(row)
            if len(found) == most:
                break
    return found


def row_of(event: Event) -> Row:
    """The line of one audit event."""
    extra: Mapping[str, Any] = event.get("additionalEventData") or {}
    decisions: list[Mapping[str, Any]] = list(extra.get("decisions") or ())
    denied = next((d for d in decisions if d["evaluatedEffect"] != "ALLOW"), None)
    shown = denied or next(iter(decisions), None)
    service = str(event.get("eventSource", "")).partition(".")[0]
    message = str(extra.get("wouldBeDenied") or event.get("errorMessage") or "")
    return Row(
        id=str(event.get("eventID", "")),
        when=datetime.fromisoformat(str(extra.get("requestTime") or event.get("eventTime"))),
        verdict=_verdict(event, extra, denied),
        action=str(shown["action"]) if shown else f"{service}:{event.get('eventName', '')}",
        principal=str((event.get("userIdentity") or {}).get("arn") or "anonymous"),
        resource=str(shown["resource"]) if shown else next(_arns(event), ""),
        reason=_reason(message, str(event.get("errorCode") or "")),
    )


def _verdict(event: Event, extra: Mapping[str, Any], denied: Mapping[str, Any] | None) -> str:
    if "wouldBeDenied" in extra:
        return "WOULD_DENY"
    code = event.get("errorCode")
    if code is None:
        return "ALLOW"
    if denied is not None and "authorizationId" in extra:
        return str(denied["evaluatedEffect"])
    return "IMPLICIT_DENY" if code in _DENIED else "ERROR"


def _arns(event: Event) -> Iterator[str]:
    for resource in event.get("resources") or ():
        yield str(resource.get("ARN") or "")


def _reason(message: str, code: str) -> str:
    """Why, without who and what, which stand beside it."""
    _, because, reason = message.partition(_REASONS)
    if because:
        return reason
    _, explicit, where = message.partition(_EXPLICIT)
    if explicit:
        return f"an explicit deny in {where}"
    if _DENIAL in message:
        return "no reason was given"
    return f"{code}: {message}" if code and message else message or code
