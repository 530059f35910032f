"""A store whose estates know AWS's managed policies, which it does not keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Estate
from clearance.store.contents import Kept, Piece, Place
from clearance.store.port import (
    EVERY_EVENT,
    WHOLE_HISTORY,
    Conflict,
    Entry,
    Event,
    EventQuery,
    HistoryQuery,
    Record,
    Store,
)

__all__ = ["Informed"]


class Informed:
    """`clearance.store.port.Store`, seen through AWS's managed policies.

    ``told`` is given each audit event that was kept.
    """

    def __init__(self, store: Store, told: Callable[[Event], None] | None = None) -> None:
        self._store = store
        self._told = told
        self._kept = store.load()
        self._shown = with_aws_managed(self._kept)

    @property
    def read_only(self) -> str | None:
        """Why the store takes no changes, or None when it does."""
        return self._store.read_only

    def load(self) -> Estate:
        """The current estate."""
        return self._shown

    def commit(
        self,
        before: Estate,
        after: Estate,
        *,
        entry: Entry,
        event: Event | None = None,
        contents: Sequence[Piece] = (),
    ) -> int:
        """Keep a change, its audit event and contents, but not what AWS itself publishes."""
        if before is not self._shown:
            raise Conflict("the estate was changed by another call in between; nothing was kept")
        kept = self._kept if after is before else replace(after, managed=self._kept.managed)
        number = self._store.commit(self._kept, kept, entry=entry, event=event, contents=contents)
        self._kept, self._shown = kept, after
        if event is not None and self._told is not None:
            self._told(event)
        return number

    def keep(self, pieces: Sequence[Piece]) -> Callable[[], None]:
        """Keep contents of other services."""
        return self._store.keep(pieces)

    def contents(self, under: Place = ()) -> Iterator[Kept]:
        """The contents that lie under a place, or all, in the order in which they first were."""
        return self._store.contents(under)

    def record(self, event: Event) -> None:
        """Keep an audit event of a call that changed nothing."""
        self._store.record(event)
        if self._told is not None:
            self._told(event)

    def events(self, query: EventQuery = EVERY_EVENT) -> Iterator[dict[str, Any]]:
        """The audit events that match."""
        return self._store.events(query)

    def history(self, query: HistoryQuery = WHOLE_HISTORY) -> Iterator[Record]:
        """The journal's records that match."""
        return self._store.history(query)

    def steps(self, first: int = 1) -> Iterator[tuple[Record, Estate, Estate]]:
        """Every record from this one on, oldest first, with the estate before and after it."""
        for record, before, after in self._store.steps(first):
            shown = with_aws_managed(before)
            if after.managed is before.managed:  # what is shared says that nothing changed there
                yield record, shown, replace(after, managed=shown.managed)
            else:
                yield record, shown, with_aws_managed(after)

    def at(self, time: datetime) -> Estate:
        """The estate as it was at a moment."""
        return with_aws_managed(self._store.at(time))

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        return self._store.put_blob(content)

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""
        return self._store.get_blob(name)

    def close(self) -> None:
        """Write what waits and let go of the files."""
        self._store.close()
