"""How well policies fit what everybody needs: precision and recall of permissions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clearance.batch.synthetic.model import Need, World
from clearance.match.action import covers
from clearance.model.catalog import Catalog
from clearance.model.glob import Glob
from clearance.model.policy import AttachedPolicy, Effect, Statement
from clearance.operations.permissions.arns import resource_fits

__all__ = ["Score", "Scorer"]

MEMBERS: Final = 25  # of each family are looked at


@dataclass(frozen=True, slots=True)
class Score:
    """Permissions are pairs of an action AWS has and a resource of the world.

    ``precision`` is the share of what is allowed that is needed, ``recall`` the share of what is
    needed that is allowed.
    """

    allowed: int
    needed: int
    both: int

    @property
    def precision(self) -> float:
        """1 when nothing is allowed."""
        return self.both / self.allowed if self.allowed else 1.0

    @property
    def recall(self) -> float:
        """1 when nothing is needed."""
        return self.both / self.needed if self.needed else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.allowed + other.allowed, self.needed + other.needed, self.both + other.both
        )


class Scorer:
    """Scores policies of principals of one world. Conditions are not looked at."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self._world = world
        places = [m for f in world.families for m in f.members[:MEMBERS]]
        places += [each.split("/", 1)[0] for each in places if each.startswith("arn:aws:s3:::")]
        places += [
            account.role_arn(role)
            for account in world.estate.accounts.values()
            for role in account.roles.values()
        ]
        places += [
            habit.family.item(number)
            for habit in world.habits
            if habit.family.kind == "log-stream"
            for number in range(min(MEMBERS, habit.family.size))
        ]
        self._places = tuple(dict.fromkeys(places))
        services = sorted({need.action.partition(":")[0] for need in world.needs})
        self._pairs = {
            f"{prefix}:{facts.name}": frozenset(
                arn
                for arn in self._places
                if arn.startswith("arn:") and resource_fits(service, facts, arn)
            )
            if facts.resources
            else frozenset({"*"})
            for prefix in services
            if (service := catalog.service(prefix))
            for facts in service.actions.values()
        }
        self._matched: dict[str, frozenset[str]] = {}

    def score(
        self,
        principal: str,
        policies: Iterable[AttachedPolicy],
        seen: Iterable[tuple[str, str]] | None = None,
    ) -> Score:
        """The score of one principal's policies; ``seen`` leaves out needs of which no call told.

        Those are needs of whose resources none was called for the action.
        """
        allowed: set[tuple[str, str]] = set()
        for policy in policies:
            for statement in policy.policy.statements:
                if statement.effect is Effect.ALLOW:
                    allowed.update(self._allowed(statement))
        needed = self.needed(principal, None if seen is None else frozenset(seen))
        return Score(len(allowed), len(needed), len(allowed & needed))

    def needed(
        self, principal: str, seen: frozenset[tuple[str, str]] | None = None
    ) -> frozenset[tuple[str, str]]:
        """What a principal needs."""
        return frozenset(
            (need.action, arn)
            for need in self._world.needs
            if need.principal == principal and (seen is None or _shows(seen, need))
            for arn in self._matching(need.resource) & self._pairs[need.action]
        )

    def _allowed(self, statement: Statement) -> Iterable[tuple[str, str]]:
        places = frozenset[str]().union(*map(self._matching, statement.resources or ()))
        for action, fitting in self._pairs.items():
            if covers(statement, action):
                for arn in fitting & places:
                    yield action, arn

    def _matching(self, pattern: str) -> frozenset[str]:
        if pattern not in self._matched:
            glob = Glob.of(pattern)
            found = {arn for arn in self._places if glob.matches(arn)}
            self._matched[pattern] = frozenset(found | ({"*"} if pattern == "*" else set()))
        return self._matched[pattern]


def _shows(seen: frozenset[tuple[str, str]], need: Need) -> bool:
    pattern = Glob.of(need.resource)
    return any(action == need.action and pattern.matches(resource) for action, resource in seen)
