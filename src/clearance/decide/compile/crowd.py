"""One action and resource, all callers at once: ``combine`` on sets of callers.

Whatever many callers share is asked once: a policy by its holders, a condition by the values the
callers bring for its keys, a rule of AWS by kind of caller. Equal to asking one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from clearance.decide.combine import IDENTITY_SIDE, NO_IDENTITY, ORGANIZATION, remaining
from clearance.decide.compile.engine import Engine
from clearance.decide.compile.layers import CompiledLayer
from clearance.decide.compile.masks import Kind, Masks, bits, naming_masks
from clearance.decide.compile.outcome import ERROR, TRUE, UNKNOWN, UNTOLD, Known, Test, Values
from clearance.decide.compile.prepare import Facts, PreparedContext, Telling
from clearance.decide.compile.statements import ActionIndex, CompiledPolicy, CompiledStatement
from clearance.decide.judge import Reading
from clearance.decide.situation import Situation
from clearance.decide.special_cases import Exceptions, exceptions
from clearance.model.decision import CheckType, DecisionEffect, Naming
from clearance.model.principal import Principal

__all__ = ["Answer", "Crowd", "Question"]

OWN: Final = (CheckType.PRINCIPAL, CheckType.PERMISSIONS_BOUNDARY)


@dataclass(frozen=True, slots=True)
class Answer:
    """Who is allowed and who is denied explicitly; the rest is denied implicitly."""

    allowed: int
    denied: int

    def effect(self, place: int) -> DecisionEffect:
        """The verdict on one caller."""
        if self.allowed >> place & 1:
            return DecisionEffect.ALLOW
        explicit = self.denied >> place & 1
        return DecisionEffect.EXPLICIT_DENY if explicit else DecisionEffect.IMPLICIT_DENY


class Crowd:
    """Long-term identities of an estate, indexed by the policies they hold.

    ``principals`` are users, roles and root users, without sessions.
    """

    def __init__(self, engine: Engine, principals: Sequence[Principal]) -> None:
        self.engine = engine
        self.principals = principals
        self.callers = [engine.caller(principal) for principal in principals]
        self.masks = Masks(self.callers)
        holders: dict[CheckType, dict[int, tuple[CompiledPolicy, int]]] = {k: {} for k in OWN}
        self.broken: dict[CheckType, int] = dict.fromkeys(OWN, 0)
        for place, caller in enumerate(self.callers):
            for layer in caller.layers:
                if layer.type not in holders:
                    continue
                self.broken[layer.type] |= layer.broken << place
                table = holders[layer.type]
                for _, policy in layer.policies:
                    held = table.get(id(policy))
                    table[id(policy)] = (policy, (held[1] if held else 0) | 1 << place)
        self._held = {kind: _Held(table.values()) for kind, table in holders.items()}

    def held(self, kind: CheckType, action: str) -> Sequence[tuple[CompiledStatement, int]]:
        """What the callers' own policies say of an action, and who holds it."""
        return self._held[kind].covering(action)

    def matrix(
        self, action: str, resources: Iterable[str], prepared: PreparedContext
    ) -> tuple[Answer, ...]:
        """One action by every caller on every resource."""
        question = Question(self, action.lower(), prepared)
        return tuple(question.ask(resource) for resource in resources)


class _Held:
    """Policies of one layer with their holders, by action."""

    def __init__(self, policies: Iterable[tuple[CompiledPolicy, int]]) -> None:
        self._places = [
            (policy, place, holders)
            for policy, holders in policies
            for place in range(len(policy.policy.statements))
        ]
        self._index = ActionIndex([p.policy.statements[place] for p, place, _ in self._places])
        self._found: dict[str, tuple[tuple[CompiledStatement, int], ...]] = {}

    def covering(self, action: str) -> tuple[tuple[CompiledStatement, int], ...]:
        found = self._found.get(action)
        if found is None:
            merged: dict[tuple[object, ...], tuple[CompiledStatement, int]] = {}
            for at in self._index.covering(action):
                policy, place, holders = self._places[at]
                compiled = policy.statement(place)
                same = merged.setdefault(compiled.sameness, (compiled, 0))
                merged[compiled.sameness] = (same[0], same[1] | holders)
            found = self._found[action] = tuple(merged.values())
        return found


class _Rules:
    """Statements of one layer by where they apply, so that a resource asks few of them."""

    def __init__(self, statements: Iterable[tuple[CompiledStatement, int]]) -> None:
        self.anywhere: list[tuple[CompiledStatement, int]] = []
        self.patterns: list[tuple[CompiledStatement, int]] = []
        self.literal: dict[str, list[tuple[CompiledStatement, int]]] = {}
        keys: set[str] = set()
        for compiled, holders in statements:
            if compiled.anywhere:
                self.anywhere.append((compiled, holders))
                keys |= compiled.keys
            elif compiled.literals is not None:
                for text in compiled.literals:
                    self.literal.setdefault(text, []).append((compiled, holders))
            else:
                self.patterns.append((compiled, holders))
        self.keys = tuple(sorted(keys))


