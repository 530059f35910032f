"""What patterns have to do with each other: containment, overlap, and a string in between.

All three are exact. The cheap tests come first; what they cannot settle is a search over the
positions of all patterns at once, kept as the bits of one integer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from clearance.model.glob import Glob
from clearance.prove.effort import MAX_STATES, TooHardError
from clearance.prove.patterns import (
    ANY_CHARACTER_OF_PART,
    ANY_RUN_OF_PART,
    CASELESS,
    OPAQUE,
    has_variable,
    is_literal,
    loosen,
    sample,
)

__all__ = [
    "contains",
    "intersects",
    "matches",
    "may_intersect",
    "reduce",
    "vectors",
    "witness",
]

_FRESH_RUN: Final = chr(0x10FE01)
_FRESH_CHARACTER: Final = chr(0x10FE02)
_SAMPLES: Final = ("", _FRESH_RUN, _FRESH_RUN * 2)
_SPECIAL: Final = frozenset({ANY_RUN_OF_PART, ANY_CHARACTER_OF_PART, CASELESS})
_OPEN_ENDED: Final = _SPECIAL | {"*"}
_OTHERS: Final = "xyzwvutsrqponmlkjihgfedcbaXYZWVUTSRQPONMLKJIHGFEDCBA0123456789-_.~"
# Characters whose lower case is a letter that another capital already has.
_SAME_LOWER: Final = {"k": "\u212a", "å": "\u212b", "ω": "\u2126"}


@lru_cache(maxsize=65536)
def _glob(pattern: str) -> Glob:
    return Glob.of(pattern)


def _is_special(pattern: str) -> bool:
    return not pattern.isascii() and not _SPECIAL.isdisjoint(pattern)


def matches(pattern: str, text: str) -> bool:
    """True when the pattern matches a literal pattern's text."""
    if pattern == "*":
        return True
    if _is_special(pattern):
        return _Machine((pattern,)).accepts(text) != 0
    return _glob(pattern).matches(text)


@lru_cache(maxsize=1 << 17)
def contains(outer: str, inner: str) -> bool:
    """True when every string of ``inner`` is one of ``outer``, whatever the variables are.

    A variable is an unknown letter that only a star or the same variable can match.
    """
    if outer in {inner, "*"}:
        return True
    if not _is_special(outer) and not _is_special(inner):
        if is_literal(outer):
            return False
        if "?" not in outer:
            # Only a star of ``outer`` can take up a letter that occurs nowhere else.
            fresh = inner.replace("*", _FRESH_RUN).replace("?", _FRESH_CHARACTER)
            return _glob(outer).matches(fresh)
        if is_literal(inner):
            return _glob(outer).matches(inner)
        # A few strings of ``inner`` show most of the time that ``outer`` does not hold them all.
        if not all(_glob(outer).matches(sample(inner, run, _FRESH_CHARACTER)) for run in _SAMPLES):
            return False
    return not _starts_differ(outer, inner) and _search((inner,), (outer,)) is None


@lru_cache(maxsize=1 << 17)
def intersects(one: str, other: str) -> bool:
    """False when no string matches both, whatever the variables are."""
    if one in {other, "*"} or other == "*":
        return True
    if has_variable(one) or has_variable(other):
        return intersects(loosen(one), loosen(other))
    if _is_special(one) or _is_special(other):
        return not _starts_differ(one, other) and _search((one, other), ()) is not None
    if is_literal(one) or is_literal(other):
        return _glob(other).matches(one) if is_literal(one) else _glob(one).matches(other)
    if _ends_differ(one, other):
        return False
    if _is_prefix(one) and _is_prefix(other):
        return True
    return _meet(one, other)


