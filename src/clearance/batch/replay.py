"""What a change would have done: each kind of call decided once in two estates, joined back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from clearance.batch.distinct import Counted, Tally
from clearance.batch.requests import Call, Outcome
from clearance.decide.compile import Engine
from clearance.decide.judge import Reading
from clearance.decide.owner import account_of
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType, Decision, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.request import Request

__all__ = ["Change", "Kind", "Mismatch", "Replay", "replay"]

_ALLOW: Final = DecisionEffect.ALLOW
_READINGS: Final = (Reading(), Reading(allows=True), Reading(denies=True))


class Kind(StrEnum):
    """What the change does to a request; ``PERHAPS``: if a key the log does not tell fits."""

    DENIED = "would be denied"
    ALLOWED = "newly allowed"
    PERHAPS_DENIED = "perhaps denied"
    PERHAPS_ALLOWED = "perhaps allowed"


@dataclass(frozen=True, slots=True)
class Change:
    """One permission of one principal that the change gives or takes.

    ``because`` is the statement or the silent layer that is responsible; ``keys`` are context
    keys that nobody told and that could turn the verdict, ``gaps`` what of the request is guessed.
    """

    kind: Kind
    principal: str
    action: str
    resource: str
    tally: Tally
    because: str
    keys: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """True when everything that decides is known."""
        return not self.keys and not self.gaps


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Calls that AWS decided otherwise than the current estate says: a stale estate, or our bug."""

    observed: str
    principal: str
    action: str
    resource: str
    tally: Tally
    because: str
    keys: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """What came of it. ``broken`` and ``opened`` count events, each once."""

    changes: list[Change] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    requests: int = 0
    broken: int = 0
    opened: int = 0
    agreed: int = 0
    disagreed: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        """The changes of some kinds, the most frequent first."""
        found = [change for change in self.changes if change.kind in kinds]
        return sorted(found, key=lambda c: (-c.tally.count, c.principal, c.action, c.resource))


def replay(counted: Counted, current: Estate, proposed: Estate, catalog: Catalog) -> Replay:
    """Decide every kind of call in both estates; what changes, and where AWS differed.

    A call that AWS denied cannot be broken, one that it allowed cannot be opened.
    """
    before, after = (Engine(estate, catalog=catalog) for estate in (current, proposed))
    found, changes, mismatches = Replay(), _Changes(before, after), _Mismatches(before)
    for call, tallies in counted.calls:
        verdicts = [(before.decide(r) is _ALLOW, after.decide(r) is _ALLOW) for r in call.requests]
        found.requests += len(verdicts)
        was, will = (all(each) for each in zip(*verdicts, strict=True))
        could_break, could_open = Tally(), Tally()
        for tally in (tallies[Outcome.ALLOWED], tallies[Outcome.FAILED]):
            could_break.add(tally)
        for tally in (tallies[Outcome.DENIED], tallies[Outcome.FAILED]):
            could_open.add(tally)
        found.broken += could_break.count if was and not will else 0
        found.opened += could_open.count if will and not was else 0
        for request, (allowed, then) in zip(call.requests, verdicts, strict=True):
            changes.see(call, request, (allowed, then), could_break, could_open)
        expected = tallies[Outcome.ALLOWED if was else Outcome.DENIED]
        other = tallies[Outcome.DENIED if was else Outcome.ALLOWED]
        found.agreed += expected.count
        found.disagreed += other.count
        if other.count:
            blocked = next(
                (r for r, v in zip(call.requests, verdicts, strict=True) if not v[0]), None
            )
            mismatches.see(call, blocked or call.requests[0], was, other)
    found.changes, found.mismatches = changes.all(), mismatches.all()
    return found


