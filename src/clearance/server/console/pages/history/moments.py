"""A question put to every moment of the journal: what was decided then, and when that turned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise

from clearance.decide import authorize, identify
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision
from clearance.model.estate import Estate
from clearance.model.principal import PrincipalKind
from clearance.model.request import Request
from clearance.server.console.jobs import Job
from clearance.store.differences import BOOKKEEPING
from clearance.store.port import Record

__all__ = ["Moment", "Question", "moment_at", "moments", "turns"]


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to do what, as it was typed."""

    principal: str
    action: str
    resource: str

    def decided(self, estate: Estate, when: datetime, catalog: Catalog) -> Decision | None:
        """The answer in an estate; None when it does not hold the principal.

        Raises:
            RequestError: what was typed is no principal.
        """
        who = identify(self.principal, estate)
        if who.kind in {PrincipalKind.USER, PrincipalKind.ROLE} and who.unique_id is None:
            return None
        if who.account is not None and estate.account(who.account) is None:
            return None
        request = Request(who, self.action, self.resource or "*")
        return authorize(estate, request, now=when, catalog=catalog)


@dataclass(frozen=True, slots=True)
class Moment:
    """Right after one change: what was decided; no decision while the principal did not exist."""

    record: Record
    decision: Decision | None

    @property
    def verdict(self) -> str:
        """The effect's name, or ``NOBODY``."""
        return self.decision.effect.value if self.decision is not None else "NOBODY"


def moments(
    steps: Iterable[tuple[Record, Estate, Estate]],
    question: Question,
    catalog: Catalog,
    job: Job,
    *,
    most: int,
) -> tuple[Moment, ...]:
    """The answer after each change, oldest first."""
    return tuple(islice(_each(steps, question, catalog, job), most))


def _each(
    steps: Iterable[tuple[Record, Estate, Estate]], question: Question, catalog: Catalog, job: Job
) -> Iterator[Moment]:
    for record, _, after in job.counted(steps):
        if record.entry.operation in BOOKKEEPING:
            continue  # when a key was last used decides nothing
        yield Moment(record, question.decided(after, record.entry.when, catalog))


def turns(found: Sequence[Moment]) -> tuple[tuple[Moment, Moment], ...]:
    """The pairs of moments between which the verdict turned."""
    return tuple((a, b) for a, b in pairwise(found) if a.verdict != b.verdict)


def moment_at(found: Sequence[Moment], when: datetime) -> int:
    """The place of the last moment that was not after a time; the first if all are."""
    before = [place for place, each in enumerate(found) if each.record.entry.when <= when]
    return before[-1] if before else 0
