"""What one principal can do: every action of a catalogue, on what its policies and others' name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.decide.compile.conditions import resolve
from clearance.decide.compile.engine import Caller, Engine
from clearance.decide.compile.layers import CompiledLayer
from clearance.decide.compile.outcome import UNTOLD
from clearance.decide.compile.prepare import PreparedContext
from clearance.decide.gather import gather
from clearance.decide.judge import Reading
from clearance.decide.undecided import undecided_keys
from clearance.match.resource import template
from clearance.model.arn import Arn
from clearance.model.catalog import ActionFacts, Catalog, ServiceFacts
from clearance.model.decision import CheckType, DecisionEffect
from clearance.model.estate import Estate
from clearance.model.glob import Glob, Wild
from clearance.model.policy import Effect
from clearance.model.principal import Principal
from clearance.model.request import Context, Request

__all__ = ["Permission", "what_can"]

BEST: Final = Reading(allows=True)
WORST: Final = Reading(denies=True)


@dataclass(frozen=True, slots=True)
class Permission:
    """One action on one resource, or on all that a pattern of the policies names.

    ``keys`` are the unknown context keys it hangs on. ``narrowed``: some Deny speaks about the
    action elsewhere, perhaps about a part of what the pattern names.
    """

    action: str
    resource: str
    access_level: str = ""
    keys: tuple[str, ...] = ()
    narrowed: bool = False

    @property
    def certain(self) -> bool:
        """True when no unknown key can take the permission away."""
        return not self.keys


def what_can(
    estate: Estate,
    principal: Principal,
    *,
    catalog: Catalog,
    service: str | None = None,
    context: Context | None = None,
    now: datetime | None = None,
) -> Iterator[Permission]:
    """Every action the principal can do, and on what.

    Asked are ``*`` for actions without resources, the patterns the Allow statements of its own
    policies name, and the resources of the estate that these patterns or the resources' own
    policies let it reach. A pattern is asked as it is written.
    """
    engine = Engine(estate, catalog=catalog)
    asking = _Asking(engine, principal, engine.prepare(context or Context(), now=now))
    found = catalog.service(service) if service else None
    services: Iterable[ServiceFacts] = catalog.services() if service is None else ()
    if found is not None:
        services = (found,)
    for facts in services:
        for _, action in sorted(facts.actions.items()):
            yield from asking.about(facts, action)


class _Asking:
    """One principal in one context."""

    def __init__(self, engine: Engine, principal: Principal, prepared: PreparedContext) -> None:
        self._engine = engine
        self._caller: Caller = engine.caller(principal)
        self._prepared = prepared
        self._held: dict[str, list[str]] = {}
        for arn in _resources(engine.estate):
            parsed = Arn.find(arn)
            if parsed is not None:
                self._held.setdefault(parsed.service, []).append(arn)

    def about(self, service: ServiceFacts, facts: ActionFacts) -> Iterator[Permission]:
        """What the principal can do with one action."""
        action = f"{service.prefix}:{facts.name}"
        folded = action.lower()
        named = self._named(folded) if facts.resources else ["*"]
        patterns = [p for text in named if (p := self._can(action, text, facts)) is not None]
        yield from patterns
        if not facts.resources or any(p.resource == "*" and p.certain for p in patterns):
            return  # what is certain everywhere is certain on each
        globs = [(Glob.of(p.resource), p.keys) for p in patterns]
        for arn in self._of_types(service, facts):
            one = self._can(action, arn, facts)
            covered = one is not None and any(
                glob.matches(arn) and keys == one.keys for glob, keys in globs
            )
            if one is not None and not covered:
                yield one

    def _of_types(self, service: ServiceFacts, facts: ActionFacts) -> Iterator[str]:
        """The estate's resources that the action works on."""
        kinds = (service.resource_types.get(name.lower()) for name in facts.resources)
        globs = [Glob.of(kind.pattern) for kind in kinds if kind]
        for arn in self._held.get(service.prefix, ()):
            if any(glob.matches(arn) for glob in globs):
                yield arn

    def _can(self, action: str, resource: str, facts: ActionFacts) -> Permission | None:
        ask = (self._caller, action.lower(), resource, self._prepared)
        best, worst = self._engine.reading(*ask, (BEST, WORST))
        if best is not DecisionEffect.ALLOW:
            return None
        keys = () if worst is DecisionEffect.ALLOW else self._keys(action, resource)
        wild = any(mark in resource for mark in "*?") and bool(facts.resources)
        narrowed = wild and self._denied_elsewhere(action.lower(), resource)
        return Permission(action, resource, facts.access_level, keys, narrowed)

    def _keys(self, action: str, resource: str) -> tuple[str, ...]:
        principal, prepared = self._caller.principal, self._prepared
        request = Request(principal, action, resource, prepared.context)
        engine = self._engine
        situation = gather(engine.estate, request, now=prepared.now, catalog=engine.catalog)
        return tuple(key.key for key in undecided_keys(situation))

    def _named(self, action: str) -> list[str]:
        """The resources the Allow statements of its own policies name for the action."""
        found: dict[str, None] = {}
        for layer in self._own():
            for _, compiled in layer.covering(action):
                statement = compiled.statement
                if statement.effect is not Effect.ALLOW:
                    continue
                if statement.not_resources:
                    found["*"] = None
                    continue
                for text in statement.resources or ():
                    found.update(dict.fromkeys(self._resolved(text)))
        return list(found)

    def _own(self) -> Sequence[CompiledLayer]:
        return [one for one in self._caller.layers if one.type is CheckType.PRINCIPAL]

    def _resolved(self, text: str) -> Iterator[str]:
        """A pattern with the caller's own values for its variables."""
        if "${" not in text:
            yield text
            return
        facts = self._caller.facts.values
        pieces = resolve(template(text, variables=True), self._prepared.sent, facts)
        if pieces is not None and pieces is not UNTOLD:
            yield "".join(p.value if isinstance(p, Wild) else p for p in pieces)

    def _denied_elsewhere(self, action: str, resource: str) -> bool:
        return any(
            not compiled.allow and compiled.residue(resource) is None
            for layer in self._caller.layers
            for _, compiled in layer.covering(action)
        )


def _resources(estate: Estate) -> Iterator[str]:
    """Everything of the estate that has an ARN of its own."""
    for account in estate.accounts.values():
        yield from account.resources
        yield from (f.arn(account.id, "", account.partition) for f in account.functions.values())
        yield from map(account.role_arn, account.roles.values())
        yield from map(account.user_arn, account.users.values())
        yield from account.policies
