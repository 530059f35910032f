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
from clearance.decide.compile.masks import Kind, Masks, bits, mask_of, naming_masks
from clearance.decide.compile.outcome import ERROR, TRUE, UNKNOWN, UNTOLD, Known, Test, Values
from clearance.decide.compile.prepare import Facts, PreparedContext, Telling
from clearance.decide.compile.rules import Held, Rule, Rules
from clearance.decide.compile.statements import CompiledPolicy, CompiledStatement
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
        holders: dict[CheckType, dict[int, tuple[CompiledPolicy, list[int]]]] = {k: {} for k in OWN}
        self.broken: dict[CheckType, int] = dict.fromkeys(OWN, 0)
        for place, caller in enumerate(self.callers):
            for layer in caller.layers:
                if layer.type not in holders:
                    continue
                if layer.broken:
                    self.broken[layer.type] |= 1 << place
                table = holders[layer.type]
                for _, policy in layer.policies:
                    table.setdefault(id(policy), (policy, []))[1].append(place)
        self._memory: tuple[PreparedContext | None, dict[tuple[object, ...], _Truth]] = (None, {})
        self._held = {
            kind: Held((policy, mask_of(places)) for policy, places in table.values())
            for kind, table in holders.items()
        }

    def held(self, kind: CheckType, action: str) -> Rules:
        """What the callers' own policies say of an action, and who holds it."""
        return self._held[kind].covering(action)

    def memory(self, prepared: PreparedContext) -> dict[tuple[object, ...], _Truth]:
        """What tests said in this context; kept until another context is asked about."""
        if self._memory[0] is not prepared:
            self._memory = (prepared, {})
        return self._memory[1]

    def matrix(
        self, action: str, resources: Iterable[str], prepared: PreparedContext
    ) -> tuple[Answer, ...]:
        """One action by every caller on every resource."""
        question = Question(self, action.lower(), prepared)
        return tuple(question.ask(resource) for resource in resources)


