"""The least policies for what somebody used, each used request decided again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from clearance.batch.privilege import standing
from clearance.batch.privilege.alike import Alike
from clearance.batch.privilege.generalize import Level, exactly, generalized
from clearance.batch.privilege.shape import VERSION, Form, Granted, packed, statements_of
from clearance.batch.privilege.use import CONSTANT, Use, Used
from clearance.batch.shapes import Shapes
from clearance.decide.attach import attach
from clearance.decide.compile import Engine
from clearance.decide.judge import Reading, judge
from clearance.decide.situation import Layer
from clearance.match.action import covers
from clearance.match.statement import examine
from clearance.match.truth import Truth
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, Condition, Policy, PolicyType, Statement
from clearance.model.request import Request
from clearance.parse.render import render
from clearance.prove import World, within

__all__ = ["Conditions", "Options", "Proposal", "Proposer"]

_ALLOW: Final = DecisionEffect.ALLOW
ENOUGH: Final = 10  # calls before a value that never changed is called constant
FEW: Final = 3  # values a constant may have
# A pattern that would allow more than is allowed now gives way to the next finer one.
_DOWN: Final = {
    Level.RESOURCE: (Level.RESOURCE,),
    Level.PREFIX: (Level.PREFIX,),
    Level.TYPE: (Level.TYPE, Level.PREFIX),
}
_COARSER: Final = {Level.RESOURCE: Level.PREFIX, Level.PREFIX: Level.TYPE}


class Conditions:
    """Which conditions are written: none, those in force, or also what never varied."""

    NONE: Final = "none"
    KEPT: Final = "kept"
    OBSERVED: Final = "observed"


@dataclass(frozen=True, slots=True)
class Options:
    """How policies are made.

    ``keep`` are patterns of actions that stay as they are, ``since`` when the window begins.
    """

    level: Level = Level.PREFIX
    form: Form = Form.MANAGED
    conditions: str = Conditions.KEPT
    keep: tuple[str, ...] = ()
    since: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Policies for one user or role.

    ``verified`` requests were decided with the new policies and are allowed as before; ``open``
    ones hang on what the log does not tell, or are denied in the estate before as after, though AWS
    allowed them; ``failed`` must be none. ``unneeded``
    were allowed without any policy of the principal's own.
    """

    principal: str
    policies: tuple[Policy, ...]
    level: Level
    fits: bool
    uses: tuple[Use, ...]
    verified: int
    open: tuple[Request, ...] = ()
    failed: tuple[Request, ...] = ()
    unneeded: int = 0
    before: tuple[AttachedPolicy, ...] = ()
    former: tuple[Use, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[AttachedPolicy, ...]:
        """The policies in force, less those that the estate does not hold or that are broken."""
        return tuple(policy for policy in self.before if policy.error is None)

    @property
    def texts(self) -> tuple[str, ...]:
        """The policies as JSON."""
        return tuple(render(policy) for policy in self.policies)

    @property
    def attached(self) -> tuple[AttachedPolicy, ...]:
        """The policies as an engine takes them."""
        return tuple(
            attach(text, PolicyType.IDENTITY, f"learned-{number}", to=self.principal)
            for number, text in enumerate(self.texts, 1)
        )


@dataclass
class Proposer:
    """Proposes for one principal after the other. Without an estate only use counts."""

    estate: Estate | None
    catalog: Catalog
    options: Options = field(default_factory=Options)
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self._held = self.estate or Estate()
        self._engine = Engine(self._held, catalog=self.catalog)
        self._shapes = Shapes(self._held)
        self._known: dict[Granted, bool] = {}  # of the principal at hand

    def propose(self, used: Used) -> Proposal:
        """The least policies for a user or role; coarser than asked where IAM's limits want it."""
        arn = used.principal
        self._known.clear()
        everything = self._before(arn)
        before = tuple(policy for policy in everything if policy.error is None)
        uses, unneeded = self._needing(arn, used.uses)
        level, wanted = self.options.level, self.options.level
        while True:
            policies, fits = self._made(arn, before, uses, level)
            if fits or level not in _COARSER:
                break
            level = _COARSER[level]
        notes = [f"{p.name} cannot be read: {p.error}" for p in everything if p.error is not None]
        notes += self._notes(arn, before, uses)
        if level is not wanted:
            notes.append(f"by {wanted.value} it would not fit IAM's limits: made by {level.value}")
        if not fits:
            notes.append("more than IAM takes for one principal: split the work among several")
        found = Proposal(
            arn, policies, level, fits, uses, 0, unneeded=unneeded, before=everything,
            former=tuple(used.former), notes=tuple(notes),
        )  # fmt: skip
        return self._verified(found)

    def _before(self, arn: str) -> tuple[AttachedPolicy, ...]:
        return () if self.estate is None else standing.current(self.estate, arn)

    def _needing(self, arn: str, uses: Iterable[Use]) -> tuple[tuple[Use, ...], int]:
        """The uses that rest on the principal's own policies; others grant the rest."""
        engine = self._asked(standing.bare(self._held, arn), arn)
        found, number = [], 0
        for use in uses:
            if engine.decide(use.request) is _ALLOW:
                number += 1
            else:
                found.append(use)
        return tuple(found), number

    def _asked(self, estate: Estate, whom: str) -> Alike:
        """An estate ready to be asked about one user or role, whose policies are new in it."""
        engine = Engine(estate, catalog=self.catalog)
        return Alike(engine, self._shapes, whom)

    def _made(
        self, arn: str, before: tuple[AttachedPolicy, ...], uses: tuple[Use, ...], level: Level
    ) -> tuple[tuple[Policy, ...], bool]:
        allows = standing.allowing(before)
        told = [use for use in uses if use.told or not self._covered(allows, use.request.action)]
        blind = {use.request.action for use in uses} - {use.request.action for use in told}
        blind |= {use.request.action for use in uses if not use.told}
        pairs = [(use.request.action, use.request.resource) for use in told]
        ladder = [generalized(pairs, each, self.catalog) for each in _DOWN[level]]
        constants = self._constants(uses)
        granted: dict[Granted, None] = {}
        covering = {
            action: tuple((p, s) for p, s in allows if covers(s, action))
            for action in {use.request.action for use in told}
        }
        for use in told:
            action, resource = use.request.action, use.request.resource
            conditions = self._kept(covering[action], use.request)
            keys = {condition.key.lower() for condition in conditions}
            more = (c for c in constants.get(action, ()) if c.key.lower() not in keys)
            exact = Granted(action, exactly(resource), (*conditions, *more))
            wider = (replace(exact, pattern=patterns[action, resource]) for patterns in ladder)
            granted[next((w for w in wider if w == exact or self._holds(before, w)), exact)] = None
        kept = [*blind, *self._dependent(uses), *self.options.keep]
        asis = standing.restricted(allows, kept, self.catalog)
        denies = standing.denying(before)
        kind = Arn.of(arn).kind
        statements = (*statements_of(_plain(granted)), *asis, *denies)
        return packed(tuple(dict.fromkeys(statements)), self.options.form, kind)

    def _holds(self, before: tuple[AttachedPolicy, ...], wide: Granted) -> bool:
        """Whether a pattern allows only what is allowed now; without an estate nobody can tell."""
        if not before:
            return True
        if wide not in self._known:
            one = Policy((wide.statement,), VERSION)
            self._known[wide] = within(one, before, self.world).proven
        return self._known[wide]

    @staticmethod
    def _covered(allows: Iterable[tuple[AttachedPolicy, Statement]], action: str) -> bool:
        return any(covers(statement, action) for _, statement in allows)

    def _dependent(self, uses: Iterable[Use]) -> tuple[str, ...]:
        """Actions that AWS says a used one may need besides, and that were not seen themselves."""
        actions = {use.request.action for use in uses}
        facts = (self.catalog.action(action) for action in sorted(actions))
        needed = (a for each in facts if each for a in each.dependent_actions)
        lower = {action.lower() for action in actions}
        return tuple(a for a in dict.fromkeys(needed) if a.lower() not in lower)

    def _kept(
        self, covering: tuple[tuple[AttachedPolicy, Statement], ...], request: Request
    ) -> tuple[Condition, ...]:
        """The conditions under which a request is allowed now, by statements for its action."""
        if self.options.conditions == Conditions.NONE:
            return ()
        if not any(statement.conditions for _, statement in covering):
            return ()
        perhaps: tuple[Condition, ...] = ()
        sure: tuple[Condition, ...] | None = None
        for policy, statement in covering:
            truth = examine(policy.policy, statement, request).truth
            if truth is Truth.TRUE:
                if not statement.conditions:
                    return ()
                sure = sure or statement.conditions
            elif truth is Truth.UNKNOWN:
                perhaps = perhaps or statement.conditions
        return sure or perhaps

    def _constants(self, uses: tuple[Use, ...]) -> Mapping[str, tuple[Condition, ...]]:
        """By action: conditions on keys that always had one of the same few values."""
        if self.options.conditions != Conditions.OBSERVED:
            return {}
        own: dict[str, list[Use]] = defaultdict(list)
        for use in uses:
            own[use.request.action].append(use)
        found: dict[str, list[Condition]] = defaultdict(list)
        for key in CONSTANT:
            groups = own if not key.startswith("aws:") else {"": list(uses)}
            for action, group in groups.items():
                values = _constant(key, group)
                if values is None:
                    continue
                for each in own if action == "" else (action,):
                    found[each].append(Condition("StringEquals", key, values))
        return {action: tuple(each) for action, each in found.items()}

    def _notes(
        self, arn: str, before: tuple[AttachedPolicy, ...], uses: tuple[Use, ...]
    ) -> Iterable[str]:
        allows = standing.allowing(before)
        for action in sorted({use.request.action for use in uses if not use.told}):
            if self._covered(allows, action):
                yield f"{action}: the log does not tell on what; its resources stay as they are"
            else:
                yield f"{action}: the log does not tell on what; allowed on *"
        dependent = self._dependent(uses)
        held = [action for action in dependent if self._covered(allows, action)]
        if held:
            yield f"not seen, but needed by what was: {', '.join(held)}; kept as they are"
        if self.estate is None and dependent:
            yield f"what was used may also need {', '.join(dependent)}"
        holders = {policy.attached_to or "" for policy in before}
        groups = sorted(arn.rpartition("/")[2] for arn in holders if ":group/" in arn)
        if groups:
            yield f"what groups give is replaced, too: {', '.join(groups)}"
        made = standing.created(self.estate, arn) if self.estate is not None else None
        if made is not None and self.options.since and made > self.options.since:
            yield f"made {made}, within the window: what it does rarely may not have come up yet"
        if ":role/aws-reserved/sso.amazonaws.com/" in arn:
            yield "a role of IAM Identity Center: change its permission set, not the role"

    def _verified(self, found: Proposal) -> Proposal:
        """Every use decided with the new policies."""
        estate = standing.with_policies(self._held, found.principal, found.texts)
        engine = self._asked(estate, found.principal)
        layer = Layer(CheckType.PRINCIPAL, found.attached)
        good, unsure, failed = 0, [], []
        for use in found.uses:
            request = use.request
            after = engine.decide(request) is _ALLOW
            if after:
                good += 1
            elif self._engine.decide(request) is _ALLOW:
                failed.append(request)
            elif self._says(layer, request, Reading()):
                good += 1  # what else stops it, stopped it before; AWS let it through
            elif not use.told or self._allows(layer, request):
                unsure.append(request)  # a key decides that is not told, or a Deny in force
            else:
                failed.append(request)
        return Proposal(
            found.principal, found.policies, found.level, found.fits, found.uses, good,
            tuple(unsure), tuple(failed), found.unneeded, found.before, found.former, found.notes,
        )  # fmt: skip

    @staticmethod
    def _says(layer: Layer, request: Request, reading: Reading) -> bool:
        said = judge(layer, request, bounded=False, reading=reading)
        return bool(said.allows) and not said.denies

    @staticmethod
    def _allows(layer: Layer, request: Request) -> bool:
        return bool(judge(layer, request, bounded=False, reading=Reading(allows=True)).allows)


def _plain(granted: Mapping[Granted, None]) -> Iterable[Granted]:
    """Without what is allowed unconditionally anyway."""
    free = {(each.action, each.pattern) for each in granted if not each.conditions}
    for each in granted:
        if (each.action, "*") in free and (each.conditions or each.pattern != "*"):
            continue
        if not each.conditions or (each.action, each.pattern) not in free:
            yield each


def _constant(key: str, uses: list[Use]) -> tuple[str, ...] | None:
    """The values a key had in all of some uses, where they are few and were seen often."""
    values: set[str] = set()
    for use in uses:
        told = use.request.context.get(key)
        if told is None or len(told) != 1:
            return None
        values.update(told)
    enough = key == "iam:PassedToService" or sum(use.tally.count for use in uses) >= ENOUGH
    safe = all("${" not in value and "*" not in value for value in values)
    return tuple(sorted(values)) if values and len(values) <= FEW and enough and safe else None