class Question:
    """One action in one context, for any number of resources.

    ``reading``: how unknown keys are read; without it they are absent, as in a decision.
    ``doubts``, when given, collects who hangs on which statement of unknown outcome.
    """

    def __init__(
        self,
        crowd: Crowd,
        action: str,
        prepared: PreparedContext,
        reading: Reading | None = None,
        doubts: dict[CompiledStatement, int] | None = None,
    ) -> None:
        self.crowd = crowd
        self.action = action
        self.prepared = prepared
        self.reading = reading
        self.doubts = doubts
        self._rules = {kind: _Rules(crowd.held(kind, action)) for kind in OWN}
        self._truths: dict[tuple[object, ...], tuple[int, int, int]] = {}
        self._folded: dict[tuple[object, ...], tuple[int, int]] = {}

    def ask(self, resource: str) -> Answer:
        """Every caller on one resource."""
        engine, masks = self.crowd.engine, self.crowd.masks
        allowed = denied = 0
        own: dict[CheckType, tuple[int, int]] | None = None
        facts: Facts | None = None
        for kind in masks.kinds:
            situation, layers = engine.situate(kind.caller, self.action, resource, self.prepared)
            if engine.has_grants(situation):
                answer = self._one_by_one(resource, kind.mask)
            else:
                about = engine.facts_about(situation)
                if own is None or about is not facts:
                    own = {layer: self._own(layer, situation, about) for layer in OWN}
                    facts = about
                answer = self._of_kind(kind, situation, layers, own, about)
            allowed |= answer.allowed
            denied |= answer.denied
        return self._assuming_itself(resource, Answer(allowed, denied))

    def _assuming_itself(self, resource: str, answer: Answer) -> Answer:
        """R93 speaks of one role, not of a kind of caller."""
        engine = self.crowd.engine
        if not engine.options.self_trust:
            return answer
        itself = sum(
            1 << place
            for place, caller in enumerate(self.crowd.callers)
            if caller.principal.role_arn == resource
        )
        alone = self._one_by_one(resource, itself)
        return Answer(
            (answer.allowed & ~itself) | alone.allowed, (answer.denied & ~itself) | alone.denied
        )

    def _one_by_one(self, resource: str, mask: int) -> Answer:
        engine, allowed, denied = self.crowd.engine, 0, 0
        for place in bits(mask):
            caller = self.crowd.callers[place]
            if self.reading is None:
                effect = engine.decide_prepared(caller, self.action, resource, self.prepared)
            else:
                (effect,) = engine.reading(
                    caller, self.action, resource, self.prepared, (self.reading,)
                )
            allowed |= (effect is DecisionEffect.ALLOW) << place
            denied |= (effect is DecisionEffect.EXPLICIT_DENY) << place
        return Answer(allowed, denied)

    def _of_kind(
        self,
        kind: Kind,
        situation: Situation,
        layers: Sequence[CompiledLayer],
        own: Mapping[CheckType, tuple[int, int]],
        about: Facts,
    ) -> Answer:
        special, who = exceptions(situation), kind.mask
        if special.always is not None:
            everyone = {DecisionEffect.ALLOW: (who, 0), DecisionEffect.EXPLICIT_DENY: (0, who)}
            return Answer(*everyone.get(special.always, (0, 0)))
        denied, open_ = 0, who
        resource_allows: list[tuple[Naming | None, int]] = []
        for layer in layers:
            if layer.type in OWN:
                continue
            deniable = layer.type not in special.cannot_deny
            allows, denies = self._shared(layer, situation, about, who)
            if deniable:
                denied |= denies
                open_ = 0 if layer.broken else open_
            if layer.type is CheckType.RESOURCE:
                resource_allows = allows
            elif layer.type in ORGANIZATION and layer.type not in special.always_allow:
                level = 0
                for _, mask in allows:
                    level |= mask
                open_ &= level
        for layer_type in OWN:
            if layer_type not in special.cannot_deny:
                denied |= own[layer_type][1] & who
                open_ &= ~self.crowd.broken[layer_type]
        granted = self._granted(situation, special, own, resource_allows, who)
        return Answer(open_ & granted & ~denied, denied)

    def _granted(
        self,
        situation: Situation,
        special: Exceptions,
        own: Mapping[CheckType, tuple[int, int]],
        resource_allows: Sequence[tuple[Naming | None, int]],
        who: int,
    ) -> int:
        """Who has some way to be granted access: ``combine._needed``."""
        resource = 0
        for _, mask in resource_allows:
            resource |= mask
        allows = {
            CheckType.RESOURCE: resource,
            CheckType.PRINCIPAL: own[CheckType.PRINCIPAL][0],
            # Who has no boundary is not held by one.
            CheckType.PERMISSIONS_BOUNDARY: own[CheckType.PERMISSIONS_BOUNDARY][0]
            | ~self.crowd.masks.bounded,
        }

        def through(needed: frozenset[CheckType]) -> int:
            found = who
            for kind in needed - special.always_allow:
                found &= allows.get(kind, -1)
            return found

        if situation.request.principal.kind in NO_IDENTITY:
            return through(frozenset({CheckType.RESOURCE}))
        if not situation.same_account:
            return through(IDENTITY_SIDE | {CheckType.RESOURCE})
        granted = through(IDENTITY_SIDE | special.mandatory)
        for naming, mask in resource_allows:
            granted |= mask & through(remaining(naming, special) - {CheckType.RESOURCE})
        return granted

    def _own(self, kind: CheckType, situation: Situation, about: Facts) -> tuple[int, int]:
        """Who has an Allow and who a Deny in the policies they hold."""
        rules, resource = self._rules[kind], situation.request.resource
        key = (kind, *(_told(about, name) for name in rules.keys))
        folded = self._folded.get(key)
        if folded is None:
            folded = self._folded[key] = self._sum(rules.anywhere, resource, about)
        allows, denies = folded
        here = rules.literal.get(resource, ())
        for statements in (here, rules.patterns):
            more = self._sum(statements, resource, about)
            allows, denies = allows | more[0], denies | more[1]
        return allows, denies

    def _sum(
        self, statements: Iterable[tuple[CompiledStatement, int]], resource: str, about: Facts
    ) -> tuple[int, int]:
        allows = denies = 0
        for compiled, holders in statements:
            residue = compiled.residue(resource)
            if residue is None:
                continue
            mask = holders
            if residue:
                mask &= self._counting(compiled, residue, resource, about, holders)
            if compiled.allow:
                allows |= mask
            else:
                denies |= mask
        return allows, denies

    def _shared(
        self, layer: CompiledLayer, situation: Situation, about: Facts, who: int
    ) -> tuple[list[tuple[Naming | None, int]], int]:
        """Allows by how they name whom, and whom a Deny meets, in a layer all have in common."""
        allows: list[tuple[Naming | None, int]] = []
        denies = 0
        resource = situation.request.resource
        for _, compiled in layer.covering(self.action):
            residue = compiled.residue(resource)
            if residue is None:
                continue
            named = naming_masks(self.crowd.masks, compiled.statement, situation, who)
            around = 0
            for _, mask in named:
                around |= mask
            met = around
            if residue and met:
                met = self._counting(compiled, residue, resource, about, met)
            if not compiled.allow:
                denies |= met & around
            else:
                allows += ((naming, mask & met) for naming, mask in named if mask & met)
        return allows, denies

    def _counting(
        self,
        compiled: CompiledStatement,
        residue: tuple[Test, ...],
        resource: str,
        about: Facts,
        who: int,
    ) -> int:
        """The callers for whom the statement counts, of all callers."""
        fixed = residue is compiled.tests
        key = (
            compiled,
            None if fixed else resource,
            *(_told(about, name) for name in compiled.sorted_keys),
        )
        found = self._truths.get(key)
        if found is None:
            found = self._truths[key] = self._truth(compiled, residue, about)
        true, unknown, error = found
        if self.doubts is not None and unknown & who:
            self.doubts[compiled] = self.doubts.get(compiled, 0) | (unknown & who)
        if not compiled.allow:
            true |= error
        if self.reading is not None:
            counts = self.reading.allows if compiled.allow else self.reading.denies
            true |= unknown if counts else 0
        return true

    def _truth(
        self, compiled: CompiledStatement, residue: tuple[Test, ...], about: Facts
    ) -> tuple[int, int, int]:
        """Callers for whom the tests say TRUE, UNKNOWN and ERROR."""
        masks = self.crowd.masks
        sums = [0, 0, 0, 0]
        keys = masks.own(compiled.keys - frozenset(self.prepared.sent))
        for values, who in masks.parts(keys):
            known = self._known(dict(zip(keys, values, strict=True)), about)
            sent = self.prepared.sent if self.reading is None else {}
            outcome = min(test(sent, known) for test in residue)
            sums[outcome] |= who
        return sums[TRUE], sums[UNKNOWN], sums[ERROR]

    def _known(self, brought: Mapping[str, Values], about: Facts) -> Known:
        told = {key: values for key, values in brought.items() if values is not UNTOLD}
        if self.reading is None:
            return {**about.values, **told}
        present = {key: values for key, values in told.items() if values is not None}
        absent = frozenset(key for key, values in told.items() if values is None)
        facts = Facts(present, absent)
        return Telling(self.prepared, self.crowd.engine.estate, facts, about)


def _told(about: Facts, key: str) -> object:
    if key in about.values:
        return about.values[key]
    return key in about.absent or key.partition("/")[0] + "/" in about.absent