def _meet(one: str, other: str) -> bool:
    """True when some string matches two plain patterns.

    The bits are positions in ``other`` that can be reached while ``one`` is read; a star of
    ``one`` can take ``other`` from the lowest of them to any later one.
    """
    letters: dict[str, int] = {}
    loops, any_one, at = 0, 0, 1
    for character in other:
        if character == "*":
            loops |= at
            continue
        if character == "?":
            any_one |= at
        else:
            letters[character] = letters.get(character, 0) | at
        at <<= 1
    end, state = at, 1
    for character in one:
        if character == "*":
            state = (end << 1) - (state & -state)
            continue
        steps = end - 1 if character == "?" else letters.get(character, 0) | any_one
        state = ((state & steps) << 1) | (state & loops)
        if not state:
            return False
    return bool(state & end)


@lru_cache(maxsize=1 << 17)
def may_intersect(one: str, other: str) -> bool:
    """False when a glance shows that no string matches both."""
    if one == "*" or other == "*":
        return True
    if has_variable(one) or has_variable(other) or _is_special(one) or _is_special(other):
        return not _starts_differ(loosen(one), loosen(other))
    if is_literal(one) or is_literal(other):
        return _glob(other).matches(one) if is_literal(one) else _glob(one).matches(other)
    return not _ends_differ(one, other)


def _is_prefix(pattern: str) -> bool:
    return pattern.endswith("*") and pattern.find("*") == len(pattern) - 1 and "?" not in pattern


def _ends_differ(one: str, other: str) -> bool:
    """Literal beginnings or endings that cannot agree."""
    return _starts_differ(one, other) or _starts_differ(one[::-1], other[::-1])


def _starts_differ(one: str, other: str) -> bool:
    for a, b in zip(one, other, strict=False):
        if a in _OPEN_ENDED or b in _OPEN_ENDED:
            return False
        if a not in {b, "?"} and b != "?":
            return True
    return False


