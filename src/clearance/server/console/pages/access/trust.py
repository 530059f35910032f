"""Who can take up which role: everybody of the estate, services, providers and other accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from clearance.decide.attach import attach
from clearance.decide.who import AccessIndex
from clearance.match.action import covers
from clearance.model.policy import Effect, PolicyType, Statement
from clearance.model.principal import PrincipalKind
from clearance.reach.crowd import Everybody
from clearance.server.console.jobs import Job

__all__ = ["Step", "Steps", "account_of", "around", "between_accounts", "steps_of", "wanted"]

_WAYS: Final = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
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
        return self.kind in {"user", "role", "root", "outside"} and (
            account_of(self.source) != account_of(self.target)
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps, by where they begin and where they end."""

    all: tuple[Step, ...]
    by_source: Mapping[str, tuple[Step, ...]] = field(repr=False)
    by_target: Mapping[str, tuple[Step, ...]] = field(repr=False)


def steps_of(index: AccessIndex, now: datetime, job: Job) -> Steps:
    """Every step, decided for everybody role by role; service-linked roles are AWS's own affair."""
    estate = index.estate
    roles = [
        (account.role_arn(role), attach(role.trust.text, PolicyType.TRUST, "").policy)
        for account in estate.accounts.values()
        for role in account.roles.values()
        if not role.is_service_linked
    ]
    everybody = Everybody(index, now)
    found: list[Step] = []
    for arn, trust in job.steps(roles):
        for action in _WAYS:
            allows = [s for s in trust.statements if s.effect is Effect.ALLOW and covers(s, action)]
            if any(_names_people(each) for each in allows):
                found += _people(everybody, action, arn)
            if allows:
                found += _others(index, action, arn, now)
    return _steps(found)


def _names_people(statement: Statement) -> bool:
    """False when only services or identity providers are named: then no user or role can."""
    who = statement.principals
    return who is None or statement.not_principals or who.everyone or bool(who.aws)


def _people(everybody: Everybody, action: str, arn: str) -> Iterator[Step]:
    for name, ask in everybody.who(action, arn).items():
        if name != arn:
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


def _steps(found: Iterable[Step]) -> Steps:
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
    for sign, table in ((-1, steps.by_target), (1, steps.by_source)):
        edge = [focus]
        for distance in range(1, depth + 1):
            further: list[str] = []
            for name in edge:
                for step in table.get(name, ()):
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
            pair = account_of(step.source), account_of(step.target)
            number[pair] += 1
            doubtful[pair] += bool(step.keys)
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
