"""What must never be possible, for every caller, every context and every resource asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import product
from typing import Final

from clearance.decide import PolicySet, authorize, evaluate
from clearance.decide.gather import gather
from clearance.decide.identify import identify
from clearance.decide.who import Access, AccessIndex
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision
from clearance.model.estate import Estate
from clearance.model.glob import Glob
from clearance.model.policy import AttachedPolicy
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request
from clearance.prove import patterns
from clearance.prove.answer import Answer, Verdict, is_empty, judged
from clearance.prove.combine import granted
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Cube, Strings, Union
from clearance.prove.layers import Standing as Position
from clearance.prove.layers import facts_of, layers_of
from clearance.prove.sets import Part, RequestSet, allowed
from clearance.prove.space import Space
from clearance.suite.outcome import Outcome, Standing
from clearance.suite.reading import Invariant
from clearance.validate.checks.actions import expand

__all__ = ["Asking", "hold"]

_SHOWN: Final = 5
_WILD: Final = frozenset("*?")
# A user asks with a key, or with a session from GetSessionToken, which carries these (R142).
_OF_SESSIONS: Final = frozenset(
    {
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:tokenissuetime",
        "aws:sourceidentity",
    }
)
_MFA: Final[Mapping[str, str | bool]] = {
    "aws:MultiFactorAuthPresent": True,
    "aws:MultiFactorAuthAge": "60",
}


@dataclass(frozen=True)
class Asking:
    """What invariants are asked of; the index is made when the first one needs it."""

    estate: Estate | None
    policies: PolicySet | None
    catalog: Catalog | None
    now: datetime | None

    @cached_property
    def index(self) -> AccessIndex:
        """Everybody in the estate."""
        return AccessIndex(self.estate or Estate(), catalog=self.catalog)

    def decide(self, request: Request) -> Decision:
        """One request."""
        if self.estate is not None:
            return authorize(self.estate, request, now=self.now, catalog=self.catalog)
        return evaluate(request, self.policies or PolicySet(), now=self.now, catalog=self.catalog)


@dataclass(frozen=True, slots=True)
class _Breach:
    """Somebody who can, perhaps only under unknown keys."""

    says: str
    decision: Decision | None = None


def hold(
    invariant: Invariant, asking: Asking, who: Sequence[Principal], but: Sequence[Principal]
) -> Outcome:
    """Whether an invariant holds."""
    if asking.estate is None:
        return _bare(invariant, asking, who)
    return _estate(invariant, asking, who, but)


def _outcome(
    invariant: Invariant, breaches: Sequence[_Breach], doubts: Sequence[str], how: str
) -> Outcome:
    if breaches:
        lines = [breach.says for breach in breaches[:_SHOWN]]
        if len(breaches) > _SHOWN:
            lines.append(f"and {len(breaches) - _SHOWN} more")
        decision = next((b.decision for b in breaches if b.decision is not None), None)
        return Outcome(invariant.name, invariant.line, Standing.FAILED, how, tuple(lines), decision)
    if doubts:
        lines = [f"could not be proven: {doubt}" for doubt in dict.fromkeys(doubts)]
        return Outcome(invariant.name, invariant.line, Standing.ERROR, how, tuple(lines[:_SHOWN]))
    return Outcome(invariant.name, invariant.line, Standing.PASSED, how)


def _bare(invariant: Invariant, asking: Asking, who: Sequence[Principal]) -> Outcome:
    """Of policies without an estate: proven over all requests, of one caller or of any."""
    policies = asking.policies or PolicySet()
    answers: list[Answer] = []
    for caller in who:
        standing = Position(caller, layers_of(caller, policies))
        answers.append(_proof(invariant, standing, asking.decide, asking.catalog))
    if not who:
        answers.append(_anyone(invariant, policies, asking.catalog))
    breaches = [_breach(a, asking) for a in answers if a.verdict is Verdict.REFUTED]
    doubts = [a.reason or "no proof" for a in answers if a.verdict is Verdict.UNKNOWN]
    return _outcome(invariant, breaches, doubts, "proven")


def _anyone(invariant: Invariant, policies: PolicySet, catalog: Catalog | None) -> Answer:
    """Nobody can do what some layer that must allow does not allow."""
    layers = [policies.identity + policies.resource]
    if not policies.resource:
        # A resource policy may grant past a boundary or session policy (R63-R65).
        layers += [layer for layer in (policies.boundary, policies.session) if layer is not None]
    layers += [*policies.scps, *policies.rcps]
    answer = Answer(Verdict.PROVEN)
    for layer in layers:
        answer = _ungranted(invariant, layer, catalog)
        if answer.proven:
            return answer
    if len(layers) == 1 and not invariant.context.values and not invariant.context.absent:
        return answer
    reason = "no single layer rules it out; name a principal in `who` to prove over all layers"
    return Answer(Verdict.UNKNOWN, reason=reason)


def _ungranted(
    invariant: Invariant, layer: tuple[AttachedPolicy, ...], catalog: Catalog | None
) -> Answer:
    space = Space.of(layer, catalog=catalog)
    found = allowed(space, *layer) & _asked(space, invariant)
    return is_empty(found, lambda request: judged(layer, request))


def _asked(space: Space, invariant: Invariant) -> RequestSet:
    actions = Union((action.lower() for action in invariant.actions), ACTION_PARTS)
    texts = [patterns.of_resource(text, variables=False) for text in invariant.resources]
    cube = Cube(Strings((actions,)), Strings((Union(texts, RESOURCE_PARTS),)))
    return RequestSet(space, (Part((cube,)),))


def _proof(
    invariant: Invariant,
    standing: Position,
    decide: Callable[[Request], Decision],
    catalog: Catalog | None,
    estate: Estate | None = None,
) -> Answer:
    """One caller, all its layers, every request the invariant is about."""
    caller = standing.caller
    own, given = facts_of(caller, estate), invariant.context
    absent = own.absent - _OF_SESSIONS if caller.kind is PrincipalKind.USER else own.absent
    facts = replace(own, values={**own.values, **given.values}, absent=absent | given.absent)
    space = Space.of(standing.policies, caller=caller, facts=facts, catalog=catalog)
    found = granted(space, standing) & _asked(space, invariant)
    return is_empty(found, lambda request: decide(request).allowed)


def _breach(answer: Answer, asking: Asking) -> _Breach:
    if answer.witness is None:
        return _Breach("somebody can")
    request = answer.witness.request
    says = f"{request.principal.display} can {request.action} on {request.resource}"
    keys = [f"{v.key}={','.join(v.values)}" for v in request.context.values.values()]
    if keys:
        says += f" with {' '.join(keys[:_SHOWN])}"
    return _Breach(says, asking.decide(request))


def _estate(
    invariant: Invariant, asking: Asking, who: Sequence[Principal], but: Sequence[Principal]
) -> Outcome:
    """Of an estate: each caller proven over all requests, resources' own policies asked as well."""
    estate = asking.estate or Estate()
    exempt = {p.policy_subject for p in but}
    callers = [p for p in who or _everybody(estate) if p.policy_subject not in exempt]
    breaches: list[_Breach] = []
    doubts: list[str] = []
    for caller in callers:
        # Which layers count hangs on the action and on whose the resource is: one by one.
        for action, resource in product(invariant.actions, invariant.resources):
            one = replace(invariant, actions=(action,), resources=(resource,))
            answer = _of_caller(one, caller, asking)
            if answer.verdict is Verdict.REFUTED:
                breaches.append(_breach(answer, asking))
            elif answer.verdict is Verdict.UNKNOWN:
                doubts.append(f"{caller.display}: {answer.reason or 'no proof'}")
    named = {p.policy_subject for p in callers}
    breaches = list({breach.says: breach for breach in breaches}.values())
    said = {breach.says.partition(" can ")[0] for breach in breaches}
    others = _by_resources(invariant, asking, exempt, named if who else None)
    breaches += [breach for breach in others if breach.says.partition(" can ")[0] not in said]
    plural = "principal" if len(callers) == 1 else "principals"
    return _outcome(invariant, breaches, doubts, f"proven for {len(callers)} {plural}")


