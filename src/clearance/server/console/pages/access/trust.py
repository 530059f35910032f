"""Who can take up which role: everybody of the estate, services, providers and other accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from clearance.decide.attach import attach
from clearance.decide.who import AccessIndex
from clearance.match.action import covers
from clearance.model.policy import Effect, PolicyType, Statement
from clearance.model.principal import PrincipalKind
from clearance.reach.crowd import Everybody
from clearance.server.console.jobs import Job

__all__ = [
    "CROWD",
    "Crowds",
    "Step",
    "Steps",
    "account_of",
    "around",
    "between_accounts",
    "steps_of",
    "wanted",
]

_WAYS: Final = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
CROWD: Final = 100  # principals of one account that are told one by one
OUTSIDE: Final = "the policies of its own account"


@dataclass(frozen=True, slots=True)
class Step:
    """``source`` can become ``target``; ``keys`` are what that hangs on."""

    source: str
    target: str
    kind: str
    keys: tuple[str, ...] = ()

    @property
    def crosses(self) -> bool:
        """True from one account to another."""
        if self.kind == "crowd":
            return f" of {account_of(self.target)}" not in self.source
        return self.kind in {"user", "role", "outside"} and (
            account_of(self.source) != account_of(self.target)
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps, by where they begin and where they end.

    ``crowds`` tells who is meant by a source of kind ``crowd``.
    """

    all: tuple[Step, ...]
    by_source: Mapping[str, tuple[Step, ...]] = field(repr=False)
    by_target: Mapping[str, tuple[Step, ...]] = field(repr=False)
    crowds: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def from_(self, name: str) -> tuple[Step, ...]:
        """The steps of a principal, those of the crowds it is in among them."""
        own = self.by_source.get(name, ())
        theirs = (
            replace(step, source=name, kind="user" if ":user/" in name else "role")
            for crowd, members in self.crowds.items()
            if name in members
            for step in self.by_source.get(crowd, ())
            if step.target != name
        )
        return (*own, *theirs)

    def to(self, name: str) -> tuple[Step, ...]:
        """The steps that lead to a principal."""
        return self.by_target.get(name, ())


def steps_of(index: AccessIndex, now: datetime, job: Job) -> Steps:
    """Every step, decided for everybody role by role; service-linked roles are AWS's own affair."""
    estate = index.estate
    roles = [
        (account.role_arn(role), attach(role.trust.text, PolicyType.TRUST, "").policy)
        for account in estate.accounts.values()
        for role in account.roles.values()
        if not role.is_service_linked
    ]
    everybody, crowds = Everybody(index, now), Crowds()
    found: list[Step] = []
    for arn, trust in job.steps(roles):
        for action in _WAYS:
            allows = [s for s in trust.statements if s.effect is Effect.ALLOW and covers(s, action)]
            if any(_names_people(each) for each in allows):
                found += crowds.of(_people(everybody, action, arn))
                everybody.forget()
            if allows:
                found += _others(index, action, arn, now)
    return _steps(found, crowds.members)


def _names_people(statement: Statement) -> bool:
    """False when only services or identity providers are named: then no user or role can."""
    who = statement.principals
    return who is None or statement.not_principals or who.everyone or bool(who.aws)


def _people(everybody: Everybody, action: str, arn: str) -> Iterator[Step]:
    for name, ask in everybody.who(action, arn).items():
        yield Step(name, arn, "user" if ":user/" in name else "role", ask.keys)
    for name in everybody.raw(action, arn).outside:
        yield Step(name, arn, "outside", (OUTSIDE,))


def _others(index: AccessIndex, action: str, arn: str, now: datetime) -> Iterator[Step]:
    for access in index.named(action, arn, now=now):
        kind = _KINDS.get(access.principal.kind, "outside")
        yield Step(access.principal.arn or "anybody", arn, kind, access.keys)


_KINDS: Final[Mapping[PrincipalKind, str]] = {
    PrincipalKind.SERVICE: "service",
    PrincipalKind.WEB_IDENTITY: "provider",
    PrincipalKind.SAML_IDENTITY: "provider",
}


