"""What a reader asks history for: the fields of its form and the queries they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.parse.moments import moment
from clearance.store.port import EventQuery, HistoryQuery

__all__ = ["OUTCOMES", "PAGE", "Asked"]

PAGE: Final = 50
OUTCOMES: Final[Mapping[str, str]] = {
    "": "All calls",
    "done": "Done",
    "refused": "Refused or failed",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields as they were filled in; ``page`` counts from zero."""

    principal: str = ""
    resource: str = ""
    operation: str = ""
    since: str = ""
    until: str = ""
    outcome: str = ""
    page: int = 0

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """What the parameters of an address say."""
        texts = ("principal", "resource", "operation", "since", "until", "outcome")
        page = given.get("page", "")
        return cls(
            **{name: given.get(name, "").strip() for name in texts},
            page=min(int(page), 10_000) if page.isascii() and page.isdigit() else 0,
        )

    def fields(self) -> dict[str, str]:
        """The fields for an address, without the page."""
        return {
            "principal": self.principal,
            "resource": self.resource,
            "operation": self.operation,
            "since": self.since,
            "until": self.until,
            "outcome": self.outcome,
        }

    @property
    def narrowed(self) -> bool:
        """True when anything was asked for."""
        return any(self.fields().values())

    def changes(self, now: datetime) -> HistoryQuery:
        """The journal's records, newest first; whoever reads them takes as many as it wants.

        Raises:
            UsageError: a time is none.
        """
        return HistoryQuery(
            since=moment(self.since, now) if self.since else None,
            until=moment(self.until, now) if self.until else None,
            principal=self.principal or None,
            resource=self.resource or None,
            operation=self.operation.rpartition(":")[2] or None,
        )

    def events(self, now: datetime) -> EventQuery:
        """The trail's events of one page and one more, which tells that there are further ones.

        Raises:
            UsageError: a time is none.
        """
        arn = self.principal.startswith("arn:")
        return EventQuery(
            since=moment(self.since, now) if self.since else None,
            until=moment(self.until, now) if self.until else None,
            principal=self.principal if arn else None,
            username=None if arn else self.principal or None,
            resource=self.resource or None,
            name=self.operation.rpartition(":")[2] or None,
            denied={"done": False, "refused": True}.get(self.outcome),
            limit=PAGE + 1,
            offset=self.page * PAGE,
        )
