"""Statements that can never matter: contradictory, shadowed by a Deny, or said elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from clearance.model.policy import AttachedPolicy, Effect, Policy, Statement
from clearance.prove.compare import World
from clearance.prove.cubes import Cube
from clearance.prove.effort import TooHardError
from clearance.prove.sets import Part, RequestSet
from clearance.prove.space import Space
from clearance.prove.statements import said_by

__all__ = ["Unreachable", "Why", "unreachable"]


class Why(Enum):
    """Why a statement never matters."""

    CONTRADICTORY = "its conditions or patterns can never all be met"
    SHADOWED = "everything it allows is denied"
    REDUNDANT = "everything it says is said by others"


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A statement that never matters; ``because_of`` are the labels of those that make it so."""

    statement: Statement
    why: Why
    because_of: tuple[str, ...] = ()


def unreachable(
    policy: Policy | AttachedPolicy, world: World | None = None
) -> tuple[Unreachable, ...]:
    """Every statement whose removal alone certainly changes nothing.

    Of two statements that say the same, both are listed: remove one. A Deny counts only as
    said elsewhere by other Denies, since it also limits other policies.
    """
    world = world or World()
    plain = policy.policy if isinstance(policy, AttachedPolicy) else policy
    space = world.space(plain)
    cubes = {said.statement.index: space.cube(said) for said in said_by(plain).statements}
    found = (_examined(space, world, plain, statement, cubes) for statement in plain.statements)
    return tuple(one for one in found if one is not None)


def _examined(
    space: Space,
    world: World,
    policy: Policy,
    statement: Statement,
    cubes: dict[int, Cube | None],
) -> Unreachable | None:
    mine = cubes[statement.index]
    if mine is None or _is_nothing(space, world, mine, ()):
        return Unreachable(statement, Why.CONTRADICTORY)
    denies = _others(policy, statement, Effect.DENY, cubes)
    if statement.effect is Effect.ALLOW and denies:
        reasons = _enough(space, world, mine, denies)
        if reasons is not None:
            return Unreachable(statement, Why.SHADOWED, reasons)
    same = (
        denies
        if statement.effect is Effect.DENY
        else denies + _others(policy, statement, Effect.ALLOW, cubes)
    )
    reasons = _enough(space, world, mine, same) if same else None
    return None if reasons is None else Unreachable(statement, Why.REDUNDANT, reasons)


def _others(
    policy: Policy, statement: Statement, effect: Effect, cubes: dict[int, Cube | None]
) -> list[tuple[Statement, Cube]]:
    return [
        (other, cube)
        for other in policy.statements
        if other is not statement and other.effect is effect
        if (cube := cubes[other.index]) is not None
    ]


def _enough(
    space: Space, world: World, mine: Cube, others: list[tuple[Statement, Cube]]
) -> tuple[str, ...] | None:
    """The labels of statements that together say all of a statement; one alone if it does."""
    if not _is_nothing(space, world, mine, [cube for _, cube in others]):
        return None
    for other, cube in others:
        if _is_nothing(space, world, mine, (cube,)):
            return (other.label,)
    return tuple(other.label for other, _ in others)


def _is_nothing(space: Space, world: World, mine: Cube, without: Iterable[Cube]) -> bool:
    """True when it is certain that nothing is left."""
    left = RequestSet(space, (Part((mine,), tuple(without)),))
    try:
        return not space.reasons and not any(left.pieces(world.effort()))
    except TooHardError:
        return False