class Crowds:
    """Many principals of one account that can become the same role alike are one source.

    Administrators and roles that trust their account would else make millions of steps.
    """

    def __init__(self) -> None:
        self.members: dict[str, frozenset[str]] = {}
        self._names: dict[frozenset[str], str] = {}

    def of(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The same steps, with one in place of those of each crowd."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[Step]] = {}
        for step in steps:
            group = "outside" if step.kind == "outside" else account_of(step.source)
            groups.setdefault((group, step.target, step.keys), []).append(step)
        for (account, target, keys), group_steps in groups.items():
            if len(group_steps) <= CROWD or account == "outside":
                yield from (step for step in group_steps if step.source != target)
                continue
            members = frozenset(step.source for step in group_steps)
            yield Step(self._name(members, account), target, "crowd", keys)

    def _name(self, members: frozenset[str], account: str) -> str:
        if members not in self._names:
            alike = sum(1 for name in self._names.values() if name.startswith(f"{len(members)} "))
            number = f" ({alike + 1})" if alike else ""
            name = f"{len(members)} principals of {account}{number}"
            self._names[members] = name
            self.members[name] = members
        return self._names[members]


def _steps(found: Iterable[Step], crowds: Mapping[str, frozenset[str]]) -> Steps:
    steps = tuple(dict.fromkeys(found))
    sources: dict[str, list[Step]] = {}
    targets: dict[str, list[Step]] = {}
    for step in steps:
        sources.setdefault(step.source, []).append(step)
        targets.setdefault(step.target, []).append(step)
    return Steps(
        steps,
        {name: tuple(each) for name, each in sources.items()},
        {name: tuple(each) for name, each in targets.items()},
        crowds,
    )


def account_of(name: str) -> str:
    """The account of an ARN, or what else tells where somebody belongs."""
    parts = name.split(":")
    return parts[4] if len(parts) > 5 and parts[4] else name  # noqa: PLR2004 - parts of an ARN


def around(steps: Steps, focus: str, depth: int, most: int) -> tuple[dict[str, int], list[Step]]:
    """Whom a principal can become and who can become it: places by distance, and the steps.

    Those upstream have a distance below zero. Near ones come first; at most so many are kept.
    """
    places = {focus: 0}
    kept: dict[Step, None] = {}
    for sign, next_ in ((-1, steps.to), (1, steps.from_)):
        edge = [focus]
        for distance in range(1, depth + 1):
            further: list[str] = []
            for name in edge:
                for step in next_(name):
                    other = step.source if sign < 0 else step.target
                    if other not in places and len(places) < most:
                        places[other] = sign * distance
                        further.append(other)
                    if other in places:
                        kept[step] = None
            edge = further
    return places, list(kept)


def between_accounts(steps: Steps) -> tuple[tuple[str, str, int, int], ...]:
    """Trust between accounts: (from, to, steps, of these under a condition), the most first."""
    number: Counter[tuple[str, str]] = Counter()
    doubtful: Counter[tuple[str, str]] = Counter()
    for step in steps.all:
        if step.crosses:
            members = steps.crowds.get(step.source)
            source = next(iter(members)) if members else step.source
            pair = account_of(source), account_of(step.target)
            number[pair] += len(members) if members else 1
            doubtful[pair] += (len(members) if members else 1) * bool(step.keys)
    return tuple((a, b, count, doubtful[a, b]) for (a, b), count in number.most_common())


def wanted(steps: Iterable[Step], search: str, *, crossing: bool) -> list[Step]:
    """The steps that hold all of some words, those between accounts first."""
    words = search.lower().split()
    found = [
        step
        for step in steps
        if (step.crosses or not crossing) and all(word in _text(step) for word in words)
    ]
    return sorted(found, key=lambda step: (not step.crosses, step.target, step.source))


def _text(step: Step) -> str:
    return f"{step.source} {step.target} {step.kind} {' '.join(step.keys)}".lower()