def _everybody(estate: Estate) -> Iterator[Principal]:
    for account in estate.accounts.values():
        for user in account.users.values():
            yield identify(account.user_arn(user), estate)
        for role in account.roles.values():
            yield identify(account.role_arn(role), estate)


def _of_caller(invariant: Invariant, caller: Principal, asking: Asking) -> Answer:
    """One caller, one action (or pattern), one resource (or pattern)."""
    estate = asking.estate or Estate()
    request = Request(caller, invariant.actions[0], invariant.resources[0], invariant.context)
    situation = gather(estate, request, now=asking.now)
    standing = Position(caller, situation.layers, situation.same_account, situation.options)
    return _proof(invariant, standing, asking.decide, asking.catalog, estate)


def _by_resources(
    invariant: Invariant, asking: Asking, exempt: set[str], named: set[str] | None
) -> Iterator[_Breach]:
    """Resources of the estate whose own policies let somebody in."""
    estate = asking.estate or Estate()
    wanted = [Glob.of(text) for text in invariant.resources]
    arns = [
        arn
        for account in estate.accounts.values()
        for arn in (
            *account.resources,
            *(f.arn(account.id, "", account.partition) for f in account.functions.values()),
            *map(account.role_arn, account.roles.values()),
        )
        if arn.startswith("arn:") and any(glob.matches(arn) for glob in wanted)
    ]
    arns += [text for text in invariant.resources if _WILD.isdisjoint(text) and text not in arns]
    actions = [a for pattern in invariant.actions for a in _actions(pattern, asking.catalog)]
    for arn in arns:
        service = arn.split(":")[2]
        for action in actions:
            prefix = action.partition(":")[0]
            if prefix != service and not (prefix == "sts" and service == "iam"):
                continue
            for access in _accesses(invariant, asking, action, arn):
                subject = access.principal.policy_subject
                if subject in exempt or access.principal.kind is PrincipalKind.ROOT:
                    continue
                if named is not None and subject not in named:
                    continue
                hangs = f" if {', '.join(access.keys)} allow it" if access.keys else ""
                yield _Breach(f"{access.principal.display} can {action} on {arn}{hangs}")


def _accesses(invariant: Invariant, asking: Asking, action: str, arn: str) -> Iterator[Access]:
    """Everybody who can, with a key or with a session that MFA made."""
    given = invariant.context
    for context in (given, given.with_derived(_MFA)):
        found = asking.index.who_can(action, arn, context=context, now=asking.now)
        yield from found.accesses


def _actions(pattern: str, catalog: Catalog | None) -> tuple[str, ...]:
    if _WILD.isdisjoint(pattern) or catalog is None:
        return (pattern,)
    return expand(catalog, pattern.lower())