def reduce(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns without those that others contain."""
    unique = sorted(set(patterns), key=len)
    wide: dict[str | None, list[tuple[str, str]]] = {}
    for pattern in unique:
        if not is_literal(pattern):
            start = _literal_start(pattern)
            wide.setdefault(_head(start), []).append((start, pattern))
    kept: dict[str, None] = {}
    for pattern in unique:
        near = (*wide.get(None, ()), *wide.get(_head(_literal_start(pattern)), ()))
        if not any(
            pattern != outer
            and pattern.startswith(start)
            and contains(outer, pattern)
            and (outer in kept or not contains(pattern, outer))
            for start, outer in near
        ):
            kept[pattern] = None
    return tuple(sorted(kept))


@lru_cache(maxsize=65536)
def _literal_start(pattern: str) -> str:
    """The pattern up to its first wildcard; what contains it starts with a part of that."""
    found = next((i for i, c in enumerate(pattern) if c in _OPEN_ENDED or c == "?"), None)
    return pattern if found is None else pattern[:found]


def _head(start: str) -> str | None:
    head, colon, _ = start.partition(":")
    return head if colon else None


_RUNS: Final = ("x", "", "example", "x/x", "x:x")


@lru_cache(maxsize=1 << 16)
def witness(wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> str | None:
    """A string that matches all of ``wanted`` and none of ``unwanted``; None: there is none.

    Variables must have been replaced or loosened.
    """
    for text in _guesses(wanted):
        if all(matches(p, text) for p in wanted) and not any(matches(p, text) for p in unwanted):
            return text
    return _search(wanted, unwanted)


def _guesses(wanted: tuple[str, ...]) -> Iterator[str]:
    for pattern in wanted:
        if not _is_special(pattern):
            for run in _RUNS if "*" in pattern else _RUNS[:1]:
                yield sample(pattern, run)


class _Machine:
    """All patterns at once: one bit for each position in each pattern."""

    __slots__ = ("_any", "_loop", "_narrow_any", "_narrow_loop", "ends", "letters", "parts",
                 "stars", "start")  # fmt: skip

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.start = self._loop = self._narrow_loop = self._any = self._narrow_any = 0
        self.letters: dict[str, int] = {}
        self.ends: list[int] = []
        self.parts: list[int] = []
        self.stars: list[int] = []
        offset = 0
        for pattern in patterns:
            offset = self._add(pattern, offset)
        if self._narrow_loop or self._narrow_any:
            self.letters.setdefault(":", 0)

    def _add(self, pattern: str, offset: int) -> int:
        first, at = offset, 1 << offset
        self.start |= at
        fold = pattern.startswith(CASELESS)
        for character in pattern[1:] if fold else pattern:
            if character == "*":
                self._loop |= at
                continue
            if character == ANY_RUN_OF_PART:
                self._narrow_loop |= at
                continue
            if character == "?":
                self._any |= at
            elif character == ANY_CHARACTER_OF_PART:
                self._narrow_any |= at
            else:
                for letter in _cases(character) if fold else character:
                    self.letters[letter] = self.letters.get(letter, 0) | at
            at <<= 1
            offset += 1
        self.ends.append(at)
        self.stars.append(at & self._loop)
        self.parts.append((at << 1) - (1 << first))
        return offset + 1

    def step(self, state: int, letter: str) -> int:
        """Where the machine is after one more letter."""
        steps, loops = self.letters.get(letter, 0), self._loop
        if letter != ":":
            steps |= self._narrow_any
            loops |= self._narrow_loop
        if not OPAQUE.match(letter):
            steps |= self._any
        return ((state & steps) << 1) | (state & loops)

    def accepts(self, text: str) -> int:
        """The patterns that match a text, as bits."""
        state = self.start
        for letter in text:
            state = self.step(state, letter)
        return sum(1 << place for place, end in enumerate(self.ends) if state & end)

    def other(self) -> str:
        """A letter that stands for all the patterns do not mention."""
        return next((c for c in _OTHERS if c not in self.letters), "·")


def _cases(letter: str) -> str:
    upper = letter.upper()
    pair = letter + upper if upper != letter and upper.lower() == letter else letter
    return pair + _SAME_LOWER.get(letter, "")


@lru_cache(maxsize=1 << 16)
def _search(wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> str | None:
    """The shortest string in all of ``wanted`` and none of ``unwanted``."""
    machine = _Machine(wanted + unwanted)
    count = len(wanted)
    ends, parts = machine.ends[:count], machine.parts[:count]
    refused = _all_bits(machine.ends[count:])
    hopeless = _all_bits(machine.stars[count:])  # an unwanted pattern that now matches for ever
    other = machine.other()
    came: dict[int, tuple[int, str] | None] = {machine.start: None}
    queue = deque([machine.start])
    while queue:
        state = queue.popleft()
        if not state & refused and all(state & end for end in ends):
            return _path(came, state)
        letters = [c for c, at in machine.letters.items() if state & at]
        for letter in (*letters, ":", other) if ":" in machine.letters else (*letters, other):
            following = machine.step(state, letter)
            if following in came or following & hopeless:
                continue
            if all(following & part for part in parts):
                came[following] = (state, letter)
                queue.append(following)
        if len(came) > MAX_STATES:
            raise TooHardError("the search was given up: patterns with too many wildcards")
    return None


def _all_bits(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _path(came: dict[int, tuple[int, str] | None], state: int) -> str:
    letters: list[str] = []
    step = came[state]
    while step is not None:
        letters.append(step[1])
        step = came[step[0]]
    return "".join(reversed(letters))


@lru_cache(maxsize=4096)
def vectors(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """One string for every set of patterns that some string matches and no other pattern.

    Raises TooHardError when there are too many.
    """
    machine = _Machine(patterns)
    other = machine.other()
    seen = {machine.start: ""}
    queue = deque([machine.start])
    found: dict[int, str] = {}
    ends = _all_bits(machine.ends)
    while queue:
        state = queue.popleft()
        text = seen[state]
        found.setdefault(state & ends, text)
        letters = [c for c, at in machine.letters.items() if state & at]
        for letter in (*letters, ":", other) if ":" in machine.letters else (*letters, other):
            following = machine.step(state, letter)
            if following not in seen:
                seen[following] = text + letter
                queue.append(following)
        if len(seen) > MAX_STATES:
            raise TooHardError("the search was given up: too many overlapping values of one key")
    return tuple(found.values())
