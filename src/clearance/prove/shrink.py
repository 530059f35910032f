"""The same policy in fewer characters, with a proof that it is the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from clearance.model.policy import Effect, Policy, Statement
from clearance.model.shown import Shown
from clearance.prove.answer import Answer
from clearance.prove.compare import World, equivalent
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Union
from clearance.prove.globs import contains
from clearance.prove.grants import shortened, size_of
from clearance.prove.patterns import of_resource
from clearance.prove.unreachable import unreachable

__all__ = ["Shrunk", "shrink"]


@dataclass(frozen=True, slots=True)
class Shrunk(Shown):
    """A policy, its sizes as IAM counts them, and the proof that it means the same.

    When that could not be proven, ``policy`` is the old one.
    """

    policy: Policy
    before: int
    after: int
    proof: Answer


def shrink(policy: Policy, world: World | None = None, *, keep_sids: bool = False) -> Shrunk:
    """Leave out what never matters and join what says the same.

    A world with a catalog also joins actions into ``s3:Get*`` where AWS has no other such
    action; the proof then is about the actions of today.
    """
    world = world or World()
    small = _without_useless(policy, world)
    statements = [_tidied(s, policy, world, keep_sids=keep_sids) for s in small.statements]
    statements = _joined(statements, _but_actions, _with_actions)
    statements = _joined(statements, _but_resources, _with_resources)
    statements = [_tidied(s, policy, world, keep_sids=keep_sids) for s in statements]
    found = replace(
        small, statements=tuple(replace(s, index=place) for place, s in enumerate(statements))
    )
    proof = equivalent(policy, found, world)
    kept = found if proof.proven and size_of(found) < size_of(policy) else policy
    return Shrunk(kept, size_of(policy), size_of(kept), proof)


def _without_useless(policy: Policy, world: World) -> Policy:
    """One at a time: what two statements both say, one of them must go on saying."""
    while len(policy.statements) > 1:
        useless = [u.statement for u in unreachable(policy, world)]
        if not useless:
            break
        # Smaller statements go first, so that the one that says it all stays.
        gone = min(useless, key=lambda s: len(s.actions) + len(s.resources or ()))
        left = [s for s in policy.statements if s is not gone]
        policy = replace(
            policy, statements=tuple(replace(s, index=place) for place, s in enumerate(left))
        )
    return policy


def _tidied(statement: Statement, policy: Policy, world: World, *, keep_sids: bool) -> Statement:
    """The statement without patterns that others in its lists hold."""
    variables = policy.has_variables
    actions = _maximal(statement.actions, str.lower, ACTION_PARTS)
    if not statement.not_actions and world.catalog is not None and _is_plain(actions):
        actions = shortened(actions, world.catalog)
    resources = statement.resources
    if resources is not None:
        resources = _maximal(
            resources, lambda text: of_resource(text, variables=variables), RESOURCE_PARTS
        )
    return replace(
        statement,
        actions=actions,
        resources=resources,
        sid=statement.sid if keep_sids else None,
    )


def _is_plain(actions: tuple[str, ...]) -> bool:
    return not any("*" in action or "?" in action for action in actions)


def _maximal(texts: tuple[str, ...], pattern: Callable[[str], str], parts: int) -> tuple[str, ...]:
    """The texts whose patterns no other one holds; of those that mean the same, the first."""
    by_pattern: dict[str, str] = {}
    for text in texts:
        by_pattern.setdefault(pattern(text), text)
    places = {mine: place for place, mine in enumerate(by_pattern)}
    union = Union(by_pattern, parts)

    def is_held(mine: str, other: str) -> bool:
        if other == mine or not contains(other, mine):
            return False
        return not contains(mine, other) or places[other] < places[mine]

    return tuple(
        text
        for mine, text in by_pattern.items()
        if not any(is_held(mine, other) for other in union.near(mine))
    )


def _rest(statement: Statement) -> tuple[Hashable, ...]:
    return (
        statement.effect is Effect.ALLOW,
        statement.principals,
        statement.not_principals,
        frozenset(statement.conditions),
        statement.sid,
    )


def _but_actions(statement: Statement) -> Hashable:
    if statement.not_actions:
        return statement.index
    resources = frozenset(statement.resources) if statement.resources is not None else None
    return (*_rest(statement), statement.not_resources, resources)


def _but_resources(statement: Statement) -> Hashable:
    if statement.not_resources or statement.resources is None:
        return statement.index
    return (*_rest(statement), statement.not_actions, frozenset(statement.actions))


def _with_actions(one: Statement, other: Statement) -> Statement:
    return replace(one, actions=tuple(dict.fromkeys((*one.actions, *other.actions))))


def _with_resources(one: Statement, other: Statement) -> Statement:
    found = dict.fromkeys((*(one.resources or ()), *(other.resources or ())))
    return replace(one, resources=tuple(found))


def _joined(
    statements: list[Statement],
    key: Callable[[Statement], Hashable],
    join: Callable[[Statement, Statement], Statement],
) -> list[Statement]:
    found: dict[Hashable, Statement] = {}
    for statement in statements:
        known = found.get(key(statement))
        found[key(statement)] = join(known, statement) if known else statement
    return list(found.values())
