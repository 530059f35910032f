"""Permissions to statements, statements to policies that IAM takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from clearance.model.policy import Condition, Effect, Policy, Statement
from clearance.prove.grants import MANAGED_POLICY, size_of
from clearance.prove.pack import pack

__all__ = ["VERSION", "Form", "Granted", "packed", "statements_of"]

VERSION: Final = "2012-10-17"


class Form(Enum):
    """How policies are given to a user or role."""

    MANAGED = "managed"
    INLINE = "inline"


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: "Managed policies
# attached to an IAM role: 10" and the same for a user, by default; inline policies together may
# have 2,048 characters for a user and 10,240 for a role.
MOST_MANAGED: Final = 10
INLINE: Final[Mapping[str, int]] = {"user": 2048, "role": 10240}


@dataclass(frozen=True, slots=True)
class Granted:
    """An action on a pattern of resources, under conditions."""

    action: str
    pattern: str
    conditions: tuple[Condition, ...] = ()

    @property
    def statement(self) -> Statement:
        """The statement that allows just this."""
        return Statement(
            0, Effect.ALLOW, (self.action,), (self.pattern,), conditions=self.conditions
        )


def statements_of(granted: Iterable[Granted]) -> tuple[Statement, ...]:
    """The statements that allow just this, as few as grouping makes them."""
    by_conditions: dict[tuple[Condition, ...], dict[tuple[str, str], None]] = defaultdict(dict)
    for each in granted:
        by_conditions[each.conditions][each.action, each.pattern] = None
    made: list[Statement] = []
    for conditions, pairs in by_conditions.items():
        for actions, patterns in _grouped(pairs):
            made.append(Statement(0, Effect.ALLOW, actions, patterns, conditions=conditions))
    return tuple(sorted(made, key=lambda s: (s.actions, s.resources or (), str(s.conditions))))


def _grouped(
    pairs: Iterable[tuple[str, str]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Actions of equal resources together, or resources of equal actions: whichever is shorter."""
    by_action: dict[str, set[str]] = defaultdict(set)
    by_pattern: dict[str, set[str]] = defaultdict(set)
    for action, pattern in pairs:
        by_action[action].add(pattern)
        by_pattern[pattern].add(action)
    one = [(actions, patterns) for patterns, actions in _equal(by_action).items()]
    other = list(_equal(by_pattern).items())
    return min(
        one,
        other,
        key=lambda option: (
            sum(len(t) + 4 for part in option for side in part for t in side) + 60 * len(option)
        ),
    )


def _equal(table: Mapping[str, set[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key, row in table.items():
        found[tuple(sorted(row))].append(key)
    return {row: tuple(sorted(keys)) for row, keys in found.items()}


def packed(
    statements: Sequence[Statement], form: Form, kind: str
) -> tuple[tuple[Policy, ...], bool]:
    """Policies that hold the statements, and whether IAM takes them all for one user or role."""
    limit = MANAGED_POLICY if form is Form.MANAGED else INLINE.get(kind, INLINE["user"])
    policies = pack(statements, limit, VERSION)
    fits = all(size_of(policy) <= limit for policy in policies)
    most = MOST_MANAGED if form is Form.MANAGED else 1
    return policies, fits and len(policies) <= most