class Question:
    """One action in one context, for any number of resources.

    ``explicit``: tell who is denied explicitly; without it only who is allowed. ``doubts``, when
    given, collects who hangs on which statement of unknown outcome.
    """

    def __init__(
        self,
        crowd: Crowd,
        action: str,
        prepared: PreparedContext,
        *,
        explicit: bool = True,
        doubts: dict[CompiledStatement, int] | None = None,
    ) -> None:
        self.crowd = crowd
        self.action = action
        self.prepared = prepared
        self.explicit = explicit
        self.doubts = doubts
        self._reading: Reading | None = None
        self._rules = {kind: crowd.held(kind, action) for kind in OWN}
        self._truths = crowd.memory(prepared)
        self._folded: dict[tuple[object, ...], tuple[int, int]] = {}

    def ask(self, resource: str, reading: Reading | None = None) -> Answer:
        """Every caller on one resource.

        ``reading``: how unknown keys are read; without it they are absent, as in a decision.
        """
        self._reading = reading
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
            if self._reading is None:
                effect = engine.decide_prepared(caller, self.action, resource, self.prepared)
            else:
                (effect,) = engine.reading(
                    caller, self.action, resource, self.prepared, (self._reading,)
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
        shared = {layer.type: layer for layer in layers if layer.type not in OWN}
        by_resource, denied = self._shared(shared[CheckType.RESOURCE], situation, about, who)
        open_ = who & self._granted(situation, special, own, by_resource, who)
        if CheckType.RESOURCE in special.cannot_deny:
            denied = 0
        for layer_type in OWN:
            if layer_type not in special.cannot_deny:
                denied |= own[layer_type][1] & who
                open_ &= ~self.crowd.broken[layer_type]
        for layer in layers:
            if layer.type not in special.cannot_deny and layer.type not in OWN and layer.broken:
                open_ = 0
            if layer.type not in ORGANIZATION:
                continue
            asked = who if self.explicit else open_ & ~denied
            allows, denies = self._shared(layer, situation, about, asked)
            if layer.type not in special.cannot_deny:
                denied |= denies
            if layer.type not in special.always_allow:
                open_ &= _union(mask for _, mask in allows)
        return Answer(open_ & ~denied, denied)

    def _granted(
        self,
        situation: Situation,
        special: Exceptions,
        own: Mapping[CheckType, tuple[int, int]],
        resource_allows: Sequence[tuple[Naming | None, int]],
        who: int,
    ) -> int:
        """Who has some way to be granted access: ``combine._needed``."""
        allows = {
            CheckType.RESOURCE: _union(mask for _, mask in resource_allows),
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
        key = (kind, self._reading, *(_told(about, name) for name in rules.keys))
        folded = self._folded.get(key)
        if folded is None or self.doubts is not None:
            folded = self._folded[key] = self._sum(rules.anywhere, resource, about)
        allows, denies = folded
        for rules_of, whole in ((rules.naming(resource), True), (rules.about(resource), False)):
            more = self._sum(rules_of, resource, about, whole=whole)
            allows, denies = allows | more[0], denies | more[1]
        return allows, denies

    def _sum(
        self, rules: Iterable[Rule], resource: str, about: Facts, *, whole: bool = False
    ) -> tuple[int, int]:
        """``whole``: the rules are known to speak of the resource."""
        allows = denies = 0
        for rule in rules:
            compiled, holders = rule.compiled, rule.holders
            residue = compiled.tests if whole else compiled.residue(resource)
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
        resource, strict = situation.request.resource, situation.options.strict_not_principal
        for _, compiled in layer.covering(self.action):
            residue = compiled.residue(resource)
            if residue is None:
                continue
            named = naming_masks(self.crowd.masks, compiled.statement, who, strict=strict)
            met = around = _union(mask for _, mask in named)
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
        key = (
            compiled,
            self._reading is None,
            None if residue is compiled.tests else resource,
            *(_told(about, name) for name in compiled.sorted_keys),
        )
        truth = self._truths.get(key)
        if truth is None:
            truth = self._truths[key] = _Truth()
        if who & ~truth.asked:
            self._learn(truth, compiled, residue, about, who)
        counts = truth.sums[TRUE]
        unknown = truth.sums[UNKNOWN]
        if self.doubts is not None and unknown & who:
            self.doubts[compiled] = self.doubts.get(compiled, 0) | (unknown & who)
        if not compiled.allow:
            counts |= truth.sums[ERROR]
        if self._reading is not None:
            read = self._reading.allows if compiled.allow else self._reading.denies
            counts |= unknown if read else 0
        return counts

    def _learn(
        self,
        truth: _Truth,
        compiled: CompiledStatement,
        residue: tuple[Test, ...],
        about: Facts,
        who: int,
    ) -> None:
        """Ask the tests for the callers who were not asked about yet."""
        masks, sent = self.crowd.masks, self.prepared.sent
        keys = masks.own(compiled.keys - frozenset(sent))
        base: Known = about.values
        if self._reading is not None:
            base, sent = Telling(self.prepared, self.crowd.engine.estate, about), {}
        for values, part in masks.parts(keys):
            if not part & who & ~truth.asked:
                continue
            brought = {k: v for k, v in zip(keys, values, strict=True) if v is not UNTOLD}
            known = _Brought(brought, base) if brought else base
            outcome = min(test(sent, known) for test in residue)
            truth.sums[outcome] |= part
            truth.asked |= part


class _Truth:
    """Callers by what a statement's tests say of them, as far as they were asked about."""

    __slots__ = ("asked", "sums")

    def __init__(self) -> None:
        self.asked = 0
        self.sums = [0, 0, 0, 0]


class _Brought:
    """What a caller brings, before what is known without it."""

    __slots__ = ("_base", "_brought")

    def __init__(self, brought: Mapping[str, Values], base: Known) -> None:
        self._brought = brought
        self._base = base

    def get(self, key: str, /) -> Values:
        brought = self._brought
        return brought[key] if key in brought else self._base.get(key)


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _told(about: Facts, key: str) -> object:
    if key in about.values:
        return about.values[key]
    return key in about.absent or key.partition("/")[0] + "/" in about.absent
