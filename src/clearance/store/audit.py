"""Audit events: what a query can ask of them, in memory and in SQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import msgspec

from clearance.model.errors import StoreError
from clearance.store.port import Event, EventQuery

__all__ = ["COLUMNS", "EventKeys", "instant", "matches", "moment", "where"]


def instant(time: datetime) -> int:
    """A moment as microseconds since 1970, exact and sortable."""
    if time.tzinfo is None:
        raise StoreError(f"a time without a time zone: `{time.isoformat()}`")
    gap = time - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def moment(text: object) -> datetime:
    """The time an event states, e.g. ``2026-03-01T12:00:00Z``; UTC when it names no zone."""
    if isinstance(text, datetime):
        time = text
    else:
        try:
            time = datetime.fromisoformat(str(text))
        except ValueError as error:
            raise StoreError(f"not an event time: `{text}`") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EventKeys:
    """The searchable parts of an event; the fields are the columns of its table."""

    time: int
    id: str
    name: str
    source: str
    principal: str
    username: str
    access_key: str
    account: str
    region: str
    read_only: bool
    denied: bool
    resources: str
    types: str
    body: bytes

    @classmethod
    def of(cls, event: Event) -> EventKeys:
        """The keys of a CloudTrail-shaped event."""
        who = _mapping(event.get("userIdentity"))
        resources = [_mapping(r) for r in event.get("resources") or ()]
        arns = [str(r.get("ARN") or r.get("ARNPrefix") or "") for r in resources]
        try:
            body = msgspec.json.encode(event)
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            raise StoreError(f"an audit event that is not JSON: {error}") from error
        return cls(
            time=instant(_when(event)),
            id=str(event.get("eventID") or ""),
            name=str(event.get("eventName") or ""),
            source=str(event.get("eventSource") or ""),
            principal=str(who.get("arn") or who.get("invokedBy") or ""),
            username=_username(who),
            access_key=str(who.get("accessKeyId") or ""),
            account=str(event.get("recipientAccountId") or ""),
            region=str(event.get("awsRegion") or ""),
            read_only=event.get("readOnly") in {True, "true"},
            denied=bool(event.get("errorCode")),
            resources=_lines(name for arn in arns for name in (arn, _last(arn))),
            types=_lines(str(r.get("type") or "") for r in resources),
            body=body,
        )

    @property
    def row(self) -> tuple[Any, ...]:
        """The values of the columns."""
        return _VALUES(self)


COLUMNS: Final = tuple(f.name for f in fields(EventKeys))
_VALUES: Final[Callable[[EventKeys], tuple[Any, ...]]] = attrgetter(*COLUMNS)


def where(query: EventQuery) -> tuple[str, list[Any]]:
    """The query as an SQL condition and its arguments."""
    parts: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("time >= ?", None if query.since is None else instant(query.since)),
        ("time <= ?", None if query.until is None else instant(query.until)),
        *((f"{name} = ?", value) for name, value in _equal(query)),
        *((f"instr({name}, ?)", value) for name, value in _listed(query)),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)
    return " AND ".join(parts) or "1", values


def matches(keys: EventKeys, query: EventQuery) -> bool:
    """True when the event is wanted."""
    return (
        (query.since is None or keys.time >= instant(query.since))
        and (query.until is None or keys.time <= instant(query.until))
        and all(v is None or getattr(keys, name) == v for name, v in _equal(query))
        and all(v is None or v in getattr(keys, name) for name, v in _listed(query))
    )


def _equal(query: EventQuery) -> tuple[tuple[str, object], ...]:
    return (
        ("id", query.event_id),
        ("name", query.name),
        ("source", query.source),
        ("principal", query.principal),
        ("username", query.username),
        ("access_key", query.access_key),
        ("account", query.account),
        ("region", query.region),
        ("read_only", query.read_only),
        ("denied", query.denied),
    )


def _listed(query: EventQuery) -> tuple[tuple[str, str | None], ...]:
    return (
        ("resources", None if query.resource is None else f"\n{query.resource}\n"),
        ("types", None if query.resource_type is None else f"\n{query.resource_type}\n"),
    )


def _when(event: Event) -> datetime:
    """The event's time; CloudTrail writes whole seconds, our own events add the exact moment."""
    more = _mapping(event.get("additionalEventData"))
    return moment(more.get("requestTime") or event.get("eventTime"))


def _username(who: Mapping[str, Any]) -> str:
    # CloudTrail shows the user name of a user and the session name of a role session: the last
    # part of the ARN says both.
    name = who.get("userName")
    arn = str(who.get("arn") or "")
    return str(name) if name else "root" if arn.endswith(":root") else arn.rpartition("/")[2]


def _last(arn: str) -> str:
    return arn.replace("/", ":").rpartition(":")[2]


def _lines(names: Iterable[str]) -> str:
    return "".join(f"\n{name}" for name in dict.fromkeys(names) if name) + "\n"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
