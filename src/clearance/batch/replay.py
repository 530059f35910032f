"""What a change would have done: the calls about which there is news, explained and summed up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from clearance.batch.decider import Decider
from clearance.batch.requests import Call, Outcome
from clearance.batch.sights import Sight, Sights
from clearance.batch.tally import Tally
from clearance.batch.units import Columns
from clearance.batch.work import at_work
from clearance.decide.compile import Engine
from clearance.decide.judge import Reading
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType, Decision, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.request import Request

__all__ = ["Change", "Kind", "Mismatch", "Replay", "explained", "replay"]

_ALLOW: Final = DecisionEffect.ALLOW
_READINGS: Final = (Reading(allows=True), Reading(denies=True))


class Kind(StrEnum):
    """What the change does to a request; ``PERHAPS``: if a key the log does not tell fits."""

    DENIED = "would be denied"
    ALLOWED = "newly allowed"
    PERHAPS_DENIED = "perhaps denied"
    PERHAPS_ALLOWED = "perhaps allowed"


_BREAKS: Final = frozenset({Kind.DENIED, Kind.PERHAPS_DENIED})


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
    broken: int = 0
    opened: int = 0
    agreed: int = 0
    disagreed: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        """The changes of some kinds, the most frequent first."""
        found = [change for change in self.changes if change.kind in kinds]
        return sorted(found, key=lambda c: (-c.tally.count, c.principal, c.action, c.resource))


def replay(
    units: Iterable[Columns], current: Estate, proposed: Estate, catalog: Catalog
) -> tuple[Sights, Replay]:
    """Decide every row of some units in both estates, and say what differs."""
    decider, sights = Decider(current, proposed, catalog), Sights()
    for unit in units:
        sights.add(decider, decider.decide(unit))
    return sights, explained(sights, decider)


@at_work()
def explained(sights: Sights, decider: Decider) -> Replay:
    """The news in words: by principal, action and resource, with what is responsible.

    A call that AWS denied cannot be broken, one that it allowed cannot be opened.
    """
    found = Replay(
        broken=sights.broken,
        opened=sights.opened,
        agreed=sights.agreed,
        disagreed=sights.disagreed,
    )
    changes, mismatches = _Changes(decider), _Mismatches(decider)
    for sight in sights.seen():
        call = decider.mapper.fresh(sight.row)
        assert isinstance(call, Call)  # noqa: S101 - only what was decided is seen
        changes.see(call, sight)
        mismatches.see(call, sight)
    found.changes, found.mismatches = changes.all(), mismatches.all()
    return found


class _Reasons:
    """Why requests are decided as they are; those of one class and caller have one reason."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._decisions: dict[tuple[object, ...], Decision] = {}
        self._texts: dict[int, str] = {}

    def of(self, sight: Sight, place: int, request: Request) -> Decision:
        """The decision on a request with its checks."""
        key = (id(sight.klass), place, id(request.principal), request.action)
        found = self._decisions.get(key)
        if found is None:
            found = self._decisions[key] = self._engine.explain(request)
        return found

    def because(self, decision: Decision) -> str:
        """What is responsible for one of its decisions; said once."""
        found = self._texts.get(id(decision))
        if found is None:
            found = self._texts[id(decision)] = _because(decision)
        return found

    def settled(self, request: Request) -> bool:
        """True when no key that is not told can turn the verdict; the compiled engine is quick."""
        engine = self._engine
        found = engine.reading(
            engine.caller(request.principal),
            request.action.lower(),
            request.resource,
            engine.prepare(request.context),
            _READINGS,
            request.resource_account,
        )
        allowed = engine.decide(request) is _ALLOW
        return all((effect is _ALLOW) is allowed for effect in found)