class _Changes:
    """Changes by principal, action and resource; one decision of each is explained."""

    def __init__(self, before: Engine, after: Engine) -> None:
        self._before = before
        self._after = after
        self._found: dict[
            tuple[Kind, str, str, str], tuple[Tally, Request, set[str], set[str]]
        ] = {}

    def see(
        self,
        call: Call,
        request: Request,
        verdicts: tuple[bool, bool],
        could_break: Tally,
        could_open: Tally,
    ) -> None:
        kind = self._kind(request, verdicts)
        if kind is None:
            return
        tally = could_break if kind in {Kind.DENIED, Kind.PERHAPS_DENIED} else could_open
        if not tally.count:
            return
        key = (kind, _name(request), request.action, request.resource)
        known = self._found.setdefault(key, (Tally(), request, set(), set()))
        known[0].add(tally)
        known[2].update(self._keys(request))
        known[3].update(gap for gap in call.gaps if request.action in gap or "`" in gap)

    def _kind(self, request: Request, verdicts: tuple[bool, bool]) -> Kind | None:
        was, will = verdicts
        if was != will:
            return Kind.DENIED if was else Kind.ALLOWED
        before, after = _readings(self._before, request), _readings(self._after, request)
        if before == after:
            return None
        return Kind.PERHAPS_DENIED if was else Kind.PERHAPS_ALLOWED

    def _keys(self, request: Request) -> Iterable[str]:
        for engine in (self._before, self._after):
            if _settled(engine, request):
                continue
            yield from (each.key for each in engine.explain(request).undecided)

    def all(self) -> list[Change]:
        found = []
        for (kind, principal, action, resource), (
            tally,
            request,
            keys,
            gaps,
        ) in self._found.items():
            decision = self._after.explain(request)
            because = _because(decision)
            if kind in {Kind.PERHAPS_DENIED, Kind.PERHAPS_ALLOWED}:
                because = "; ".join(t for key in decision.undecided for t in key.tests) or because
            found.append(
                Change(
                    kind, principal, action, resource, tally, because,
                    tuple(sorted(keys)), tuple(sorted(gaps)),
                )
            )  # fmt: skip
        return found


class _Mismatches:
    """Where AWS and the estate disagree, by principal, action and resource."""

    def __init__(self, before: Engine) -> None:
        self._before = before
        self._found: dict[tuple[str, str, str, str], tuple[Tally, Request, Call]] = {}

    def see(self, call: Call, request: Request, was: bool, tally: Tally) -> None:  # noqa: FBT001
        observed = "denied" if was else "allowed"
        key = (observed, _name(request), request.action, request.resource)
        self._found.setdefault(key, (Tally(), request, call))[0].add(tally)

    def all(self) -> list[Mismatch]:
        found = []
        for (observed, principal, action, resource), (tally, request, call) in self._found.items():
            decision = self._before.explain(request)
            because = _because(decision)
            account = request.principal.account
            if account is not None and self._before.estate.account(account) is None:
                because = f"account {account} of the caller is not in the estate"
            keys = tuple(sorted(each.key for each in decision.undecided))
            found.append(
                Mismatch(observed, principal, action, resource, tally, because, keys, call.gaps)
            )
        return sorted(found, key=lambda m: (-m.tally.count, m.principal, m.action, m.resource))


def _readings(engine: Engine, request: Request) -> tuple[Any, ...]:
    """The verdicts that keys nobody told could make of a request."""
    given = request.resource_account
    if given is not None and given != (_owner(engine.estate, request) or request.principal.account):
        decision = engine.explain(request)
        return (decision.effect is _ALLOW, decision.undecided)
    found = engine.reading(
        engine.caller(request.principal),
        request.action.lower(),
        request.resource,
        engine.prepare(request.context),
        _READINGS[1:],
    )
    return tuple(effect is _ALLOW for effect in found)


def _settled(engine: Engine, request: Request) -> bool:
    """True when no key that is not told can turn the verdict; the compiled engine is quick."""
    found = _readings(engine, request)
    allowed = engine.decide(request) is _ALLOW
    return all(each is allowed for each in found)


def _owner(estate: Estate, request: Request) -> str | None:
    bare = Request(request.principal, request.action, request.resource)
    return account_of(estate, bare)


def _name(request: Request) -> str:
    """The caller as people know it: the role, not each of its sessions."""
    return request.principal.policy_subject or request.principal.display


def _because(decision: Decision) -> str:
    """The statement that decided, or the layer that is silent."""
    check = decision.stated
    if check is None:
        granting = {CheckType.RESOURCE, CheckType.PRINCIPAL}
        check = next((c for c in decision.checks if c.allows and c.type in granting), None)
        return f"{check.type.value}: {check.because}" if check else ""
    if check.denies:
        return f"{check.type.value}: {check.because}"
    return f"{check.type.value}: {check.because}" if not check.allows else check.type.value
