"""Everything that changed, oldest first: call, documents, effect, and what is suspicious."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearance.batch.changes.alone import alone
from clearance.batch.changes.compared import Compared
from clearance.batch.changes.events import Done
from clearance.batch.changes.finding import Finding, Level
from clearance.batch.changes.fold import fold
from clearance.model.estate import Estate
from clearance.prove import EstateDiff, World, estate_diff
from clearance.store.changes import Change, diff

__all__ = ["Entry", "history"]

ROWS = 10  # of what one principal gains or loses


@dataclass(frozen=True, slots=True)
class Entry:
    """One call and what came of it.

    ``changes`` are those of the estate; ``problem`` says why there are none to be told;
    ``lacking`` what was not known before, so that only what this call brought is.
    """

    done: Done
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    problem: str | None = None
    lacking: tuple[str, ...] = ()
    effect: EstateDiff | None = None

    @property
    def level(self) -> Level | None:
        """The most urgent finding's level."""
        return max((finding.level for finding in self.findings), default=None)


def history(
    calls: Iterable[Done],
    estate: Estate,
    compared: Compared,
    world: World | None = None,
) -> Iterator[Entry]:
    """The entries; with a ``world`` each has its effect on access, proven."""
    for done in calls:
        folded = fold(estate, done)
        before, after = folded.base, folded.estate
        changes = diff(before, after) if after is not before else ()
        findings = tuple(alone(done))
        if done.error is not None:
            tried = (Finding(f.id, _less(f.level), f"tried in vain: {f.says}") for f in findings)
            yield Entry(done, (), tuple(tried), f"it failed: {done.error}")
            continue
        if changes:
            findings += tuple(compared.findings(done, before, after, changes))
        effect = None
        if world is not None and changes:
            effect = estate_diff(before, after, world, limit=ROWS)
        unique = tuple(dict.fromkeys(findings))
        yield Entry(done, changes, unique, folded.problem, folded.lacking, effect)
        estate = after


def _less(level: Level) -> Level:
    return Level(max(Level.NOTE, level - 1))
