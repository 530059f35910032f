"""What new policies take away, what they allow beyond use, and that they allow nothing new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from clearance.batch.privilege.propose import Proposal
from clearance.decide.identify import identify
from clearance.match.action import covers
from clearance.model.catalog import Catalog
from clearance.model.policy import AttachedPolicy, Effect, PolicyType
from clearance.prove import Change, World, grant_for, newly_allowed
from clearance.prove.actions import actions_in

__all__ = ["Bounds", "bounds", "granted_actions"]

# Beyond so many resources the exact excess is not looked for.
MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How new policies differ from those in force, and from use.

    ``removed``: allowed before and no longer. ``gained``: the other way round; nothing, unless AWS
    allowed what the estate does not. ``excess``: allowed and never used; None where there was too
    much to compare. ``actions_before`` and ``actions_after`` count AWS's actions.
    """

    removed: Change | None
    gained: Change | None
    excess: Change | None
    actions_before: int
    actions_after: int


def bounds(found: Proposal, world: World, catalog: Catalog, *, limit: int = 20) -> Bounds:
    """Proven by comparing sets of requests; rows come with a request each."""
    after = found.attached
    world = replace(world, caller=identify(found.principal))
    removed = gained = excess = None
    if found.before:
        removed = newly_allowed(after, found.readable, world, limit=limit)
        gained = newly_allowed(found.readable, after, world, limit=limit)
    resources = {use.request.resource for use in found.uses}
    if len(resources) <= MOST:
        exact = grant_for([use.request for use in found.uses]).policy
        used = AttachedPolicy("use", exact, PolicyType.IDENTITY)
        excess = newly_allowed((used,), after, world, limit=limit)
    return Bounds(
        removed,
        gained,
        excess,
        len(granted_actions(found.readable, catalog)),
        len(granted_actions(after, catalog)),
    )


def granted_actions(policies: tuple[AttachedPolicy, ...], catalog: Catalog) -> frozenset[str]:
    """AWS's actions that Allow statements name, wherever and under whatever condition."""
    found: set[str] = set()
    for policy in policies:
        for statement in policy.policy.statements:
            if statement.effect is not Effect.ALLOW:
                continue
            if statement.not_actions:
                found |= {a for a in _matching("*", catalog) if covers(statement, a)}
            else:
                found.update(*(_matching(text.lower(), catalog) for text in statement.actions))
    return frozenset(found)


@lru_cache(maxsize=4096)
def _matching(pattern: str, catalog: Catalog) -> frozenset[str]:
    return frozenset(actions_in(catalog, (pattern,)))
