"""Engines that keep what they worked out: one for an estate, one for bare policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from clearance.decide import owner
from clearance.decide.authorize import authorize, evaluate
from clearance.decide.compile.cell import Cell, build
from clearance.decide.compile.layers import CompiledLayer, Library
from clearance.decide.compile.outcome import Known
from clearance.decide.compile.prepare import Facts, PreparedContext, Telling, flat, prepare
from clearance.decide.context import Entries, of_principal, of_resource
from clearance.decide.gather import (
    NO_ACCOUNT,
    against,
    identity_layers,
    organization_layers,
    rcp_governs,
    scp_layers,
    vpc_endpoint_layers,
)
from clearance.decide.grants import grants_for
from clearance.decide.identify import complete
from clearance.decide.judge import Reading
from clearance.decide.situation import Layer, Options, PolicySet, Situation, levels
from clearance.decide.special_cases import is_trust
from clearance.decide.support import has_no_resource
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType, Decision, DecisionEffect, Matched
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request, fold

__all__ = ["Caller", "Engine", "PolicyEngine"]

EMPTY: Final = Context()
KEPT: Final = 200_000  # cells, callers or facts before the oldest work is thrown away

CellKey: TypeAlias = tuple[int, str, str, str | None, str | None]


class Caller:
    """A principal made ready: its layers compiled, its context keys derived."""

    __slots__ = ("bounded", "facts", "layers", "number", "principal", "timed")

    def __init__(
        self, principal: Principal, layers: tuple[CompiledLayer, ...], facts: Facts, number: int
    ) -> None:
        self.principal = principal
        self.layers = layers
        self.facts = facts
        self.number = number
        self.bounded = any(layer.type is CheckType.PERMISSIONS_BOUNDARY for layer in layers)
        session = principal.session
        self.timed = session is not None and session.mfa_age_from is not None

    def with_layers(self, layers: tuple[CompiledLayer, ...]) -> Caller:
        """The same caller with other policies of its own: those of grants among them (R100)."""
        return Caller(self.principal, layers, self.facts, self.number)


class _Keeper:
    """What both engines share: preparing, keeping, asking."""

    def __init__(
        self,
        estate: Estate,
        options: Options | None,
        catalog: Catalog | None,
        kept: int = KEPT,
        library: Library | None = None,
    ) -> None:
        self.estate = estate
        self.options = options or Options()
        self.catalog = catalog
        self.kept = kept
        self.library = library or Library()
        self._cells: dict[CellKey, Cell] = {}
        self._facts: dict[tuple[str, str, str | None], Facts] = {}
        self._callers: dict[int, tuple[Principal, Caller]] = {}
        self._count = 0

    def caller(self, principal: Principal) -> Caller:
        """The principal made ready; ask once and keep it when one caller asks much."""
        found = self._callers.get(id(principal))
        if found is None:
            if len(self._callers) >= self.kept:
                self._callers.clear()
            found = self._callers[id(principal)] = (principal, self._ready(principal))
        return found[1]

    def prepare(self, context: Context, *, now: datetime | None = None) -> PreparedContext:
        """A context made ready for many decisions; ``now`` is the clock they read."""
        return prepare(context, self.estate, now=now)

    def decide(self, request: Request, *, now: datetime | None = None) -> DecisionEffect:
        """The verdict of the plain interpreter."""
        return self.decide_prepared(
            self.caller(request.principal),
            request.action.lower(),
            request.resource,
            self.prepare(request.context, now=now),
            request.resource_account,
        )

    def decide_prepared(
        self,
        caller: Caller,
        action: str,
        resource: str,
        prepared: PreparedContext,
        resource_account: str | None = None,
    ) -> DecisionEffect:
        """The verdict; ``action`` in lower case."""
        key = (caller.number, action, resource, resource_account, prepared.endpoint)
        cell = self._cells.get(key) or self._learn(caller, key)
        if cell.constant is not None:
            return cell.constant
        known = cell.known if not caller.timed else self._timed(cell, caller, prepared)
        return cell.effect(prepared.sent, known)

    def because(
        self,
        caller: Caller,
        action: str,
        resource: str,
        prepared: PreparedContext,
        resource_account: str | None = None,
    ) -> Matched | None:
        """The statement that decided; None when no statement did."""
        key = (caller.number, action, resource, resource_account, prepared.endpoint)
        cell = self._cells.get(key) or self._learn(caller, key)
        return cell.because(prepared.sent, self._timed(cell, caller, prepared))

    def settled(
        self, caller: Caller, action: str, resource: str, resource_account: str | None = None
    ) -> tuple[DecisionEffect, Matched | None] | None:
        """Verdict and statement where no context can change them; None where it can.

        For calls that came through no VPC endpoint.
        """
        key = (caller.number, action, resource, resource_account, None)
        cell = self._cells.get(key) or self._learn(caller, key)
        return None if cell.constant is None else (cell.constant, cell.because({}, cell.known))

    def reading(
        self,
        caller: Caller,
        action: str,
        resource: str,
        prepared: PreparedContext,
        readings: tuple[Reading, ...],
        resource_account: str | None = None,
    ) -> tuple[DecisionEffect, ...]:
        """The verdicts when statements of unknown outcome count as each reading says."""
        key = (caller.number, action, resource, resource_account, prepared.endpoint)
        cell = self._cells.get(key) or self._learn(caller, key)
        about = self._facts_for(caller, action, resource, resource_account)
        telling = self.telling(caller, prepared, about)
        return tuple(cell.reading(telling, reading) for reading in readings)

    def telling(self, caller: Caller, prepared: PreparedContext, about: Facts) -> Telling:
        """Everything known, told apart from what is unknown."""
        facts = caller.facts
        if caller.timed:
            facts = caller_facts(caller.principal, self.estate, now=prepared.now)
        return Telling(prepared, self.estate, facts, about)

    def _timed(self, cell: Cell, caller: Caller, prepared: PreparedContext) -> Known:
        if not caller.timed or prepared.now is None:
            return cell.known
        facts = caller_facts(caller.principal, self.estate, now=prepared.now)
        assert isinstance(cell.known, dict)  # noqa: S101
        return {**cell.known, **facts.values}

    def _learn(self, caller: Caller, key: CellKey) -> Cell:
        if len(self._cells) >= self.kept:
            self._cells.clear()
        _, action, resource, given, endpoint = key
        situation, layers = self._situate(caller, action, resource, given, endpoint)
        cell = build(situation, layers, bounded=caller.bounded)
        if cell.constant is None:
            about = self._facts_about(situation.request, situation.resource_account)
            cell.known = {**about.values, **caller.facts.values}
        self._cells[key] = cell
        return cell

    def _facts_for(self, caller: Caller, action: str, resource: str, given: str | None) -> Facts:
        situation, _ = self._situate(caller, action, resource, given, None)
        return self._facts_about(situation.request, situation.resource_account)

    def _facts_about(self, request: Request, account: str | None) -> Facts:
        key = (request.action, request.resource, account)
        found = self._facts.get(key)
        if found is None:
            if len(self._facts) >= self.kept:
                self._facts.clear()
            entries: Entries = {}
            absent: list[str] = []
            of_resource(
                request,
                account,
                self.estate,
                entries,
                absent,
                tags=self._tags(request, account),
                catalog=self.catalog,
            )
            found = Facts(flat(entries), frozenset(map(fold, absent)))
            self._facts[key] = found
        return found

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _tags(self, request: Request, account: str | None) -> Mapping[str, str] | None:
        return owner.tags_of(self.estate, request.resource, account)

    def _ready(self, principal: Principal) -> Caller:
        raise NotImplementedError

    def _situate(
        self, caller: Caller, action: str, resource: str, given: str | None, endpoint: str | None
    ) -> tuple[Situation, tuple[CompiledLayer, ...]]:
        raise NotImplementedError


def caller_facts(principal: Principal, estate: Estate, *, now: datetime | None = None) -> Facts:
    """The context keys that follow from who asks."""
    entries: Entries = {}
    absent: list[str] = []
    of_principal(principal, estate, entries, absent, now=now)
    return Facts(flat(entries), frozenset(map(fold, absent)))


class Engine(_Keeper):
    """Decisions in one estate, as ``authorize`` makes them.

    >>> from clearance.decide.identify import identify
    >>> ana = identify("arn:aws:iam::123456789012:user/ana")
    >>> Engine(Estate()).decide(Request(ana, "s3:GetObject", "arn:aws:s3:::photos/cat.jpg")).value
    'IMPLICIT_DENY'
    """

    def __init__(
        self,
        estate: Estate,
        *,
        options: Options | None = None,
        catalog: Catalog | None = None,
        kept: int = KEPT,
        library: Library | None = None,
    ) -> None:
        super().__init__(estate, options, catalog, kept, library)
        self._scps: dict[tuple[str | None, bool], tuple[CompiledLayer, ...]] = {}
        self._rcps: dict[str | None, tuple[CompiledLayer, ...]] = {}
        self._owners: dict[tuple[str, str | None], str | None] = {}
        self._resource: dict[tuple[object, ...], CompiledLayer] = {}
        self._endpoints: dict[tuple[str, bool], tuple[CompiledLayer, ...]] = {}
        self._unnamed: dict[str, bool] = {}

    def explain(self, request: Request, *, now: datetime | None = None) -> Decision:
        """The whole decision with its checks, by the plain interpreter."""
        return authorize(self.estate, request, now=now, options=self.options, catalog=self.catalog)

    def _ready(self, principal: Principal) -> Caller:
        known = complete(principal, self.estate)
        exempt = known.is_service_linked or known.kind in NO_ACCOUNT
        place = (known.account, exempt)
        if place not in self._scps:
            self._scps[place] = self.library.layers(scp_layers(self.estate, known))
        own = self.library.layers(identity_layers(self.estate, known))
        facts = caller_facts(known, self.estate)
        return Caller(known, self._scps[place] + own, facts, self._number())

    def _situate(
        self, caller: Caller, action: str, resource: str, given: str | None, endpoint: str | None
    ) -> tuple[Situation, tuple[CompiledLayer, ...]]:
        principal = caller.principal
        unnamed = self._unnamed.get(action)
        if unnamed is None:
            unnamed = self._unnamed[action] = has_no_resource(action, self.catalog)  # R41
        request = Request(principal, action, "*" if unnamed else resource, EMPTY, given)
        account = self._owner(request) or principal.account
        layers = (
            *self._rcp_layers(request, account),
            *self._endpoint_layers(request, endpoint),
            self._resource_layer(request, account),
            *caller.layers,
        )
        if ":kms:" in request.resource:
            layers = self._with_grants(request, account, layers)
        return Situation(request, (), account, self.options), layers

    def _owner(self, request: Request) -> str | None:
        key = (request.resource, request.resource_account)
        if key not in self._owners:
            if len(self._owners) >= self.kept:
                self._owners.clear()
            self._owners[key] = owner.account_of(self.estate, request)
        return self._owners[key]

    def _rcp_layers(self, request: Request, account: str | None) -> tuple[CompiledLayer, ...]:
        organization = self.estate.organization_of(account)
        if organization is None or account is None or not rcp_governs(request):
            return ()
        if owner.is_aws_managed_key(self.estate, request.resource, account):
            return ()
        if account not in self._rcps:
            kind = CheckType.RESOURCE_CONTROL_POLICY
            found = organization_layers(organization, account, kind, PolicyType.RCP, self.estate)
            self._rcps[account] = self.library.layers(found)
        return self._rcps[account]

    def _endpoint_layers(self, request: Request, endpoint: str | None) -> tuple[CompiledLayer, ...]:
        if endpoint is None:
            return ()
        key = (endpoint, request.principal.kind is PrincipalKind.ROOT)
        if key not in self._endpoints:
            through = Context.of({"aws:SourceVpce": endpoint})
            asked = Request(request.principal, request.action, request.resource, through)
            self._endpoints[key] = self.library.layers(vpc_endpoint_layers(self.estate, asked))
        return self._endpoints[key]

    def _resource_layer(self, request: Request, account: str | None) -> CompiledLayer:
        """The resource's policies; S3's depend on the kind and account of the caller."""
        caller = request.principal
        key = (request.resource, account, is_trust(request), caller.kind, caller.account)
        found = self._resource.get(key)
        if found is None:
            if len(self._resource) >= self.kept:
                self._resource.clear()
            policies = owner.policies_of(self.estate, request, account)
            layer = Layer(CheckType.RESOURCE, policies, target=request.resource)
            found = self._resource[key] = CompiledLayer(layer, self.library)
        return found

    def situate(
        self,
        caller: Caller,
        action: str,
        resource: str,
        prepared: PreparedContext,
        resource_account: str | None = None,
    ) -> tuple[Situation, tuple[CompiledLayer, ...]]:
        """Who asks for what, where, and the layers that decide it."""
        return self._situate(caller, action, resource, resource_account, prepared.endpoint)

    def facts_about(self, situation: Situation) -> Facts:
        """The context keys that follow from the resource."""
        return self._facts_about(situation.request, situation.resource_account)

    def has_grants(self, situation: Situation) -> bool:
        """True when the resource is a KMS key with grants, which name single callers (R100)."""
        request = situation.request
        account = self.estate.account(situation.resource_account)
        key = account.resources.get(request.resource) if account else None
        return key is not None and bool(key.grants)

    def _with_grants(
        self, request: Request, account: str | None, layers: tuple[CompiledLayer, ...]
    ) -> tuple[CompiledLayer, ...]:
        """KMS grants hang on the key and name a caller (R100)."""
        of_key, own = grants_for(self.estate, request, account)
        more = {CheckType.RESOURCE: of_key, CheckType.PRINCIPAL: own}
        return tuple(
            CompiledLayer(Layer(layer.type, layer.layer.policies + more[layer.type]), self.library)
            if more.get(layer.type)
            else layer
            for layer in layers
        )


class PolicyEngine(_Keeper):
    """Decisions by bare policies, as ``evaluate`` makes them."""

    def __init__(
        self,
        policies: PolicySet,
        *,
        options: Options | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        super().__init__(Estate(), options, catalog)
        self.policies = policies
        layers = self.library.layers
        self._rcps = layers(levels(CheckType.RESOURCE_CONTROL_POLICY, policies.rcps))
        self._scps = layers(levels(CheckType.SERVICE_CONTROL_POLICY, policies.scps))
        self._resource = layers(
            (
                *_given(CheckType.VPC_ENDPOINT, policies.vpc_endpoint),
                Layer(CheckType.RESOURCE, policies.resource),
            )
        )
        self._identity = layers(
            (
                Layer(CheckType.PRINCIPAL, policies.identity),
                *_given(CheckType.PERMISSIONS_BOUNDARY, policies.boundary),
            )
        )
        self._session = layers(_given(CheckType.SESSION, policies.session))
        self._no_session = layers((Layer(CheckType.SESSION),))

    def explain(self, request: Request, *, now: datetime | None = None) -> Decision:
        """The whole decision with its checks, by the plain interpreter."""
        return evaluate(request, self.policies, now=now, options=self.options, catalog=self.catalog)

    def prepare(self, context: Context, *, now: datetime | None = None) -> PreparedContext:
        """A context made ready for many decisions; ``now`` is the clock they read."""
        # A bare endpoint policy applies whichever endpoint is named.
        return replace(prepare(context, self.estate, now=now), endpoint=None)

    def _ready(self, principal: Principal) -> Caller:
        layers: tuple[CompiledLayer, ...] = ()
        identity = principal.kind not in NO_ACCOUNT
        if identity and not principal.is_service_linked and not self.policies.management_account:
            layers += self._scps
        if identity:
            layers += self._identity
            federated = principal.kind is PrincipalKind.FEDERATED_USER
            unlimited = self.policies.session is None and federated
            layers += self._no_session if unlimited else self._session
        facts = caller_facts(principal, self.estate)
        return Caller(principal, layers, facts, self._number())

    def _situate(
        self, caller: Caller, action: str, resource: str, given: str | None, endpoint: str | None
    ) -> tuple[Situation, tuple[CompiledLayer, ...]]:
        del endpoint
        request = Request(caller.principal, action, resource, EMPTY, given)
        account = given or owner.account_of(self.estate, request) or caller.principal.account
        request = against(request, self.catalog)
        rcps = self._rcps if rcp_governs(request) else ()
        situation = Situation(request, (), account, self.options)
        return situation, (*rcps, *self._resource, *caller.layers)

    def _tags(self, request: Request, account: str | None) -> None:
        del request, account


def _given(kind: CheckType, policies: tuple[AttachedPolicy, ...] | None) -> tuple[Layer, ...]:
    """A layer, where there is one."""
    return () if policies is None else (Layer(kind, policies),)
