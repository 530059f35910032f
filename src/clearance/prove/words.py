"""Boxes in words: the conditions of a region as a policy's author would say them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clearance.model.operators import OPERATORS
from clearance.model.policy import Statement
from clearance.prove import patterns
from clearance.prove.cubes import Box, KeySide
from clearance.prove.space import Atom, Space
from clearance.prove.values import Domain, Test

__all__ = ["callers", "conditions", "narrower", "readable"]

SHOWN_CALLERS: Final = 5
SHOWN_VALUES: Final = 3


def readable(pattern: str) -> str:
    """A pattern as a policy writes it."""
    for key, default in patterns.variables_in(pattern):
        shown = f"${{{key}}}" if default is None else f"${{{key}, '{default}'}}"
        pattern = pattern.replace(patterns.variable(key, default), shown)
    return patterns.decode(pattern)


def conditions(source: Statement | None) -> tuple[str, ...]:
    """A statement's own conditions."""
    if source is None:
        return ()
    return tuple(f"{c.name} {c.key}: {', '.join(c.values)}" for c in source.conditions)


def callers(space: Space, box: Box) -> tuple[str, ...]:
    """Some callers of the box; none where the policies name nobody."""
    if len(space.callers.each) == 1:
        return ()
    chosen = [p for p in range(len(space.callers.each)) if box.who >> p & 1]
    shown = tuple(space.callers.display(place) for place in chosen[:SHOWN_CALLERS])
    return shown + (("…",) if len(chosen) > SHOWN_CALLERS else ())


def narrower(space: Space, whole: Box, box: Box) -> Iterator[str]:
    """What was cut off the values of keys."""
    universe = space.universe
    for key, side in box.keys.items():
        before = whole.keys.get(key) or universe.anything(key)
        if side != before:
            yield f"{space.names.get(key, key)} {_side(space.domains[key], side, before)}"
    for atom, holds in box.atoms.items():
        if isinstance(atom, Atom) and whole.atoms.get(atom) is not holds:
            asked = atom.condition
            key, values = space.names.get(asked.key, asked.key), ", ".join(asked.values)
            yield f"{'' if holds else 'not '}{asked.name} {key}: {values}"


def _side(domain: Domain, side: KeySide, before: KeySide) -> str:
    """What a key is, as far as it is more than it was before."""
    if side.every == 0:
        return "is absent"
    shown: list[str] = []
    if side.every != before.every:
        said = _values(domain, side.every, before.every)
        shown.append(said if domain.single else f"has only values of which each {said}")
    shown += [
        f"has a value that {_values(domain, wanted & side.every, side.every)}"
        for wanted in side.some
        if wanted not in before.some
    ]
    return " and ".join(shown or ["is present"]) + (", or is absent" if side.absent else "")


def _values(domain: Domain, classes: int, among: int) -> str:
    """Some of the values that some classes have, told by the tests that tell them apart."""
    said: list[str] = []
    for test, (yes, error) in domain.passes.items():
        no = domain.full & ~yes & ~error
        for held, words in ((yes, _test(test)), (no, _test(test, no=True))):
            if classes & ~held == 0 and among & ~held:
                among &= held
                said.append(words)
        if among == classes:
            return " and ".join(said)
    few = [text for bit, text in enumerate(domain.texts) if classes >> bit & 1]
    return f"is such as `{'`, `'.join(few[:SHOWN_VALUES])}`"


_IS: Final = {
    "StringEquals": "is",
    "StringEqualsIgnoreCase": "in any letter case is",
    "StringLike": "is like",
    "ArnEquals": "is like",
    "ArnLike": "is like",
    "BinaryEquals": "is",
    "Bool": "is",
    "IpAddress": "is in",
    "NumericEquals": "is",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is at the latest",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is at the earliest",
}


def _test(test: Test, *, no: bool = False) -> str:
    """What a value does that passes a test, or fails it."""
    operator = OPERATORS[test.operator]
    words = _IS[operator.positive]
    if operator.negated is not no:
        words = words.replace("is", "is not", 1)
    texts = [f"`{text}`" for text in dict.fromkeys(test.texts)]
    more = [f"{len(texts) - SHOWN_VALUES} others"] if len(texts) > SHOWN_VALUES + 1 else []
    shown = texts[:SHOWN_VALUES] + more if more else texts
    listed = ", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else "".join(shown)
    return f"{words} {listed}"