class _Changes:
    """Changes by principal, action and resource."""

    def __init__(self, decider: Decider) -> None:
        planner = decider.planner
        self._reasons = _Reasons(planner.before), _Reasons(planner.after)
        self._keys: dict[tuple[int, int], tuple[str, ...]] = {}
        self._kinds: dict[int, tuple[Kind | None, ...]] = {}
        self._found: dict[tuple[Kind, str, str, str], Change] = {}

    def see(self, call: Call, sight: Sight) -> None:
        """Take a call apart into what changes."""
        kinds = self._kinds.get(id(sight.klass))
        if kinds is None:
            kinds = self._kinds[id(sight.klass)] = tuple(map(_kind, sight.klass.verdicts))
        for place, (request, kind) in enumerate(zip(call.requests, kinds, strict=True)):
            if kind is None:
                continue
            other = Outcome.DENIED if kind in _BREAKS else Outcome.ALLOWED
            seen = [
                tally
                for outcome, tally in enumerate(sight.tallies)
                if tally.count and outcome != other
            ]
            if not seen:
                continue
            key = (kind, _name(request), request.action, request.resource)
            change = self._found.get(key)
            if change is None:
                because = self._because(kind, sight, place, request)
                change = self._found[key] = Change(*key, Tally(), because)
            for tally in seen:
                change.tally.add(tally)
            keys = set(self._open(sight, place, request)).difference(change.keys)
            gaps = {gap for gap in call.gaps if request.action in gap or "`" in gap}
            gaps.difference_update(change.gaps)
            if keys or gaps:
                self._found[key] = replace(
                    change,
                    keys=tuple(sorted(keys.union(change.keys))),
                    gaps=tuple(sorted(gaps.union(change.gaps))),
                )

    def _because(self, kind: Kind, sight: Sight, place: int, request: Request) -> str:
        """What is responsible for a change; it is that of all under its name."""
        decision = self._reasons[1].of(sight, place, request)
        because = self._reasons[1].because(decision)
        if kind in {Kind.PERHAPS_DENIED, Kind.PERHAPS_ALLOWED}:
            return "; ".join(t for key in decision.undecided for t in key.tests) or because
        return because

    def _open(self, sight: Sight, place: int, request: Request) -> tuple[str, ...]:
        """Keys that nobody told and that could turn the verdict in one of the estates."""
        key = (id(sight.klass), place)
        found = self._keys.get(key)
        if found is None:
            keys = {
                each.key
                for reasons in self._reasons
                if not reasons.settled(request)
                for each in reasons.of(sight, place, request).undecided
            }
            found = self._keys[key] = tuple(keys)
        return found

    def all(self) -> list[Change]:
        """Each change with what is responsible."""
        return list(self._found.values())


def _kind(verdict: tuple[bool, bool, bool]) -> Kind | None:
    was, will, perhaps = verdict
    if was != will:
        return Kind.DENIED if was else Kind.ALLOWED
    if not perhaps:
        return None
    return Kind.PERHAPS_DENIED if was else Kind.PERHAPS_ALLOWED


class _Mismatches:
    """Where AWS and the current estate disagree, by principal, action and resource."""

    def __init__(self, decider: Decider) -> None:
        self._reasons = _Reasons(decider.planner.before)
        self._estate = decider.planner.before.estate
        self._found: dict[tuple[str, str, str, str], Mismatch] = {}

    def see(self, call: Call, sight: Sight) -> None:
        """Note a call that AWS decided otherwise."""
        was = sight.klass.was
        other = sight.tallies[Outcome.DENIED if was else Outcome.ALLOWED]
        if not other.count:
            return
        denied = (n for n, verdict in enumerate(sight.klass.verdicts) if not verdict[0])
        place = next(denied, 0)
        request = call.requests[place]
        observed = "denied" if was else "allowed"
        key = (observed, _name(request), request.action, request.resource)
        found = self._found.get(key)
        if found is None:
            decision = self._reasons.of(sight, place, request)
            keys = tuple(sorted(each.key for each in decision.undecided))
            because = self._because(decision, request)
            found = self._found[key] = Mismatch(*key, Tally(), because, keys, call.gaps)
        found.tally.add(other)

    def _because(self, decision: Decision, request: Request) -> str:
        account = request.principal.account
        if account is not None and self._estate.account(account) is None:
            return f"account {account} of the caller is not in the estate"
        return self._reasons.because(decision)

    def all(self) -> list[Mismatch]:
        """The mismatches, the most frequent first."""
        found = self._found.values()
        return sorted(found, key=lambda m: (-m.tally.count, m.principal, m.action, m.resource))


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
