"""What to mark in a layer's policies: statements that spoke, and where the nearest ones failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearance.explain.nearest import near_misses
from clearance.match.statement import Element
from clearance.model.decision import Check, Decision, Matched
from clearance.model.policy import AttachedPolicy, Condition, Effect
from clearance.parse.reading import Path, spans
from clearance.parse.render import render
from clearance.server.console.parts.code import Mark, readable

__all__ = ["Shown", "shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A policy of a layer: its text, what is marked in it, and whether any of that decided."""

    policy: AttachedPolicy
    text: str
    marks: tuple[Mark, ...]
    speaks: bool


def shown(decision: Decision, check: Check) -> tuple[Shown, ...]:
    """A check's policies, those with something to see first."""
    found = [_shown(decision, check, policy) for policy in check.policies]
    return tuple(sorted(found, key=_rank))


def _rank(each: Shown) -> tuple[bool, bool, bool]:
    """Denies first, then what allows, then what came near."""
    return all(m.kind != "deny" for m in each.marks), not each.speaks, not each.marks


def _shown(decision: Decision, check: Check, policy: AttachedPolicy) -> Shown:
    text = readable(policy.text if policy.text is not None else render(policy.policy))
    places = spans(text)
    spoke = [m for m in (*check.denies, *check.allows) if m.policy is policy]
    marks = [_spoke(m, places) for m in spoke]
    for miss in near_misses(decision, check):
        if miss.policy is policy:
            marks += _missed(miss.trace.statement.index, miss.failures, places)
    return Shown(policy, text, tuple(marks), bool(spoke))


def _spoke(matched: Matched, places: Mapping[Path, object]) -> Mark:
    deny = matched.statement.effect is Effect.DENY
    says = "this denies it" if deny else "this allows it"
    path = _statement(matched.statement.index, places)
    return Mark(path, "deny" if deny else "allow", matched.error or says)


def _missed(
    index: int, failures: tuple[Element, ...], places: Mapping[Path, object]
) -> Iterator[Mark]:
    statement = _statement(index, places)
    yield Mark(statement, "near")
    for element in failures:
        path = (*statement, element.name)
        if element.condition is not None:
            path = _condition(path, element.condition, places)
        name = element.condition.key if element.condition else element.name.removeprefix("Not")
        brought = f"{name} {', '.join(element.actual)}" if element.actual else f"no {name}"
        yield Mark(path, "miss", f"the request has {brought}")


def _statement(index: int, places: Mapping[Path, object]) -> Path:
    """A lone statement need not stand in a list."""
    listed: Path = ("Statement", index)
    return listed if listed in places else ("Statement",)


def _condition(block: Path, condition: Condition, places: Mapping[Path, object]) -> Path:
    """Operators and keys are compared without regard to case."""
    wanted = (condition.name.lower(), condition.key.lower())
    depth = len(block) + len(wanted)
    for path in places:
        if len(path) == depth and path[: len(block)] == block:
            operator, key = path[-2:]
            if (str(operator).lower(), str(key).lower()) == wanted:
                return path
    return block
