"""What is wrong with the members of an input, in the words all AWS services share.

A service says ``2 validation errors detected: Value 'x' at 'roleSessionName' failed to satisfy
constraint: Member must have length greater than or equal to 2; Value …``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from clearance.operations.fault import OperationError

__all__ = [
    "TAG_KEY",
    "TAG_VALUE",
    "Choice",
    "Choices",
    "Number",
    "Rule",
    "Size",
    "Text",
    "check",
    "refuse",
]


class Rule(Protocol):
    """What one member must satisfy."""

    def problems(self, value: Any) -> Iterable[str]:  # noqa: ANN401
        """The constraints that the value breaks."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string; ``pattern`` is Python's, ``shown`` what AWS prints where its own differs."""

    low: int = 0
    high: int | None = None
    pattern: str | None = None
    shown: str | None = None

    def problems(self, value: str) -> Iterable[str]:
        """The constraints that the string breaks."""
        if self.high is not None and len(value) > self.high:
            yield f"Member must have length less than or equal to {self.high}"
        if len(value) < self.low:
            yield f"Member must have length greater than or equal to {self.low}"
        if self.pattern is not None and not _compiled(self.pattern).fullmatch(value):
            yield (f"Member must satisfy regular expression pattern: {self.shown or self.pattern}")


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two bounds, both allowed."""

    low: float | None = None
    high: float | None = None

    def problems(self, value: float) -> Iterable[str]:
        """The constraints that the number breaks."""
        if self.high is not None and value > self.high:
            yield f"Member must have value less than or equal to {self.high}"
        if self.low is not None and value < self.low:
            yield f"Member must have value greater than or equal to {self.low}"


@dataclass(frozen=True, slots=True)
class Size:
    """How many items a list or map may have."""

    low: int = 0
    high: int | None = None

    def problems(self, value: Sized) -> Iterable[str]:
        """The constraints that the number of items breaks."""
        if self.high is not None and len(value) > self.high:
            yield f"Member must have length less than or equal to {self.high}"
        if len(value) < self.low:
            yield f"Member must have length greater than or equal to {self.low}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def problems(self, value: str) -> Iterable[str]:
        """The constraint that the word breaks."""
        if value not in self.words:
            yield f"Member must satisfy enum value set: [{', '.join(self.words)}]"


@dataclass(frozen=True, slots=True)
class Choices:
    """A list of some words, at most so many."""

    words: tuple[str, ...]
    high: int

    def problems(self, value: Sequence[str]) -> Iterable[str]:
        """The constraints that the list breaks."""
        if len(value) > self.high:
            yield f"Member must have length less than or equal to {self.high}"
        if not set(value) <= set(self.words):
            words = ", ".join(self.words)
            yield f"Member must satisfy constraint: [Member must satisfy enum value set: [{words}]]"


# \p{L}\p{Z}\p{N}: letters, separators and digits of every script; Python's `re` has no \p.
_SPACES: Final = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
TAG_KEY: Final = Text(1, 128, rf"(?u:[\w{_SPACES}.:/=+\-@]+)", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
TAG_VALUE: Final = Text(0, 256, rf"(?u:[\w{_SPACES}.:/=+\-@]*)", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Java's \w and \d are ASCII; a pattern that is not says so with (?u:…).
    return re.compile(pattern, 0 if pattern.startswith("(?u:") else re.ASCII)


def check(
    given: Mapping[str, Any],
    rules: Mapping[str, Rule],
    code: str,
    required: Iterable[str] = (),
) -> None:
    """Refuse an input that lacks a required member or breaks a rule; absent members are fine.

    Raises:
        OperationError: with every problem, as AWS lists them.
    """
    found = [
        f"Value null at '{_camel(name)}' failed to satisfy constraint: Member must not be null"
        for name in required
        if given.get(name) is None
    ]
    found += [
        _sentence(name, given[name], problem)
        for name, rule in rules.items()
        if given.get(name) is not None
        for problem in rule.problems(given[name])
    ]
    if found:
        refuse(found, code)


def refuse(problems: Iterable[str], code: str) -> None:
    """Raise the error that lists problems."""
    sentences = list(problems)
    plural = "s" if len(sentences) > 1 else ""
    raise OperationError(
        code, f"{len(sentences)} validation error{plural} detected: {'; '.join(sentences)}"
    )


def _sentence(name: str, value: object, problem: str) -> str:
    return f"Value '{_shown(value)}' at '{_camel(name)}' failed to satisfy constraint: {problem}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_shown(k)}={_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
