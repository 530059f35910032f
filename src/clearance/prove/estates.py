"""Two estates beside each other: which principals gain or lose what, and which resources open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from clearance.decide.attach import attach
from clearance.decide.authorize import authorize
from clearance.decide.gather import gather
from clearance.decide.identify import identify
from clearance.decide.situation import Layer
from clearance.model.decision import CheckType
from clearance.model.estate import Account, Estate
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal
from clearance.model.request import Context, KeyState, Request
from clearance.model.shown import Shown
from clearance.prove.answer import Answer, Verdict
from clearance.prove.combine import changed
from clearance.prove.compare import Comparison, World, diff
from clearance.prove.layers import Standing, facts_of
from clearance.prove.rows import Change, change
from clearance.prove.space import Space

__all__ = ["EstateDiff", "PrincipalChange", "ResourceChange", "estate_diff"]

NOTHING: Final = Change(Answer(Verdict.PROVEN))
# Tables of an account in which one entry says nothing about another principal.
_OWN: Final = frozenset({"users", "roles", "functions", "layers", "event_sources"})


@dataclass(frozen=True, slots=True)
class PrincipalChange:
    """What one user or role may do that it could not, and the other way round.

    Its own policies, groups, boundary and service control policies are compared, for resources
    of its own account; what resource policies grant is told by resource.
    """

    principal: str
    gains: Change
    losses: Change

    def to_json(self) -> dict[str, Any]:
        """The change for machines."""
        return {
            "principal": self.principal,
            "gains": self.gains.to_json(),
            "losses": self.losses.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """How the policy of one resource changed: whom it lets in, whom no longer."""

    resource: str
    comparison: Comparison

    def to_json(self) -> dict[str, Any]:
        """The change for machines."""
        return {
            "resource": self.resource,
            "newly_allowed": self.comparison.newly_allowed.to_json(),
            "newly_denied": self.comparison.newly_denied.to_json(),
        }


@dataclass(frozen=True, slots=True)
class EstateDiff(Shown):
    """Everything that changed in what is allowed."""

    principals: tuple[PrincipalChange, ...]
    resources: tuple[ResourceChange, ...]

    @property
    def verdict(self) -> Verdict:
        """PROVEN when nothing changed."""
        changes = [c for p in self.principals for c in (p.gains, p.losses)]
        changes += [
            c
            for r in self.resources
            for c in (r.comparison.newly_allowed, r.comparison.newly_denied)
        ]
        verdicts = {c.answer.verdict for c in changes}
        if Verdict.REFUTED in verdicts:
            return Verdict.REFUTED
        return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.PROVEN

    def to_json(self) -> dict[str, Any]:
        """The difference for machines."""
        return {
            "nothing": self.verdict.value,
            "principals": [p.to_json() for p in self.principals],
            "resources": [r.to_json() for r in self.resources],
        }


def estate_diff(
    before: Estate, after: Estate, world: World | None = None, *, limit: int = 20
) -> EstateDiff:
    """Which principals gain or lose access, and which resource policies open or close."""
    world = world or World()
    shared: dict[object, tuple[Change, Change]] = {}
    principals = []
    spared = frozenset(_untouched(before, after))
    for arn in dict.fromkeys((*_principals(before), *_principals(after))):
        if arn in spared:
            continue
        found = _of_principal(arn, before, after, world, limit, shared)
        if found is not None:
            principals.append(found)
    return EstateDiff(tuple(principals), tuple(_resources(before, after, world, limit)))


def _principals(estate: Estate) -> Iterator[str]:
    for account in estate.accounts.values():
        yield from map(account.user_arn, account.users.values())
        yield from map(account.role_arn, account.roles.values())


def _untouched(before: Estate, after: Estate) -> Iterator[str]:
    """Principals that share all that decides about them: estates of one journal do, mostly."""
    if not _shared(before, after, besides={"accounts"}) or before.accounts.keys() - after.accounts:
        return
    for number, old in before.accounts.items():
        new = after.accounts[number]
        if _shared(old, new, besides=_OWN):
            for name, user in old.users.items():
                if new.users.get(name) is user:
                    yield old.user_arn(user)
            for name, role in old.roles.items():
                if new.roles.get(name) is role:
                    yield old.role_arn(role)


def _shared(old: Estate | Account, new: Estate | Account, *, besides: Collection[str]) -> bool:
    return all(
        getattr(old, field.name) is getattr(new, field.name)
        for field in fields(old)
        if field.name not in besides
    )


def _of_principal(
    arn: str,
    before: Estate,
    after: Estate,
    world: World,
    limit: int,
    shared: dict[object, tuple[Change, Change]],
) -> PrincipalChange | None:
    old, new = _standing(arn, before), _standing(arn, after)
    facts = _common(facts_of(old.caller, before), facts_of(new.caller, after))
    if _policies(old) == _policies(new) and facts is not None:
        return None
    # Where no policy asks who it is, the same policies change the same for everybody.
    key = (_policies(old), _policies(new))
    asked = _asks_who((*old.policies, *new.policies), facts)
    if not asked and key in shared:
        gains, losses = (_for(c, new.caller) for c in shared[key])
    else:
        gains, losses = _both(old, new, before, after, facts, world, limit)
        shared[key] = (gains, losses)
    return PrincipalChange(arn, gains, losses) if gains or losses else None


def _standing(arn: str, estate: Estate) -> Standing:
    caller = identify(arn, estate)
    probe = Request(
        caller, "s3:GetObject", "arn:aws:s3:::example/example", resource_account=caller.account
    )
    layers = gather(estate, probe).layers
    return Standing(caller, tuple(_bare(layer) for layer in layers))


def _bare(layer: Layer) -> Layer:
    return replace(layer, policies=()) if layer.type is CheckType.RESOURCE else layer


def _policies(standing: Standing) -> tuple[tuple[CheckType, tuple[str, ...]], ...]:
    return tuple(
        (layer.type, tuple(p.text or f"missing {p.arn}" for p in layer.policies))
        for layer in standing.layers
    )


def _common(one: Context, other: Context) -> Context | None:
    """What both estates say of a caller; None when they disagree."""
    return one if (one.values, one.absent) == (other.values, other.absent) else None


def _asks_who(policies: tuple[AttachedPolicy, ...], facts: Context | None) -> bool:
    if facts is None:
        return True
    for attached in policies:
        if attached.policy.has_variables and "${" in (attached.text or ""):
            return True
        for statement in attached.policy.statements:
            if any(facts.state(c.key) is not KeyState.UNKNOWN for c in statement.conditions):
                return True
    return False


def _for(shared: Change, caller: Principal) -> Change:
    """The same change for another principal."""
    rows = tuple(replace(r, witness=replace(r.witness, principal=caller)) for r in shared.rows)
    shown = shared.answer.witness
    if shown is not None:
        shown = replace(shown, request=replace(shown.request, principal=caller))
    return replace(shared, rows=rows, answer=replace(shared.answer, witness=shown))


def _both(
    old: Standing,
    new: Standing,
    before: Estate,
    after: Estate,
    facts: Context | None,
    world: World,
    limit: int,
) -> tuple[Change, Change]:
    space = Space.of(
        (*old.policies, *new.policies),
        caller=new.caller,
        facts=facts if facts is not None else Context(),
        catalog=world.catalog,
        multivalued=world.multivalued,
    )
    gained, lost = changed(space, old, new)
    account = new.caller.account
    return (
        change(gained, _replay(account, before, after), world.effort(), limit=limit),
        change(lost, _replay(account, after, before), world.effort(), limit=limit),
    )


def _replay(account: str | None, before: Estate, after: Estate) -> Callable[[Request], bool]:
    def replay(request: Request) -> bool:
        asked = replace(request, resource_account=account)
        return authorize(after, asked).allowed and not authorize(before, asked).allowed

    return replay


def _resources(before: Estate, after: Estate, world: World, limit: int) -> Iterator[ResourceChange]:
    old, new = dict(_resource_policies(before)), dict(_resource_policies(after))
    for arn in dict.fromkeys((*old, *new)):
        a, b = old.get(arn), new.get(arn)
        if a is not None and b is not None and a.text == b.text and a.pins == b.pins:
            continue
        found = diff((a,) if a else (), (b,) if b else (), world, limit=limit)
        if found.equivalent is not Verdict.PROVEN:
            yield ResourceChange(arn, found)


def _resource_policies(estate: Estate) -> Iterator[tuple[str, AttachedPolicy]]:
    for account in estate.accounts.values():
        yield from _of_account(account)


def _of_account(account: Account) -> Iterator[tuple[str, AttachedPolicy]]:
    for role in account.roles.values():
        arn = account.role_arn(role)
        yield arn, attach(role.trust.text, PolicyType.TRUST, "trust policy", to=arn)
    for function in account.functions.values():
        for qualifier, held in function.policies.items():
            arn = function.arn(account.id, qualifier, account.partition)
            yield arn, attach(held.text, PolicyType.RESOURCE, "function policy", to=arn)
    resources: Mapping[str, Any] = account.resources
    for arn, resource in resources.items():
        if resource.policy is not None:
            yield arn, attach(resource.policy, PolicyType.RESOURCE, "resource policy", to=arn)
