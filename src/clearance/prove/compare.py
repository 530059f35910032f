"""Two policies beside each other: what one allows and the other does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from clearance.model.catalog import Catalog
from clearance.model.policy import AttachedPolicy, Policy
from clearance.model.principal import Principal
from clearance.model.request import Request
from clearance.model.shown import Shown
from clearance.prove.answer import Answer, Verdict, Witness, attached, is_empty, judged_need
from clearance.prove.effort import Effort
from clearance.prove.rows import Change, change
from clearance.prove.sets import allowed
from clearance.prove.space import Space

__all__ = [
    "Comparison",
    "Policies",
    "World",
    "diff",
    "equivalent",
    "newly_allowed",
    "within",
    "witness",
]

Policies: TypeAlias = Policy | AttachedPolicy | Sequence[Policy | AttachedPolicy]


@dataclass(frozen=True, slots=True)
class World:
    """What a proof speaks about.

    ``catalog``: only actions that AWS has (without it, any text). ``caller``: one caller instead
    of all. ``multivalued`` tells whether a key holds several values; by default the catalog does.
    ``strict`` is for tests.
    """

    catalog: Catalog | None = None
    caller: Principal | None = None
    multivalued: Callable[[str], bool | None] | None = None
    steps: int = 200_000
    strict: bool = False

    def __post_init__(self) -> None:
        if self.multivalued is None and self.catalog is not None:
            object.__setattr__(self, "multivalued", self.catalog.multivalued)

    def effort(self) -> Effort:
        """A fresh budget."""
        return Effort(self.steps, self.strict)

    def space(self, *policies: Policies) -> Space:
        """The space of some policies."""
        flat = [policy for group in policies for policy in listed(group)]
        return Space.of(
            flat, caller=self.caller, catalog=self.catalog, multivalued=self.multivalued
        )


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """What changes from an old policy to a new one."""

    newly_allowed: Change
    newly_denied: Change

    @property
    def equivalent(self) -> Verdict:
        """Whether nothing changes."""
        verdicts = {self.newly_allowed.answer.verdict, self.newly_denied.answer.verdict}
        if Verdict.REFUTED in verdicts:
            return Verdict.REFUTED
        return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.PROVEN


def listed(policies: Policies) -> tuple[AttachedPolicy, ...]:
    """One policy or several of one layer, as several."""
    several = (policies,) if isinstance(policies, Policy | AttachedPolicy) else policies
    return tuple(map(attached, several))


def _only_in(
    a: tuple[AttachedPolicy, ...], b: tuple[AttachedPolicy, ...]
) -> Callable[[Request], bool]:
    """Allowed by ``a``, and by ``b`` not at all or only with more help from other policies."""

    def replay(request: Request) -> bool:
        mine, other = judged_need(a, request), judged_need(b, request)
        return mine is not None and (other is None or other > mine)

    return replay


def within(a: Policies, b: Policies, world: World | None = None) -> Answer:
    """Whether everything that ``a`` allows is allowed by ``b``; REFUTED says what is not.

    Policies given together are of one layer: some must allow, none may deny. A resource policy
    that names a role allows more than one that names its account: the role then needs no policy
    of its own.
    """
    world = world or World()
    first, second = listed(a), listed(b)
    space = world.space(first, second)
    beyond = allowed(space, *first) - allowed(space, *second)
    return is_empty(beyond, _only_in(first, second), world.effort())


def equivalent(a: Policies, b: Policies, world: World | None = None) -> Answer:
    """Whether two policies allow the same requests."""
    forth, back = within(a, b, world), within(b, a, world)
    for answer in (forth, back):
        if answer.verdict is Verdict.REFUTED:
            return answer
    return forth if forth.verdict is Verdict.UNKNOWN else back


def witness(a: Policies, b: Policies, world: World | None = None) -> Witness | None:
    """A request that ``a`` allows and ``b`` does not, if there is one and it was found."""
    return within(a, b, world).witness


def newly_allowed(
    before: Policies, after: Policies, world: World | None = None, *, limit: int = 100
) -> Change:
    """What ``after`` allows and ``before`` does not, in rows with a witness each."""
    world = world or World()
    old, new = listed(before), listed(after)
    space = world.space(old, new)
    beyond = allowed(space, *new) - allowed(space, *old)
    return change(beyond, _only_in(new, old), world.effort(), limit=limit)


def diff(
    before: Policies, after: Policies, world: World | None = None, *, limit: int = 100
) -> Comparison:
    """What changes from ``before`` to ``after``, both ways."""
    return Comparison(
        newly_allowed(before, after, world, limit=limit),
        newly_allowed(after, before, world, limit=limit),
    )
