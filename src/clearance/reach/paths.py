"""From steps to paths: the shortest for everybody who can reach a goal."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.decide.who import AccessIndex
from clearance.model.principal import PrincipalKind
from clearance.reach.crowd import Everybody
from clearance.reach.edges import PROBES
from clearance.reach.methods import ADMIN, Edge

__all__ = ["Goal", "Path", "admins", "goal_of", "paths"]

_DOUBT: Final = 1000  # a step under a condition is taken only when there is no other


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, and who is there already."""

    says: str
    there: frozenset[str]
    action: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a principal to a goal."""

    edges: tuple[Edge, ...]

    @property
    def source(self) -> str:
        """Who takes it."""
        return self.edges[0].source

    @property
    def target(self) -> str:
        """Where it ends."""
        return self.edges[-1].target

    @property
    def keys(self) -> tuple[str, ...]:
        """The unknown context keys it hangs on."""
        return tuple(dict.fromkeys(key for edge in self.edges for key in edge.keys))

    @property
    def certain(self) -> bool:
        """True when no unknown key can take it away."""
        return not self.keys


def admins(index: AccessIndex, *, now: datetime | None = None) -> Goal:
    """Those who can do anything in their account without taking a step."""
    everybody = Everybody(index, now)
    there: set[str] = set()
    for account in index.estate.accounts.values():
        able: set[str] | None = None
        for action, template in PROBES:
            resource = template.format(partition=account.partition, account=account.id)
            who = {a for a, ask in everybody.who(action, resource).items() if not ask.keys}
            able = who if able is None else able & who
        there |= {arn for arn in able or () if arn.split(":")[4] == account.id}
    return Goal("administrator", frozenset({*there, ADMIN}))


def goal_of(index: AccessIndex, action: str, resource: str, *, now: datetime | None = None) -> Goal:
    """Those who can do one thing; whoever can give itself any permission can, too."""
    found = Everybody(index, now).raw(action, resource)
    there = {
        access.principal.arn
        for access in found.accesses
        if access.principal.kind in {PrincipalKind.USER, PrincipalKind.ROLE} and access.certain
    }
    return Goal(f"{action} on {resource}", frozenset({*there, ADMIN}), action, resource)


def paths(edges: Iterable[Edge], goal: Goal) -> tuple[Path, ...]:
    """The best path of everybody who is not there: fewest conditions, then fewest steps."""
    by_target: dict[str, list[Edge]] = {}
    for edge in edges:
        by_target.setdefault(edge.target, []).append(edge)
    cost: dict[str, int] = dict.fromkeys(goal.there, 0)
    first: dict[str, Edge] = {}
    queue = [(0, name) for name in sorted(goal.there)]
    heapq.heapify(queue)
    while queue:
        so_far, name = heapq.heappop(queue)
        if so_far > cost[name]:
            continue
        for edge in by_target.get(name, ()):
            total = so_far + 1 + (0 if edge.certain else _DOUBT)
            if total < cost.get(edge.source, total + 1):
                cost[edge.source] = total
                first[edge.source] = edge
                heapq.heappush(queue, (total, edge.source))
    found = (Path(_steps(source, first, goal.there)) for source in first)
    return tuple(sorted(found, key=lambda p: (not p.certain, len(p.edges), p.source)))


def _steps(source: str, first: Mapping[str, Edge], there: frozenset[str]) -> tuple[Edge, ...]:
    steps: list[Edge] = []
    while source not in there:
        steps.append(first[source])
        source = steps[-1].target
    return tuple(steps)
