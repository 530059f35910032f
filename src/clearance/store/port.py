"""What every store does: keep the estate, its journal, its audit trail and blobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.store.changes import Change
from clearance.store.contents import Kept, Piece, Place

__all__ = [
    "EVERY_EVENT",
    "WHOLE_HISTORY",
    "Conflict",
    "Entry",
    "Event",
    "EventQuery",
    "HistoryQuery",
    "ReadOnly",
    "Record",
    "Store",
]

Event: TypeAlias = Mapping[str, Any]
"""One audit record in CloudTrail's form (``eventTime``, ``eventName``, ``userIdentity`` …)."""


class Conflict(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """The change was made from an estate that is no longer the current one; nothing was kept."""


class ReadOnly(StoreError):  # noqa: N818
    """The store takes no changes now; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who made an accepted change, when, by which call.

    ``who`` is the principal's ARN; ``input`` what `summary.summarize` made of the call's input;
    ``resources`` the ARNs the call named.
    """

    when: datetime
    who: str
    account: str
    region: str
    service: str
    operation: str
    request_id: str = ""
    source_ip: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the journal: its number, who and how, and what changed."""

    seq: int
    entry: Entry
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which records are wanted; every field that is set must hold.

    ``since`` is inclusive, ``until`` exclusive. ``resource`` is an ARN, or the name of a changed
    entity (``lambda_executer``), or its path (``accounts/1/users/ana``). Newest first unless told.
    """

    since: datetime | None = None
    until: datetime | None = None
    principal: str | None = None
    account: str | None = None
    service: str | None = None
    operation: str | None = None
    resource: str | None = None
    limit: int | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which audit events are wanted: the attributes of CloudTrail's LookupEvents and some more.

    ``since`` and ``until`` are both inclusive, as StartTime and EndTime are. ``resource`` is an ARN
    or the name at its end. ``denied`` asks for events with (or without) an error code.
    ``offset`` skips that many, for pages.
    """

    since: datetime | None = None
    until: datetime | None = None
    principal: str | None = None
    username: str | None = None
    access_key: str | None = None
    account: str | None = None
    region: str | None = None
    name: str | None = None
    source: str | None = None
    event_id: str | None = None
    resource: str | None = None
    resource_type: str | None = None
    read_only: bool | None = None
    denied: bool | None = None
    limit: int | None = None
    offset: int = 0
    newest_first: bool = True


WHOLE_HISTORY: Final = HistoryQuery()
EVERY_EVENT: Final = EventQuery()


class Store(Protocol):
    """A store. All methods may be called from any thread; changes are taken one at a time."""

    @property
    def read_only(self) -> str | None:
        """Why the store takes no changes, or None when it does."""

    def load(self) -> Estate:
        """The current estate."""

    def commit(
        self,
        before: Estate,
        after: Estate,
        *,
        entry: Entry,
        event: Event | None = None,
        contents: Sequence[Piece] = (),
    ) -> int:
        """Keep a change, its audit event and ``contents`` together; answers the journal's number.

        When this returns, the change survives a crash. ``before`` must be the estate of `load` or
        of the last commit (the same object), else `Conflict`. If nothing differs no row is
        written, only the event, and the answer is the number of the last row.
        """

    def keep(self, pieces: Sequence[Piece]) -> Callable[[], None]:
        """Keep contents of other services, after those of earlier calls of this method.

        They survive a crash once the function that is answered has returned.
        """

    def contents(self, under: Place = ()) -> Iterator[Kept]:
        """The contents that lie under a place, or all, in the order in which they first were."""

    def record(self, event: Event) -> None:
        """Keep an audit event of a call that changed nothing; durable within 50 ms."""

    def events(self, query: EventQuery = EVERY_EVENT) -> Iterator[dict[str, Any]]:
        """The audit events that match."""

    def history(self, query: HistoryQuery = WHOLE_HISTORY) -> Iterator[Record]:
        """The journal's records that match."""

    def steps(self, first: int = 1) -> Iterator[tuple[Record, Estate, Estate]]:
        """Every record from this one on, oldest first, with the estate before and after it."""

    def at(self, time: datetime) -> Estate:
        """The estate as it was at a moment."""

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""

    def close(self) -> None:
        """Write what waits and let go of the files; closing twice is harmless."""
